"""Event: strategies of both of its API groups, and its Table."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import names
from kapi.apis.core.event_validation import (
    validate_core_event,
    validate_new_event,
    validate_new_event_update,
)
from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext

__all__ = [
    "CORE_EVENT_LABELS",
    "EVENT_COLUMNS",
    "NEW_EVENT_LABELS",
    "EventStrategy",
    "NewEventStrategy",
]

_REFERENCE_FIELDS = (
    "kind",
    "namespace",
    "name",
    "uid",
    "apiVersion",
    "resourceVersion",
    "fieldPath",
)
CORE_EVENT_LABELS = (
    *(f"involvedObject.{name}" for name in _REFERENCE_FIELDS),
    "reason",
    "reportingComponent",
    "source",
    "type",
)
NEW_EVENT_LABELS = (
    *(f"regarding.{name}" for name in _REFERENCE_FIELDS),
    "reason",
    "reportingController",
    "type",
)


def _reference_labels(obj: JSONObject, prefix: str) -> dict[str, str]:
    reference = obj.get("involvedObject") or {}
    return {f"{prefix}.{name}": reference.get(name) or "" for name in _REFERENCE_FIELDS}


class EventStrategy(Strategy):
    """Events of core v1."""

    allow_create_on_update: ClassVar[bool] = True

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """Any name that fits into a path."""
        return names.path_segment_name(name, prefix=prefix)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Judge a new event."""
        validate_core_event(obj, errors)

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """What field selectors may ask for."""
        component = obj.get("reportingComponent") or ""
        labels = _reference_labels(obj, "involvedObject")
        labels["reason"] = obj.get("reason") or ""
        labels["reportingComponent"] = component
        labels["source"] = (obj.get("source") or {}).get("component") or component
        labels["type"] = obj.get("type") or ""
        return labels


class NewEventStrategy(EventStrategy):
    """Events of events.k8s.io/v1, the same objects under stricter rules."""

    metadata_rules = (CHANGE,)

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """A DNS subdomain."""
        return names.dns1123_subdomain(name, prefix=prefix)

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Judge a new event."""
        validate_new_event(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Judge a change: only the series may go on."""
        validate_new_event_update(obj, old, errors)

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """What field selectors may ask for."""
        labels = _reference_labels(obj, "regarding")
        labels["reason"] = obj.get("reason") or ""
        labels["reportingController"] = obj.get("reportingComponent") or ""
        labels["type"] = obj.get("type") or ""
        return labels


_EVENT = "io.k8s.api.core.v1.Event"


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    involved, source = obj.get("involvedObject") or {}, obj.get("source") or {}
    series = obj.get("series")
    first = age(obj.get("firstTimestamp") or obj.get("eventTime"), now)
    last = age(obj.get("lastTimestamp"), now) if obj.get("lastTimestamp") else first
    count = obj.get("count") or 1
    if series is not None:
        last, count = age(series.get("lastObservedTime"), now), series.get("count") or 0
    kind, name = str(involved.get("kind") or "").lower(), involved.get("name")
    component = source.get("component") or obj.get("reportingComponent") or ""
    instance = source.get("host") or obj.get("reportingInstance") or ""
    return [
        last,
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{kind}/{name}" if name else kind,
        involved.get("fieldPath", ""),
        f"{component}, {instance}" if instance else component,
        str(obj.get("message") or "").strip(),
        first,
        count,
        obj["metadata"].get("name", ""),
    ]


EVENT_COLUMNS = Columns(
    (
        Column("Last Seen", describes=f"{_EVENT}.lastTimestamp"),
        Column("Type", describes=f"{_EVENT}.type"),
        Column("Reason", describes=f"{_EVENT}.reason"),
        Column("Object", describes=f"{_EVENT}.involvedObject"),
        Column("Subobject", priority=1, describes="io.k8s.api.core.v1.ObjectReference.fieldPath"),
        Column("Source", priority=1, describes=f"{_EVENT}.source"),
        Column("Message", describes=f"{_EVENT}.message"),
        Column("First Seen", priority=1, describes=f"{_EVENT}.firstTimestamp"),
        Column("Count", priority=1, describes=f"{_EVENT}.count"),
        Column(
            "Name",
            format="name",
            priority=1,
            describes="io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta.name",
        ),
    ),
    _cells,
)
