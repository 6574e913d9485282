"""Registers the kinds of resource.k8s.io."""

from __future__ import annotations

from kapi.apis.resource import strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "resource.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "deviceclasses",
        KindRules(
            strategy=strategy.DeviceClassStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "resourceclaims",
        KindRules(
            strategy=strategy.ResourceClaimStrategy(),
            subresources={"status": strategy.ResourceClaimStatusStrategy()},
        ),
    )
    rules.add(
        _GROUP,
        "resourceclaimtemplates",
        KindRules(
            strategy=strategy.ResourceClaimTemplateStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "resourceslices",
        KindRules(
            strategy=strategy.ResourceSliceStrategy(),
        ),
    )
