"""Metrics and their measured values in the shape that v1 annotations hold.

There a target is flat: ``targetAverageUtilization`` instead of ``target.averageUtilization``, and
the measured value likewise ``currentAverageUtilization``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import quantity

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from kapi.apimachinery.types import JSONObject, JSONValue

    # Converts the source of a metric: its member, itself, and "target" or "current".
    _ConvertSource: TypeAlias = Callable[[str, JSONObject, str], JSONObject]

__all__ = ["spec_to_v1", "spec_to_v2", "status_to_v1", "status_to_v2"]

_MEMBERS = ("object", "pods", "resource", "containerResource", "external")
# A measured or aimed-at amount that is not set is written as zero where v1 has no pointer.
_ZERO = "0"


def _set(**members: JSONValue) -> JSONObject:
    """An object of the members that are set, in this order."""
    return {name: value for name, value in members.items() if value is not None}


def _amount(value: JSONValue) -> JSONValue:
    """A quantity in canonical form; what is none stays for validation to refuse."""
    if value is None:
        return None
    try:
        return quantity.canonical(value)
    except ValueError:
        return value


def spec_to_v1(metric: JSONObject) -> JSONObject:
    """A metric of the hub as the annotation holds it."""
    return _convert(metric, "target", _source_to_v1)


def status_to_v1(metric: JSONObject) -> JSONObject:
    """A measured metric of the hub as the annotation holds it."""
    return _convert(metric, "current", _source_to_v1)


def spec_to_v2(metric: JSONObject) -> JSONObject:
    """A metric of the annotation as the hub has it."""
    return _convert(metric, "target", _target_to_v2)


def status_to_v2(metric: JSONObject) -> JSONObject:
    """A measured metric of the annotation as the hub has it."""
    return _convert(metric, "current", _current_to_v2)


def _convert(metric: JSONObject, prefix: str, convert: _ConvertSource) -> JSONObject:
    converted: JSONObject = {"type": metric.get("type", "")}
    for member in _MEMBERS:
        source = metric.get(member)
        if isinstance(source, dict):
            converted[member] = convert(member, source, prefix)
    return converted


def _source_to_v1(member: str, source: JSONObject, prefix: str) -> JSONObject:
    amounts: JSONObject = source.get(prefix) or {}
    value, average = amounts.get("value"), amounts.get("averageValue")
    utilization = amounts.get("averageUtilization")
    metric: JSONObject = source.get("metric") or {}
    name, selector = metric.get("name", ""), metric.get("selector")
    measured = prefix == "current"
    if member in ("resource", "containerResource"):
        return _set(
            name=source.get("name", ""),
            **{
                f"{prefix}AverageUtilization": utilization,
                f"{prefix}AverageValue": average or (_ZERO if measured else None),
            },
            container=source.get("container"),
        )
    if member == "pods":
        return _set(
            metricName=name, **{f"{prefix}AverageValue": average or _ZERO}, selector=selector
        )
    if member == "object":
        return _set(
            target=_reference(source.get("describedObject") or {}),
            metricName=name,
            **{f"{prefix}Value": value or _ZERO},
            selector=selector,
            averageValue=average,
        )
    return _set(
        metricName=name,
        metricSelector=selector,
        **{
            f"{prefix}Value": value or (_ZERO if measured else None),
            f"{prefix}AverageValue": average,
        },
    )


def _reference(described: JSONObject) -> JSONObject:
    reference = {"kind": described.get("kind", ""), "name": described.get("name", "")}
    if described.get("apiVersion"):
        reference["apiVersion"] = described["apiVersion"]
    return reference


def _amounts(member: str, source: JSONObject, prefix: str) -> tuple[JSONValue, JSONValue]:
    """Value and average value of a source of the annotation."""
    average = source.get("averageValue" if member == "object" else f"{prefix}AverageValue")
    return _amount(source.get(f"{prefix}Value")), _amount(average)


def _identity(member: str, source: JSONObject) -> JSONObject:
    """What is measured, without the amounts."""
    if member in ("resource", "containerResource"):
        return {"name": source.get("name", "")}
    selector = source.get("metricSelector" if member == "external" else "selector")
    identity: JSONObject = {"metric": _set(name=source.get("metricName", ""), selector=selector)}
    if member == "object":
        identity["describedObject"] = _reference(source.get("target") or {})
    return identity


def _with_container(member: str, source: JSONObject, converted: JSONObject) -> JSONObject:
    if member == "containerResource":
        converted["container"] = source.get("container", "")
    return converted


def _target_to_v2(member: str, source: JSONObject, prefix: str) -> JSONObject:
    value, average = _amounts(member, source, prefix)
    utilization = source.get("targetAverageUtilization")
    if member in ("resource", "containerResource"):
        kind = "AverageValue" if utilization is None else "Utilization"
    elif average is not None or member == "pods":
        kind = "AverageValue"
    else:
        kind = "Value"
    if member == "object" and average is not None:
        value = None
    target = _set(type=kind, value=value, averageValue=average, averageUtilization=utilization)
    return _with_container(member, source, {**_identity(member, source), "target": target})


def _current_to_v2(member: str, source: JSONObject, prefix: str) -> JSONObject:
    value, average = _amounts(member, source, prefix)
    current = _set(
        value=value,
        averageValue=average,
        averageUtilization=source.get("currentAverageUtilization"),
    )
    return _with_container(member, source, {**_identity(member, source), "current": current})
