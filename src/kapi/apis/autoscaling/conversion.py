"""Conversion of HorizontalPodAutoscaler between v1 and the hub version v2.

v1 only knows a target for the CPU. What else v2 holds travels in annotations, each with the JSON
of one member: metrics and current metrics in the shape of :mod:`metric_conversion`, conditions as
they are, behavior with the Go names of its members.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apis.autoscaling import metric_conversion
from kapi.apis.autoscaling.defaults import default_cpu_metric

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["v1_to_v2", "v2_to_v1"]

_PREFIX = "autoscaling.alpha.kubernetes.io/"
_METRICS = f"{_PREFIX}metrics"
_CURRENT_METRICS = f"{_PREFIX}current-metrics"
_CONDITIONS = f"{_PREFIX}conditions"
_BEHAVIOR = f"{_PREFIX}behavior"
_ANNOTATIONS = (_METRICS, _CURRENT_METRICS, _CONDITIONS, _BEHAVIOR)

_DIRECTIONS = ("scaleUp", "scaleDown")
_RULES = ("stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance")
_POLICY = ("type", "value", "periodSeconds")


def v1_to_v2(obj: JSONObject) -> JSONObject:
    """The hub form; annotations that cannot be read are dropped as if they were not there."""
    held = _take_annotations(obj)
    spec: JSONObject = dict(obj.get("spec") or {})
    cpu = spec.pop("targetCPUUtilizationPercentage", None)
    metrics = [metric_conversion.spec_to_v2(metric) for metric in held.get(_METRICS) or ()]
    if cpu is not None:
        metrics.append(default_cpu_metric(cpu))
    spec["metrics"] = metrics or [default_cpu_metric()]
    if _BEHAVIOR in held:
        spec["behavior"] = _read_behavior(held[_BEHAVIOR])
    status: JSONObject = dict(obj.get("status") or {})
    current_cpu = status.pop("currentCPUUtilizationPercentage", None)
    if not status.get("currentReplicas"):
        status.pop("currentReplicas", None)
    current = [metric_conversion.status_to_v2(m) for m in held.get(_CURRENT_METRICS) or ()]
    if not current and current_cpu is not None:
        current = [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "current": {"averageUtilization": current_cpu}},
            }
        ]
    status.setdefault("desiredReplicas", 0)
    status["currentMetrics"] = current or None
    if held.get(_CONDITIONS):
        status["conditions"] = held[_CONDITIONS]
    return {**obj, "spec": spec, "status": status}


def _take_annotations(obj: JSONObject) -> dict[str, JSONValue]:
    """Remove the annotations that hold v2 members; what those that can be read say."""
    meta: JSONObject = obj.get("metadata") or {}
    annotations: dict[str, str] = meta.get("annotations") or {}
    found = {key: annotations[key] for key in _ANNOTATIONS if key in annotations}
    if not found:
        return {}
    rest = {key: value for key, value in annotations.items() if key not in found}
    obj["metadata"] = {**meta, "annotations": rest}
    if not rest:
        del obj["metadata"]["annotations"]
    held: dict[str, JSONValue] = {}
    for key, text in found.items():
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        if key == _BEHAVIOR:
            usable = isinstance(value, dict)
        else:
            usable = isinstance(value, list) and all(isinstance(item, dict) for item in value)
        if usable:
            held[key] = value
    return held


def v2_to_v1(obj: JSONObject) -> JSONObject:
    """The v1 form, with what it has no members for in annotations."""
    spec: JSONObject = dict(obj.get("spec") or {})
    status: JSONObject = dict(obj.get("status") or {})
    metrics, behavior = spec.pop("metrics", None) or (), spec.pop("behavior", None)
    current = status.pop("currentMetrics", None) or ()
    conditions = status.pop("conditions", None)
    cpu = [m["resource"]["target"] for m in metrics if _is_cpu_utilization(m)]
    if cpu:
        spec["targetCPUUtilizationPercentage"] = cpu[0]["averageUtilization"]
    others = [metric_conversion.spec_to_v1(m) for m in metrics if not _is_cpu_utilization(m)]
    utilization = _current_cpu(current)
    if utilization is not None:
        status["currentCPUUtilizationPercentage"] = utilization
    status.setdefault("currentReplicas", 0)
    status.setdefault("desiredReplicas", 0)
    added: dict[str, JSONValue] = {}
    if others:
        added[_METRICS] = others
    if current:
        added[_CURRENT_METRICS] = [metric_conversion.status_to_v1(m) for m in current]
    if behavior is not None:
        added[_BEHAVIOR] = _write_behavior(behavior)
    if conditions:
        added[_CONDITIONS] = conditions
    return {**obj, **_with_annotations(obj, added), "spec": spec, "status": status}


def _with_annotations(obj: JSONObject, added: dict[str, JSONValue]) -> JSONObject:
    if not added:
        return {}
    meta: JSONObject = obj.get("metadata") or {}
    texts = {key: orjson.dumps(value).decode() for key, value in added.items()}
    return {"metadata": {**meta, "annotations": {**(meta.get("annotations") or {}), **texts}}}


def _is_cpu_utilization(metric: JSONObject) -> bool:
    """Whether v1 has a member for this metric."""
    resource = metric.get("resource") or {}
    return (
        metric.get("type") == "Resource"
        and resource.get("name") == "cpu"
        and (resource.get("target") or {}).get("averageUtilization") is not None
    )


def _current_cpu(current: JSONValue) -> int | None:
    """The measured use of the CPU."""
    found = None
    for metric in current:
        resource = metric.get("resource") or {}
        if metric.get("type") == "Resource" and resource.get("name") == "cpu":
            utilization: int | None = (resource.get("current") or {}).get("averageUtilization")
            found = utilization if utilization is not None else found
    return found


def _go_name(member: str) -> str:
    return member[0].upper() + member[1:]


def _write_behavior(behavior: JSONObject) -> JSONObject:
    """Behavior with Go names, every member written."""
    return {_go_name(direction): _write_rules(behavior.get(direction)) for direction in _DIRECTIONS}


def _write_rules(rules: JSONObject | None) -> JSONObject | None:
    if rules is None:
        return None
    written: JSONObject = {_go_name(member): rules.get(member) for member in _RULES}
    if rules.get("policies") is not None:
        written["Policies"] = [
            {_go_name(member): policy.get(member) for member in _POLICY}
            for policy in rules["policies"]
        ]
    return written


def _members(value: JSONValue, members: tuple[str, ...]) -> JSONObject:
    """The members of an object that are set, whatever the case of their names."""
    if not isinstance(value, dict):
        return {}
    by_name = {key.lower(): member for key, member in value.items()}
    return {
        member: by_name[member.lower()]
        for member in members
        if by_name.get(member.lower()) is not None
    }


def _read_behavior(value: JSONObject) -> JSONObject:
    behavior: JSONObject = {}
    for direction, given in _members(value, _DIRECTIONS).items():
        rules = _members(given, _RULES)
        if isinstance(rules.get("policies"), list):
            rules["policies"] = [_members(policy, _POLICY) for policy in rules["policies"]]
        behavior[direction] = rules
    return behavior
