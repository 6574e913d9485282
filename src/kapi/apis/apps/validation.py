"""Validation of Deployment, ReplicaSet and ControllerRevision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.gostruct import GoStruct, pointer_to
from kapi.apimachinery.intstr import (
    int_or_percent_value,
    nonnegative,
    nonnegative_members,
    nonnegative_or_percent,
    not_more_than_100_percent,
)
from kapi.apis.apps.template_validation import (
    in_order,
    validate_replicated_template,
    validate_selector,
    validate_selector_unchanged,
)

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "validate_controller_revision",
    "validate_deployment",
    "validate_deployment_status",
    "validate_not_decremented",
    "validate_replica_set",
    "validate_replica_set_status",
]

_EMPTY_SELECTOR = "empty selector is invalid for deployment"

_ROLLING_UPDATE = GoStruct(
    maxUnavailable=("MaxUnavailable", 0, None), maxSurge=("MaxSurge", 0, None)
)
_STRATEGY = GoStruct(
    type=("Type", "", None), rollingUpdate=pointer_to("RollingUpdate", _ROLLING_UPDATE)
)


def validate_not_decremented(
    status: JSONObject, old: JSONObject, member: str, errors: ErrorList
) -> None:
    """Refuse a counter of the status that fell or vanished."""
    if old.get(member) is None:
        return
    value = status.get(member) or 0
    if value < old[member]:
        errors.invalid(f"status.{member}", value, "cannot be decremented")


def validate_deployment(obj: JSONObject, errors: ErrorList, old: JSONObject | None = None) -> None:
    """Check the spec; with ``old``, also what may not change."""
    spec: JSONObject = obj.get("spec") or {}
    old_spec: JSONObject | None = (old.get("spec") or {}) if old is not None else None
    nonnegative_members(spec, "spec", ("replicas",), errors)
    _validate_selected_template(spec, old_spec, errors)
    _validate_strategy(spec.get("strategy") or {}, "spec.strategy", errors)
    nonnegative_members(spec, "spec", ("minReadySeconds", "revisionHistoryLimit"), errors)
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None:
        nonnegative(deadline, "spec.progressDeadlineSeconds", errors)
        if deadline <= spec.get("minReadySeconds", 0):
            errors.invalid(
                "spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"
            )
    if old_spec is not None:
        validate_selector_unchanged(spec, old_spec, errors)


def _validate_selected_template(
    spec: JSONObject, old_spec: JSONObject | None, errors: ErrorList
) -> None:
    """Selector and template; the template is only judged by a selector that can be evaluated."""
    selector = spec.get("selector")
    if validate_selector(selector, "spec.selector", errors, empty=_EMPTY_SELECTOR):
        validate_replicated_template(spec, old_spec, "spec", errors)
    else:
        errors.invalid("spec.selector", in_order(selector), "invalid label selector")


def _validate_strategy(strategy: JSONObject, path: str, errors: ErrorList) -> None:
    kind, rolling = strategy.get("type", ""), strategy.get("rollingUpdate")
    if kind == "Recreate":
        if rolling is not None:
            errors.forbidden(
                f"{path}.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"
            )
    elif kind == "RollingUpdate":
        if rolling is None:
            errors.required(f"{path}.rollingUpdate", "this should be defaulted and never be nil")
        else:
            _validate_rolling_update(rolling, f"{path}.rollingUpdate", errors)
    else:
        errors.not_supported(path, _STRATEGY.show(strategy), ("Recreate", "RollingUpdate"))


def _validate_rolling_update(rolling: JSONObject, path: str, errors: ErrorList) -> None:
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    unavailable_path = f"{path}.maxUnavailable"
    nonnegative_or_percent(unavailable, unavailable_path, errors)
    nonnegative_or_percent(surge, f"{path}.maxSurge", errors)
    if int_or_percent_value(unavailable) == 0 and int_or_percent_value(surge) == 0:
        errors.invalid(unavailable_path, unavailable, "may not be 0 when `maxSurge` is 0")
    not_more_than_100_percent(unavailable, unavailable_path, errors)


def validate_deployment_status(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Counters are not negative, no part exceeds the whole, collisions are not forgotten."""
    status: JSONObject = obj.get("status") or {}
    nonnegative_members(
        status,
        "status",
        (
            "observedGeneration",
            "replicas",
            "updatedReplicas",
            "readyReplicas",
            "availableReplicas",
            "unavailableReplicas",
            "terminatingReplicas",
            "collisionCount",
        ),
        errors,
    )
    _validate_parts(status, ("updatedReplicas", "readyReplicas", "availableReplicas"), errors)
    validate_not_decremented(status, old.get("status") or {}, "collisionCount", errors)


def _validate_parts(status: JSONObject, parts: tuple[str, ...], errors: ErrorList) -> None:
    """No part is more than all replicas, and no more replicas are available than ready."""
    replicas = status.get("replicas", 0)
    for part in parts:
        if status.get(part, 0) > replicas:
            errors.invalid(
                f"status.{part}", status.get(part, 0), "cannot be greater than status.replicas"
            )
    available = status.get("availableReplicas", 0)
    if available > status.get("readyReplicas", 0):
        errors.invalid(
            "status.availableReplicas", available, "cannot be greater than readyReplicas"
        )


def validate_replica_set(obj: JSONObject, errors: ErrorList, old: JSONObject | None = None) -> None:
    """Check the spec; with ``old``, also what may not change."""
    spec: JSONObject = obj.get("spec") or {}
    old_spec: JSONObject | None = (old.get("spec") or {}) if old is not None else None
    nonnegative_members(spec, "spec", ("replicas", "minReadySeconds"), errors)
    _validate_selected_template(spec, old_spec, errors)
    if old_spec is not None:
        validate_selector_unchanged(spec, old_spec, errors)


def validate_replica_set_status(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Counters are not negative and no part exceeds the whole."""
    status: JSONObject = obj.get("status") or {}
    nonnegative_members(
        status,
        "status",
        (
            "replicas",
            "fullyLabeledReplicas",
            "readyReplicas",
            "availableReplicas",
            "observedGeneration",
            "terminatingReplicas",
        ),
        errors,
    )
    _validate_parts(status, ("fullyLabeledReplicas", "readyReplicas", "availableReplicas"), errors)


def validate_controller_revision(
    obj: JSONObject, errors: ErrorList, old: JSONObject | None = None
) -> None:
    """A revision holds an object that never changes again."""
    nonnegative(obj.get("revision", 0), "revision", errors)
    data = obj.get("data")
    if old is not None:
        if data != old.get("data"):
            errors.invalid("data", data, "field is immutable")
    elif data is None:
        errors.required("data", "data is mandatory")
    elif not isinstance(data, dict):
        errors.required("data", "data must be a valid JSON object")
