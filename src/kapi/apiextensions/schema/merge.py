"""From structural schemas to the schemas of server-side apply.

Implements "Merge strategy" and "Custom resources" of the documentation of Server-Side Apply:
list and map types decide what is merged by its parts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from kapi.structuredmerge.schema import (
    DEDUCED,
    ListSchema,
    MapSchema,
    ScalarSchema,
    Schema,
    SchemaRef,
    Untyped,
)

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["merge_schema"]

_STRING = ScalarSchema("string")
_SCALARS: dict[str, Schema] = {
    "string": _STRING,
    "integer": ScalarSchema("numeric"),
    "number": ScalarSchema("numeric"),
    "boolean": ScalarSchema("boolean"),
}
_INT_OR_STRING = ScalarSchema("untyped")


def merge_schema(schema: JSONObject, object_meta: SchemaRef, *, root: bool = False) -> Schema:
    """The schema of a node; ``root`` has apiVersion, kind and metadata without saying so."""
    if schema.get("x-kubernetes-int-or-string"):
        return _INT_OR_STRING
    kind = schema.get("type") or ""
    if kind == "object" or schema.get("properties") or root:
        return _map(schema, object_meta, root=root)
    if kind == "array":
        return _list(schema, object_meta)
    return _SCALARS.get(kind, DEDUCED)


def _ref(schema: JSONObject, object_meta: SchemaRef) -> SchemaRef:
    return cache(lambda: merge_schema(schema, object_meta))


def _map(schema: JSONObject, object_meta: SchemaRef, *, root: bool) -> Schema:
    atomic = schema.get("x-kubernetes-map-type") == "atomic"
    fields = {
        name: _ref(part, object_meta) for name, part in (schema.get("properties") or {}).items()
    }
    additional = schema.get("additionalProperties")
    element: SchemaRef | None = None
    if isinstance(additional, dict):
        element = _ref(additional, object_meta)
    elif additional is True or schema.get("x-kubernetes-preserve-unknown-fields"):
        if not fields and not root and not schema.get("x-kubernetes-embedded-resource"):
            return Untyped(atomic=atomic)
        element = _deduced
    if root or schema.get("x-kubernetes-embedded-resource"):
        fields["apiVersion"] = fields["kind"] = _string
        fields["metadata"] = object_meta
    return MapSchema(fields, element, atomic)


def _deduced() -> Schema:
    return DEDUCED


def _string() -> Schema:
    return _STRING


def _list(schema: JSONObject, object_meta: SchemaRef) -> ListSchema:
    items: JSONObject = schema.get("items") or {}
    element = _ref(items, object_meta)
    list_type = schema.get("x-kubernetes-list-type") or "atomic"
    if list_type == "map":
        keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
        return ListSchema(element, "map", keys, _key_defaults(keys, items))
    return ListSchema(element, "set" if list_type == "set" else "atomic")


def _key_defaults(keys: tuple[str, ...], items: JSONObject) -> dict[str, JSONValue]:
    properties = items.get("properties") or {}
    return {
        key: properties[key]["default"]
        for key in keys
        if properties.get(key, {}).get("default") is not None
    }
