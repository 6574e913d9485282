"""Registers the kinds of discovery.k8s.io."""

from __future__ import annotations

from kapi.apis.discovery import strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "discovery.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "endpointslices",
        KindRules(
            strategy=strategy.EndpointSliceStrategy(),
        ),
    )
