"""Registers the kinds of apiregistration.k8s.io."""

from __future__ import annotations

from kapi.apis.apiregistration import columns, defaults, strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        "apiregistration.k8s.io",
        "apiservices",
        KindRules(
            strategy=strategy.APIServiceStrategy(),
            subresources={"status": strategy.APIServiceStatusStrategy()},
            defaults={"v1": defaults.default_api_service},
            columns=columns.API_SERVICE,
        ),
    )
