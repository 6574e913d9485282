"""Registers the kinds of networking.k8s.io."""

from __future__ import annotations

from kapi.apis.networking import columns, defaults, strategy
from kapi.registry.rules import KindRules, Rules
from kapi.registry.status_strategies import ImmutableSpecStrategy, StatusStrategy

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
            columns=columns.INGRESS,
        ),
    )
    rules.add(
        _GROUP,
        "ingressclasses",
        KindRules(
            strategy=strategy.IngressClassStrategy(),
            defaults={"v1": defaults.default_ingress_class},
            columns=columns.INGRESS_CLASS,
        ),
    )
    rules.add(
        _GROUP,
        "networkpolicies",
        KindRules(
            strategy=strategy.NetworkPolicyStrategy(),
            subresources={"status": StatusStrategy()},  # up to 1.27
            defaults={"v1": defaults.default_network_policy},
            columns=columns.NETWORK_POLICY,
        ),
    )
    rules.add(
        _GROUP,
        "ipaddresses",
        KindRules(strategy=strategy.IPAddressStrategy(), columns=columns.IP_ADDRESS),
    )
    rules.add(
        _GROUP,
        "servicecidrs",
        KindRules(
            strategy=strategy.ServiceCIDRStrategy(),
            subresources={"status": strategy.ServiceCIDRStatusStrategy()},
            columns=columns.SERVICE_CIDR,
        ),
    )
    rules.add(_GROUP, "clustercidrs", KindRules(strategy=ImmutableSpecStrategy()))
