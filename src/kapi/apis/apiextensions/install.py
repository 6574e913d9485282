"""Registers the kinds of apiextensions.k8s.io."""

from __future__ import annotations

from kapi.apis.apiextensions import strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "apiextensions.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "customresourcedefinitions",
        KindRules(
            strategy=strategy.CustomResourceDefinitionStrategy(),
            subresources={"status": strategy.CustomResourceDefinitionStatusStrategy()},
        ),
    )
