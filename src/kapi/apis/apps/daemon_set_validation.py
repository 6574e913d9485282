"""Validation of DaemonSet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.gostruct import GoStruct, pointer_to
from kapi.apimachinery.intstr import (
    int_or_percent_value,
    nonnegative_members,
    nonnegative_or_percent,
    not_more_than_100_percent,
)
from kapi.apimachinery.metav1 import validate_label_selector
from kapi.apis.apps.template_validation import (
    validate_always_running,
    validate_read_only_disks,
    validate_selector_unchanged,
    validate_template_labels,
)
from kapi.apis.apps.validation import validate_not_decremented
from kapi.apis.core.pod_validation import validate_pod_template_spec

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_daemon_set", "validate_daemon_set_status"]

_ROLLING_UPDATE = GoStruct(
    maxUnavailable=("MaxUnavailable", 0, None), maxSurge=("MaxSurge", 0, None)
)
_UPDATE_STRATEGY = GoStruct(
    type=("Type", "", None), rollingUpdate=pointer_to("RollingUpdate", _ROLLING_UPDATE)
)


def validate_daemon_set(obj: JSONObject, errors: ErrorList, old: JSONObject | None = None) -> None:
    """Check the spec; with ``old``, also what may not change."""
    spec: JSONObject = obj.get("spec") or {}
    old_spec: JSONObject | None = (old.get("spec") or {}) if old is not None else None
    template: JSONObject = spec.get("template") or {}
    old_template = old_spec.get("template") if old_spec else None
    if old_spec is not None:
        validate_selector_unchanged(spec, old_spec, errors)
    _validate_selector(spec.get("selector"), template, errors)
    validate_pod_template_spec(template, "spec.template", errors, old=old_template)
    validate_read_only_disks(template, old_template, "spec.template.spec.volumes", errors)
    validate_always_running(template, "spec.template", errors, owner="DaemonSet")
    nonnegative_members(spec, "spec", ("minReadySeconds",), errors)
    _validate_update_strategy(spec.get("updateStrategy") or {}, "spec.updateStrategy", errors)
    nonnegative_members(spec, "spec", ("revisionHistoryLimit",), errors)


def _validate_selector(
    selector: JSONObject | None, template: JSONObject, errors: ErrorList
) -> None:
    """Unlike in other workloads a missing selector is only one that selects nothing."""
    found = len(errors)
    if selector is not None:
        validate_label_selector(selector, "spec.selector", errors)
    if len(errors) == found:
        validate_template_labels(selector, template, "spec.template", errors)
    if selector is not None and not any(selector.values()):
        errors.invalid("spec.selector", selector, "empty selector is invalid for daemonset")


def _validate_update_strategy(strategy: JSONObject, path: str, errors: ErrorList) -> None:
    kind, rolling = strategy.get("type", ""), strategy.get("rollingUpdate")
    if kind == "RollingUpdate":
        if rolling is None:
            errors.required(f"{path}.rollingUpdate")
        else:
            _validate_rolling_update(rolling, f"{path}.rollingUpdate", errors)
    elif kind != "OnDelete":
        errors.not_supported(path, _UPDATE_STRATEGY.show(strategy), ("RollingUpdate", "OnDelete"))


def _validate_rolling_update(rolling: JSONObject, path: str, errors: ErrorList) -> None:
    """A node is either updated with a gap or with a surge, not with both and not with neither."""
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    for value, member in ((unavailable, "maxUnavailable"), (surge, "maxSurge")):
        nonnegative_or_percent(value, f"{path}.{member}", errors)
        not_more_than_100_percent(value, f"{path}.{member}", errors)
    has_unavailable, has_surge = int_or_percent_value(unavailable), int_or_percent_value(surge)
    if has_unavailable and has_surge:
        errors.invalid(f"{path}.maxSurge", surge, "may not be set when maxUnavailable is non-zero")
    elif not has_unavailable and not has_surge:
        errors.required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0")


def validate_daemon_set_status(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Counters are not negative and collisions are not forgotten."""
    status: JSONObject = obj.get("status") or {}
    counters = (
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "collisionCount",
    )
    nonnegative_members(status, "status", counters, errors)
    validate_not_decremented(status, old.get("status") or {}, "collisionCount", errors)
