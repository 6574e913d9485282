"""Registers the kind CustomResourceDefinition."""

from __future__ import annotations

from kapi.apiextensions.definition.columns import DEFINITION_COLUMNS
from kapi.apiextensions.definition.defaults import default_definition
from kapi.apiextensions.definition.strategy import (
    CustomResourceDefinitionStatusStrategy,
    CustomResourceDefinitionStrategy,
)
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Register every kind of apiextensions.k8s.io."""
    rules.add(
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        KindRules(
            strategy=CustomResourceDefinitionStrategy(),
            subresources={"status": CustomResourceDefinitionStatusStrategy()},
            defaults={"v1": default_definition},
            columns=DEFINITION_COLUMNS,
        ),
    )
