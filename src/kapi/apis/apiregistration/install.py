"""Registers the kinds of apiregistration.k8s.io."""

from __future__ import annotations

from kapi.apis.apiregistration import strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "apiregistration.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "apiservices",
        KindRules(
            strategy=strategy.APIServiceStrategy(),
            subresources={"status": strategy.APIServiceStatusStrategy()},
        ),
    )
