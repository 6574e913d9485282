"""Strategies of HorizontalPodAutoscaler and of its status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.autoscaling.validation import validate_autoscaler, validate_autoscaler_status
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["HorizontalPodAutoscalerStatusStrategy", "HorizontalPodAutoscalerStrategy"]


class HorizontalPodAutoscalerStrategy(Strategy):
    """HorizontalPodAutoscaler."""

    metadata_rules = (CHANGE,)
    reset_fields = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Start without measurements."""
        obj["status"] = {"desiredReplicas": 0, "currentMetrics": None}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check the spec."""
        validate_autoscaler(obj, errors, minor=context.minor)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the spec."""
        validate_autoscaler(obj, errors, old, minor=context.minor)


class HorizontalPodAutoscalerStatusStrategy(Strategy):
    """Status of a HorizontalPodAutoscaler."""

    metadata_rules = (CHANGE,)
    reset_fields = ("spec",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the status."""
        validate_autoscaler_status(obj, errors)
