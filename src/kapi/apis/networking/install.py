"""Registers the kinds of networking.k8s.io."""

from __future__ import annotations

from kapi.apis.networking import strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "networking.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "ingresses",
        KindRules(
            strategy=strategy.IngressStrategy(),
            subresources={"status": strategy.IngressStatusStrategy()},
        ),
    )
    rules.add(
        _GROUP,
        "ingressclasses",
        KindRules(
            strategy=strategy.IngressClassStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "networkpolicies",
        KindRules(
            strategy=strategy.NetworkPolicyStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "ipaddresses",
        KindRules(
            strategy=strategy.IPAddressStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "servicecidrs",
        KindRules(
            strategy=strategy.ServiceCIDRStrategy(),
            subresources={"status": strategy.ServiceCIDRStatusStrategy()},
        ),
    )
