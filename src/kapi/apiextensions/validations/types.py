"""Types of schemas: what expressions may do with the values that a schema describes.

Implements "Type checking" of the documentation of validation rules: fields that a schema does not
name are not visible, names that are no identifiers are escaped.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any, TypeAlias

from kapi.cel.keywords import KEYWORDS
from kapi.cel.library.times import duration, timestamp
from kapi.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Type,
    list_of,
    map_of,
    object_type,
)
from kapi.cel.values import CelError, MapList, SetList

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kapi.apimachinery.types import JSONObject

    # From a JSON value to one of expressions.
    Convert: TypeAlias = Callable[[Any], Any]

__all__ = ["Convert", "converter", "escape", "schema_type"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_./\-]*").fullmatch
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_SPECIAL = re.compile(r"__|[.\-/]")
_META = object_type(
    "ObjectMeta", {"name": ("name", STRING), "generateName": ("generateName", STRING)}
)
_FORMATS = {"byte": BYTES, "date": TIMESTAMP, "date-time": TIMESTAMP, "duration": DURATION}
_SCALARS = {"integer": INT, "number": DOUBLE, "boolean": BOOL}


def escape(name: str) -> str | None:
    """The name of a field in expressions; None if none can reach it."""
    if name in KEYWORDS:
        return f"__{name}__"
    if _NAME(name) is None:
        return None
    return _SPECIAL.sub(lambda match: _ESCAPES[match[0]], name)


def schema_type(schema: JSONObject, name: str = "selfType", *, root: bool = False) -> Type | None:
    """The type of the values of a schema; None for those that expressions cannot see."""
    if schema.get("x-kubernetes-int-or-string"):
        return DYN
    kind = schema.get("type")
    if kind == "string":
        return _FORMATS.get(schema.get("format") or "", STRING)
    if kind == "array":
        items = schema.get("items")
        item = schema_type(items, f"{name}.@idx") if isinstance(items, dict) else None
        return None if item is None else list_of(item)
    if kind == "object":
        return _object(schema, name, resource=root)
    return _SCALARS.get(kind or "")


def _object(schema: JSONObject, name: str, *, resource: bool) -> Type | None:
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        value = schema_type(additional, f"{name}.@elem")
        return None if value is None else map_of(STRING, value)
    resource = resource or bool(schema.get("x-kubernetes-embedded-resource"))
    properties: Mapping[str, JSONObject] = schema.get("properties") or {}
    fields: dict[str, tuple[str, Type]] = {}
    for field, part in properties.items():
        kind = schema_type(part, f"{name}.{field}")
        escaped = escape(field)
        if kind is None or escaped is None:
            continue
        fields[escaped] = (field, kind)
        if field in KEYWORDS:
            fields[field] = (field, kind)
    if resource:
        fields["apiVersion"], fields["kind"] = ("apiVersion", STRING), ("kind", STRING)
        fields["metadata"] = ("metadata", _META)
    return object_type(name, fields)


def converter(schema: JSONObject) -> Convert | None:
    """What makes JSON values those of expressions; None where they are the same."""
    kind = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        return None
    if kind == "string":
        return _STRINGS.get(schema.get("format") or "")
    if kind == "number":
        return lambda value: float(value) if value.__class__ is int else value
    if kind == "array":
        return _list_converter(schema)
    if kind == "object":
        return _object_converter(schema)
    return None


def _date(value: Any) -> Any:
    text = f"{value}T00:00:00Z" if isinstance(value, str) and "T" not in value else value
    return timestamp(text)


def _loosely(convert: Convert) -> Convert:
    """Texts that do not parse stay what they are: their format is refused elsewhere."""

    def call(value: Any) -> Any:
        try:
            return convert(value) if isinstance(value, str) else value
        except (CelError, ValueError):
            return value

    return call


_STRINGS: dict[str, Convert] = {
    "byte": _loosely(lambda value: b64decode(value + "=" * (-len(value) % 4))),
    "date": _loosely(_date),
    "date-time": _loosely(timestamp),
    "duration": _loosely(duration),
}


def _list_converter(schema: JSONObject) -> Convert | None:
    items = schema.get("items")
    each = converter(items) if isinstance(items, dict) else None
    list_type = schema.get("x-kubernetes-list-type")
    make: Callable[[list[Any]], list[Any]] | None = None
    if list_type == "set":
        make = SetList
    elif list_type == "map":
        keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())

        def make(values: list[Any]) -> list[Any]:
            return MapList(values, keys)

    if each is None and make is None:
        return None

    def convert(value: Any) -> Any:
        if value.__class__ is not list:
            return value
        values = [each(item) for item in value] if each is not None else value
        return make(values) if make is not None else values

    return convert


def _object_converter(schema: JSONObject) -> Convert | None:
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        each = converter(additional)
        if each is None:
            return None
        return lambda value: (
            {key: each(item) for key, item in value.items()} if value.__class__ is dict else value
        )
    properties: Mapping[str, JSONObject] = schema.get("properties") or {}
    parts = {
        name: convert
        for name, part in properties.items()
        if (convert := converter(part)) is not None
    }
    nullable = [name for name, part in properties.items() if part.get("nullable")]
    if not parts and not nullable:
        return None

    def convert_object(value: Any) -> Any:
        if value.__class__ is not dict:
            return value
        if any(name in value and value[name] is None for name in nullable):
            # A member that is null is one that expressions do not see.
            value = {name: item for name, item in value.items() if item is not None}
        changed = {name: parts[name](value[name]) for name in parts if name in value}
        return {**value, **changed} if changed else value

    return convert_object
