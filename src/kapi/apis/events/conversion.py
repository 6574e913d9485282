"""Event: conversion between events.k8s.io/v1 and the stored form, which is core v1."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["event_from_core", "event_to_core"]

# Members of events.k8s.io/v1 and of core v1 in the order of core v1.
_MEMBERS = (
    ("regarding", "involvedObject"),
    ("reason", "reason"),
    ("note", "message"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
    ("type", "type"),
    ("eventTime", "eventTime"),
    ("series", "series"),
    ("action", "action"),
    ("related", "related"),
    ("reportingController", "reportingComponent"),
    ("reportingInstance", "reportingInstance"),
)
# The same in the order of events.k8s.io/v1.
_NEW_ORDER = (
    "eventTime",
    "series",
    "reportingController",
    "reportingInstance",
    "action",
    "reason",
    "regarding",
    "related",
    "note",
    "type",
    "deprecatedSource",
    "deprecatedFirstTimestamp",
    "deprecatedLastTimestamp",
    "deprecatedCount",
)
_CORE_NAMES = dict(_MEMBERS)
# What each version writes even when it is not set.
_CORE_ALWAYS: JSONObject = {
    "involvedObject": {},
    "source": {},
    "firstTimestamp": None,
    "lastTimestamp": None,
    "eventTime": None,
    "reportingComponent": "",
    "reportingInstance": "",
}
_NEW_ALWAYS: JSONObject = {
    "eventTime": None,
    "regarding": {},
    "deprecatedSource": {},
    "deprecatedFirstTimestamp": None,
    "deprecatedLastTimestamp": None,
}


def event_to_core(obj: JSONObject) -> JSONObject:
    """An events.k8s.io/v1 Event as core v1."""
    core = _head(obj)
    for name, core_name in _MEMBERS:
        _move(obj.get(name), core, core_name, _CORE_ALWAYS)
    return core


def event_from_core(obj: JSONObject) -> JSONObject:
    """A core v1 Event as events.k8s.io/v1."""
    new = _head(obj)
    for name in _NEW_ORDER:
        _move(obj.get(_CORE_NAMES[name]), new, name, _NEW_ALWAYS)
    return new


def _head(obj: JSONObject) -> JSONObject:
    return {name: obj[name] for name in ("kind", "apiVersion", "metadata") if name in obj}


def _move(value: object, target: JSONObject, name: str, always: JSONObject) -> None:
    if value or (value is not None and name in ("series", "related")):
        target[name] = value
    elif name in always:
        empty = always[name]
        target[name] = {} if empty == {} else empty
