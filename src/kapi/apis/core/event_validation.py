"""Event: validation, by the version that the client uses.

Core v1 clients may write nearly anything; events.k8s.io/v1 clients write complete events that
hardly change. Errors name the core fields in both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.gostruct import GoStruct

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "validate_core_event",
    "validate_new_event",
    "validate_new_event_update",
]

_MAX_NOTE_BYTES = 1024
_MAX_TEXT_BYTES = 128
_MISMATCH = "does not match event.namespace"

OBJECT_REFERENCE = GoStruct(
    kind=("Kind", "", None),
    namespace=("Namespace", "", None),
    name=("Name", "", None),
    uid=("UID", "", None),
    apiVersion=("APIVersion", "", None),
    resourceVersion=("ResourceVersion", "", None),
    fieldPath=("FieldPath", "", None),
)


def validate_core_event(
    obj: JSONObject, errors: ErrorList, *, controller_field: str = "reportingComponent"
) -> None:
    """Append what is wrong for every client; complete fields are asked of new-style events."""
    namespace = obj["metadata"].get("namespace") or ""
    involved = (obj.get("involvedObject") or {}).get("namespace") or ""
    path = "involvedObject.namespace"
    if not obj.get("eventTime"):
        # An event about a cluster-scoped object lives in namespace default.
        matches = namespace == involved if involved else namespace in ("", "default")
        if not matches:
            errors.invalid(path, involved, _MISMATCH)
    else:
        if not involved and namespace not in ("default", "kube-system"):
            errors.invalid(path, involved, _MISMATCH)
        _validate_reporter(obj, controller_field, errors)
    errors.invalid_each("namespace", namespace, names.dns1123_subdomain(namespace))


def _validate_reporter(obj: JSONObject, controller_field: str, errors: ErrorList) -> None:
    controller = obj.get("reportingComponent") or ""
    if not controller:
        errors.required(controller_field)
    errors.invalid_each(controller_field, controller, names.qualified_name(controller))
    for name in ("reportingInstance", "action", "reason"):
        text = obj.get(name) or ""
        if not text:
            errors.required(name)
        if _size(text) > _MAX_TEXT_BYTES:
            errors.invalid(name, "", f"can have at most {_MAX_TEXT_BYTES} characters")
    if _size(obj.get("message") or "") > _MAX_NOTE_BYTES:
        errors.invalid("message", "", f"can have at most {_MAX_NOTE_BYTES} characters")


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def validate_new_event(obj: JSONObject, errors: ErrorList) -> None:
    """Append what is wrong with an event created through events.k8s.io/v1."""
    validate_core_event(obj, errors, controller_field="reportingController")
    _validate_series(obj, errors)
    if not obj.get("eventTime"):
        errors.required("eventTime")
    kind = obj.get("type") or ""
    if kind not in ("Normal", "Warning"):
        errors.invalid("type", "", f"has invalid value: {kind}")
    for name in ("firstTimestamp", "lastTimestamp", "count"):
        if obj.get(name):
            errors.invalid(name, "", "needs to be unset")
    source = obj.get("source") or {}
    if source.get("component") or source.get("host"):
        errors.invalid("source", "", "needs to be unset")


def _validate_series(obj: JSONObject, errors: ErrorList) -> None:
    series = obj.get("series")
    if series is None:
        return
    if (series.get("count") or 0) < 2:
        errors.invalid("series.count", "", "should be at least 2")
    if not series.get("lastObservedTime"):
        errors.required("series.lastObservedTime")


# What a change through events.k8s.io/v1 leaves alone, in the order of the answer, where
# ``reason`` stands twice.
_FIXED = (
    ("involvedObject", "involvedObject", OBJECT_REFERENCE.show),
    ("reason", "reason", None),
    ("message", "message", None),
    ("firstTimestamp", "firstTimestamp", None),
    ("lastTimestamp", "lastTimestamp", None),
    ("count", "count", None),
    ("reason", "reason", None),
    ("type", "type", None),
    ("eventTime", "eventTime", None),
    ("action", "action", None),
    ("related", "related", OBJECT_REFERENCE.show_pointer),
    ("reportingComponent", "reportingController", None),
    ("reportingInstance", "reportingInstance", None),
)
_ZERO = {"firstTimestamp": None, "lastTimestamp": None, "eventTime": None, "count": 0}


def validate_new_event_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Append what is wrong with a change made through events.k8s.io/v1."""
    validate_core_event(obj, errors, controller_field="reportingController")
    if obj.get("series") != old.get("series"):
        _validate_series(obj, errors)
    for name, path, show in _FIXED:
        value, before = obj.get(name) or None, old.get(name) or None
        if value != before:
            if show is not None:
                value = show(value)
            elif value is None:
                value = _ZERO.get(name, "")
            errors.invalid(path, value, "field is immutable")
