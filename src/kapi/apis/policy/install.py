"""Registers the rules of the ``policy`` group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.policy import columns, strategy
from kapi.registry.rules import KindRules

if TYPE_CHECKING:
    from kapi.registry.rules import Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Add every kind of the group."""
    rules.add(
        "policy",
        "poddisruptionbudgets",
        KindRules(
            strategy=strategy.PodDisruptionBudgetStrategy(),
            subresources={"status": strategy.PodDisruptionBudgetStatusStrategy()},
            columns=columns.POD_DISRUPTION_BUDGET,
        ),
    )
