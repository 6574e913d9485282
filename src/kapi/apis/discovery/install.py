"""Registers the kinds of discovery.k8s.io."""

from __future__ import annotations

from kapi.apis.discovery import columns, defaults, strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        "discovery.k8s.io",
        "endpointslices",
        KindRules(
            strategy=strategy.EndpointSliceStrategy(),
            defaults={"v1": defaults.default_endpoint_slice},
            columns=columns.ENDPOINT_SLICE,
        ),
    )
