"""Strategies of PodDisruptionBudget and of its status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.policy.validation import validate_budget, validate_budget_status
from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["PodDisruptionBudgetStatusStrategy", "PodDisruptionBudgetStrategy"]


class PodDisruptionBudgetStrategy(Strategy):
    """PodDisruptionBudget."""

    standard_finalizers = False
    metadata_rules = ()
    has_generation = True
    allow_unconditional_update = False
    reset_fields = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Nothing may be disrupted until the pods are counted."""
        obj["status"] = {
            "disruptionsAllowed": 0,
            "currentHealthy": 0,
            "desiredHealthy": 0,
            "expectedPods": 0,
        }

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check the spec."""
        validate_budget(obj, errors)


class PodDisruptionBudgetStatusStrategy(Strategy):
    """Status of a PodDisruptionBudget."""

    metadata_rules = ()
    allow_unconditional_update = False
    reset_fields = ("spec",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the status."""
        validate_budget_status(obj, errors)
