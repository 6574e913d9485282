"""Registers the kinds of node.k8s.io."""

from __future__ import annotations

from kapi.apis.node import columns, strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        "node.k8s.io",
        "runtimeclasses",
        KindRules(strategy=strategy.RuntimeClassStrategy(), columns=columns.RUNTIME_CLASS),
    )
