"""Validation of PodDisruptionBudget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.gostruct import GoStruct
from kapi.apimachinery.intstr import (
    nonnegative_members,
    nonnegative_or_percent,
    not_more_than_100_percent,
)
from kapi.apimachinery.metav1 import validate_conditions, validate_label_selector
from kapi.apis.apps.template_validation import in_order

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_budget", "validate_budget_status"]

_SPEC = GoStruct(
    minAvailable=("MinAvailable", None, None),
    selector=("Selector", None, None),
    maxUnavailable=("MaxUnavailable", None, None),
    unhealthyPodEvictionPolicy=("UnhealthyPodEvictionPolicy", None, None),
)


def validate_budget(obj: JSONObject, errors: ErrorList) -> None:
    """Check the spec: one of two limits, and a selector."""
    spec: JSONObject = obj.get("spec") or {}
    limits = [name for name in ("minAvailable", "maxUnavailable") if spec.get(name) is not None]
    if len(limits) == 2:
        errors.invalid(
            "spec",
            _SPEC.show({**spec, "selector": in_order(spec.get("selector"))}),
            "minAvailable and maxUnavailable cannot be both set",
        )
    for limit in limits:
        nonnegative_or_percent(spec[limit], f"spec.{limit}", errors)
        not_more_than_100_percent(spec[limit], f"spec.{limit}", errors)
    if spec.get("selector") is not None:
        validate_label_selector(spec["selector"], "spec.selector", errors)
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in ("AlwaysAllow", "IfHealthyBudget"):
        errors.not_supported(
            "spec.unhealthyPodEvictionPolicy", policy, ("AlwaysAllow", "IfHealthyBudget")
        )


def validate_budget_status(obj: JSONObject, errors: ErrorList) -> None:
    """Check conditions and counts."""
    status: JSONObject = obj.get("status") or {}
    validate_conditions(status.get("conditions"), "status.conditions", errors)
    nonnegative_members(
        status,
        "status",
        ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"),
        errors,
    )
