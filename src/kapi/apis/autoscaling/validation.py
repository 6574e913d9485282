"""Validation of HorizontalPodAutoscaler at its hub version, v2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.intstr import nonnegative_members
from kapi.apis.autoscaling.metric_validation import validate_metrics, validate_object_reference

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_autoscaler", "validate_autoscaler_status"]

_MAX_WINDOW_SECONDS = 3600
_MAX_PERIOD_SECONDS = 1800

# The first minor version that looks at the API version of what is scaled.
_API_VERSION_MINOR = 34
# A minor version that is known to tell a negative number from a missing one.
_MOST_MINOR = 36


def validate_autoscaler(
    obj: JSONObject,
    errors: ErrorList,
    old: JSONObject | None = None,
    *,
    minor: int = _API_VERSION_MINOR,
) -> None:
    """Check the spec; with ``old``, let a target be that was stored before it was refused."""
    spec: JSONObject = obj.get("spec") or {}
    old_spec: JSONObject = (old or {}).get("spec") or {}
    least, most = spec.get("minReplicas"), spec.get("maxReplicas", 0)
    # Zero replicas are only for servers that can scale from zero, or were there before.
    bound = 0 if old_spec.get("minReplicas") == 0 else 1
    if least is not None and least < bound:
        errors.invalid("spec.minReplicas", least, f"must be greater than or equal to {bound}")
    if not most or (most < 0 and minor < _MOST_MINOR):
        errors.required("spec.maxReplicas", "must be set and greater than 0")
    elif most < 0:
        errors.invalid("spec.maxReplicas", most, "must be greater than or equal to 1")
    if least is not None and most < least:
        errors.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    target: JSONObject = spec.get("scaleTargetRef") or {}
    validate_object_reference(target, "spec.scaleTargetRef", errors)
    if minor >= _API_VERSION_MINOR:
        _validate_target(target, old_spec.get("scaleTargetRef"), errors)
    validate_metrics(spec.get("metrics") or (), least, "spec.metrics", errors)
    behavior: JSONObject = spec.get("behavior") or {}
    for direction in ("scaleUp", "scaleDown"):
        if behavior.get(direction) is not None:
            _validate_rules(behavior[direction], f"spec.behavior.{direction}", errors)


def _validate_target(target: JSONObject, old_target: JSONObject | None, errors: ErrorList) -> None:
    """What is scaled must name its API group, unless it is of the core group."""
    path = "spec.scaleTargetRef"
    api_version = target.get("apiVersion", "")
    if old_target is not None and old_target.get("apiVersion", "") == api_version:
        return
    if api_version.count("/") > 1:
        errors.invalid(
            f"{path}.apiVersion",
            api_version,
            f"unexpected GroupVersion string: {api_version}",
        )
    elif "/" not in api_version and target.get("kind") != "ReplicationController":
        errors.invalid(f"{path}.apiVersion", api_version, "apiVersion must specify API group")


def _validate_rules(rules: JSONObject, path: str, errors: ErrorList) -> None:
    window = rules.get("stabilizationWindowSeconds")
    if window is not None:
        window_path = f"{path}.stabilizationWindowSeconds"
        if window < 0:
            errors.invalid(window_path, window, "must be greater than or equal to zero")
        if window > _MAX_WINDOW_SECONDS:
            errors.invalid(
                window_path, window, f"must be less than or equal to {_MAX_WINDOW_SECONDS}"
            )
    select = rules.get("selectPolicy")
    if select is not None and select not in ("Disabled", "Max", "Min"):
        errors.not_supported(f"{path}.selectPolicy", select, ("Disabled", "Max", "Min"))
    policies = rules.get("policies") or ()
    if not policies:
        errors.required(f"{path}.policies", "must specify at least one Policy")
    for index, policy in enumerate(policies):
        _validate_policy(policy, f"{path}.policies[{index}]", errors)
    tolerance = rules.get("tolerance")
    if tolerance is not None and str(tolerance).startswith("-"):
        errors.invalid(f"{path}.tolerance", tolerance, "must be greater than or equal to 0")


def _validate_policy(policy: JSONObject, path: str, errors: ErrorList) -> None:
    if policy.get("type") not in ("Percent", "Pods"):
        errors.not_supported(f"{path}.type", policy.get("type", ""), ("Percent", "Pods"))
    for member in ("value", "periodSeconds"):
        if policy.get(member, 0) <= 0:
            errors.invalid(f"{path}.{member}", policy.get(member, 0), "must be greater than zero")
    period = policy.get("periodSeconds", 0)
    if period > _MAX_PERIOD_SECONDS:
        errors.invalid(
            f"{path}.periodSeconds", period, f"must be less than or equal to {_MAX_PERIOD_SECONDS}"
        )


def validate_autoscaler_status(obj: JSONObject, errors: ErrorList) -> None:
    """Counts are not negative."""
    status: JSONObject = obj.get("status") or {}
    nonnegative_members(status, "status", ("currentReplicas", "desiredReplicas"), errors)
