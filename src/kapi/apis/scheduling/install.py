"""Registers the kinds of scheduling.k8s.io."""

from __future__ import annotations

from kapi.apis.scheduling import strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "scheduling.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "priorityclasses",
        KindRules(
            strategy=strategy.PriorityClassStrategy(),
        ),
    )
