"""Table columns of HorizontalPodAutoscaler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["HORIZONTAL_POD_AUTOSCALER"]

_V2 = "io.k8s.api.autoscaling.v2"
_UNKNOWN = "<unknown>"
_SHOWN_METRICS = 2
_MEMBERS = {
    "External": "external",
    "Pods": "pods",
    "Object": "object",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    target = spec.get("scaleTargetRef") or {}
    least = spec.get("minReplicas")
    return [
        meta.get("name", ""),
        f"{target.get('kind', '')}/{target.get('name', '')}",
        _targets(spec.get("metrics") or (), status.get("currentMetrics") or ()),
        "<unset>" if least is None else str(least),
        spec.get("maxReplicas", 0),
        status.get("currentReplicas", 0),
        age(meta.get("creationTimestamp"), now),
    ]


def _targets(metrics: Sequence[JSONObject], measured: Sequence[JSONObject]) -> str:
    """The measured and the aimed-at amount of the first metrics."""
    if not metrics:
        return "<none>"
    shown = [
        _target(metric, measured[index] if index < len(measured) else {})
        for index, metric in enumerate(metrics[:_SHOWN_METRICS])
    ]
    text = ", ".join(shown)
    more = len(metrics) - _SHOWN_METRICS
    return f"{text} + {more} more..." if more > 0 else text


def _target(metric: JSONObject, measured: JSONObject) -> str:
    member = _MEMBERS.get(metric.get("type", ""))
    if member is None:
        return "<unknown type>"
    source = metric.get(member) or {}
    target: JSONObject = source.get("target") or {}
    current: JSONObject = (measured.get(member) or {}).get("current") or {}
    average = target.get("averageValue")
    if member in ("resource", "containerResource"):
        return f"{source.get('name', '')}: {_resource_target(target, current)}"
    if member == "pods":
        return f"{current.get('averageValue') or _UNKNOWN}/{average}"
    if average is not None:
        return f"{current.get('averageValue') or _UNKNOWN}/{average} (avg)"
    return f"{current.get('value') or _UNKNOWN}/{target.get('value')}"


def _resource_target(target: JSONObject, current: JSONObject) -> str:
    if target.get("averageValue") is not None:
        return f"{current.get('averageValue') or _UNKNOWN}/{target['averageValue']}"
    measured, aimed = current.get("averageUtilization"), target.get("averageUtilization")
    return (
        f"{_UNKNOWN if measured is None else f'{measured}%'}/"
        f"{'<auto>' if aimed is None else f'{aimed}%'}"
    )


HORIZONTAL_POD_AUTOSCALER = Columns(
    (
        NAME,
        Column("Reference", describes=f"{_V2}.HorizontalPodAutoscalerSpec.scaleTargetRef"),
        Column("Targets", describes=f"{_V2}.HorizontalPodAutoscalerSpec.metrics"),
        Column("MinPods", describes=f"{_V2}.HorizontalPodAutoscalerSpec.minReplicas"),
        Column("MaxPods", describes=f"{_V2}.HorizontalPodAutoscalerSpec.maxReplicas"),
        Column("Replicas", describes=f"{_V2}.HorizontalPodAutoscalerStatus.currentReplicas"),
        AGE,
    ),
    _cells,
)
