"""Registers the kinds of node.k8s.io."""

from __future__ import annotations

from kapi.apis.node import strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "node.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "runtimeclasses",
        KindRules(
            strategy=strategy.RuntimeClassStrategy(),
        ),
    )
