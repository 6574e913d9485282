"""Validation of the metrics of a HorizontalPodAutoscaler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names, quantity
from kapi.apis.core.resource_names import validate_container_resource_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_metrics", "validate_object_reference"]

_TYPES = ("ContainerResource", "External", "Object", "Pods", "Resource")
# The member that holds the source of each type.
_MEMBERS = {
    "Object": "object",
    "External": "external",
    "Pods": "pods",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}


def validate_metrics(
    metrics: Sequence[JSONObject], min_replicas: int | None, path: str, errors: ErrorList
) -> None:
    """Check each metric, and that one of them can be measured when there are no pods."""
    for index, metric in enumerate(metrics):
        _validate_metric(metric, f"{path}[{index}]", errors)
    if min_replicas == 0 and not any(m.get("type") in ("Object", "External") for m in metrics):
        errors.forbidden(
            path,
            "must specify at least one Object or External metric to support scaling to zero "
            "replicas",
        )


def _validate_metric(metric: JSONObject, path: str, errors: ErrorList) -> None:
    kind = metric.get("type", "")
    expected = _MEMBERS.get(kind)
    if not kind:
        errors.required(f"{path}.type", "must specify a metric source type")
    if expected is None:
        errors.not_supported(f"{path}.type", kind, _TYPES)
    present = [member for member in _SOURCES if metric.get(member) is not None]
    if present:
        _SOURCES[present[0]](metric[present[0]], f"{path}.{present[0]}", errors)
    if expected is None:
        # Clients are told twice: once for the type, once for the source that it should name.
        errors.not_supported(f"{path}.type", kind, _TYPES)
    elif expected not in present:
        errors.required(
            f"{path}.{expected}", "must populate information for the given metric source"
        )
    if len(present) != 1:
        for member in present:
            if member != expected:
                errors.forbidden(f"{path}.{member}", "must populate the given metric source only")


def validate_object_reference(reference: JSONObject, path: str, errors: ErrorList) -> None:
    """Kind and name of another object, as they stand in a path."""
    for member in ("kind", "name"):
        value = reference.get(member, "")
        if value:
            errors.invalid_each(f"{path}.{member}", value, names.path_segment_name(value))
        else:
            errors.required(f"{path}.{member}")


def _validate_identifier(metric: JSONObject, path: str, errors: ErrorList) -> None:
    name = metric.get("name", "")
    if name:
        errors.invalid_each(f"{path}.name", name, names.path_segment_name(name))
    else:
        errors.required(f"{path}.name", "must specify a metric name")


def _is_positive(amount: str | None) -> bool:
    return amount is not None and quantity.parse(amount).sign == 1


def _validate_target(target: JSONObject, path: str, errors: ErrorList) -> None:
    kind = target.get("type", "")
    if not kind:
        errors.required(f"{path}.type", "must specify a metric target type")
    if kind not in ("Utilization", "Value", "AverageValue"):
        errors.invalid(f"{path}.type", kind, "must be either Utilization, Value, or AverageValue")
    for member in ("value", "averageValue"):
        if target.get(member) is not None and not _is_positive(target[member]):
            errors.invalid(f"{path}.{member}", target[member], "must be positive")
    utilization = target.get("averageUtilization")
    if utilization is not None and utilization < 1:
        errors.invalid(f"{path}.averageUtilization", utilization, "must be greater than 0")


def _validate_object(source: JSONObject, path: str, errors: ErrorList) -> None:
    target: JSONObject = source.get("target") or {}
    validate_object_reference(
        source.get("describedObject") or {}, f"{path}.describedObject", errors
    )
    _validate_identifier(source.get("metric") or {}, f"{path}.metric", errors)
    _validate_target(target, f"{path}.target", errors)
    if target.get("value") is None and target.get("averageValue") is None:
        errors.required(
            f"{path}.target.averageValue", "must set either a target value or averageValue"
        )


def _validate_external(source: JSONObject, path: str, errors: ErrorList) -> None:
    target: JSONObject = source.get("target") or {}
    _validate_identifier(source.get("metric") or {}, f"{path}.metric", errors)
    _validate_target(target, f"{path}.target", errors)
    value, average = target.get("value"), target.get("averageValue")
    if value is None and average is None:
        errors.required(
            f"{path}.target.averageValue",
            "must set either a target value for metric or a per-pod target",
        )
    if value is not None and average is not None:
        errors.forbidden(
            f"{path}.target.value",
            "may not set both a target value for metric and a per-pod target",
        )


def _validate_pods(source: JSONObject, path: str, errors: ErrorList) -> None:
    target: JSONObject = source.get("target") or {}
    _validate_identifier(source.get("metric") or {}, f"{path}.metric", errors)
    _validate_target(target, f"{path}.target", errors)
    if not _is_positive(target.get("averageValue")):
        errors.required(
            f"{path}.target.averageValue", "must specify a positive target averageValue"
        )


def _validate_resource(source: JSONObject, path: str, errors: ErrorList) -> None:
    if not source.get("name"):
        errors.required(f"{path}.name", "must specify a resource name")
    _validate_resource_target(source.get("target") or {}, f"{path}.target", errors)


def _validate_container_resource(source: JSONObject, path: str, errors: ErrorList) -> None:
    name, container = source.get("name", ""), source.get("container", "")
    if not name:
        errors.required(f"{path}.name", "must specify a resource name")
    else:
        validate_container_resource_name(name, f"{path}.name", errors)
    if not container:
        errors.required(f"{path}.container", "must specify a container")
    else:
        errors.invalid_each(f"{path}.container", container, names.dns1123_label(container))
    _validate_resource_target(source.get("target") or {}, f"{path}.target", errors)


def _validate_resource_target(target: JSONObject, path: str, errors: ErrorList) -> None:
    _validate_target(target, path, errors)
    utilization, average = target.get("averageUtilization"), target.get("averageValue")
    if utilization is None and average is None:
        errors.required(
            f"{path}.averageUtilization",
            "must set either a target raw value or a target utilization",
        )
    if utilization is not None and average is not None:
        errors.forbidden(
            f"{path}.averageValue",
            "may not set both a target raw value and a target utilization",
        )


# In the order in which the first source that is there is looked at.
_SOURCES: dict[str, Callable[[JSONObject, str, ErrorList], None]] = {
    "object": _validate_object,
    "external": _validate_external,
    "pods": _validate_pods,
    "resource": _validate_resource,
    "containerResource": _validate_container_resource,
}
