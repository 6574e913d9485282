"""FieldSets of values: which fields an applied value names."""

from __future__ import annotations

from typing import Any

from kapi.structuredmerge.fieldpath import LEAF, SELF, FieldSet
from kapi.structuredmerge.listitems import element_of
from kapi.structuredmerge.schema import DEDUCED, ListSchema, MapSchema, Schema, Untyped

__all__ = ["field_set", "reconcile", "with_named_members"]


def field_set(schema: Schema, value: Any) -> FieldSet:
    """The fields that an object names: its scalars and atomic values, items of lists, map entries.

    A struct or list is not named by having members; an empty or null one is.
    """
    return _node(schema, value) or LEAF


def _node(schema: Schema, value: Any) -> FieldSet | None:
    """The node of a value whose own path is named only when it is a leaf."""
    if isinstance(schema, Untyped):
        schema = _UNTYPED_MAP if isinstance(value, dict) and not schema.atomic else _UNTYPED_LEAF
    if isinstance(schema, MapSchema) and not schema.atomic:
        return _map_node(schema, value) if value else LEAF
    if isinstance(schema, ListSchema) and schema.type != "atomic":
        if not value:
            return LEAF if value is None else None
        return _list_node(schema, value)
    return LEAF


_UNTYPED_MAP = MapSchema(element=lambda: DEDUCED)
_UNTYPED_LEAF = MapSchema(atomic=True)


def _map_node(schema: MapSchema, value: dict[str, Any]) -> FieldSet | None:
    out: FieldSet = {}
    for name in sorted(value):
        ref = schema.fields.get(name)
        if ref is not None:
            node = _node(ref(), value[name])
            if node is not None:
                out["f:" + name] = node
        else:
            item_schema = schema.element() if schema.element else DEDUCED
            out["f:" + name] = _with_self(_node(item_schema, value[name]))
    return out or None


def _list_node(schema: ListSchema, value: list[Any]) -> FieldSet:
    element = element_of(schema)
    item_schema = schema.element()
    out: FieldSet = {}
    for item in value:
        name = element(item)
        out[name] = LEAF if name in out else _with_self(_node(item_schema, item))
    return out


def _with_self(node: FieldSet | None) -> FieldSet:
    if not node or SELF in node:
        return node or LEAF
    return {SELF: LEAF, **node}


def with_named_members(schema: Schema, fields: FieldSet) -> FieldSet:
    """The set with each struct member on the way to a field added as a field of its own.

    Removing what is left of a struct needs this: a member without fields should go as well.
    """
    if isinstance(schema, Untyped):
        schema = _UNTYPED_MAP
    out: FieldSet = {}
    for element, node in fields.items():
        if not node:
            out[element] = node
            continue
        named = isinstance(schema, MapSchema) and element[2:] in schema.fields
        inner = _below(schema, element) or DEDUCED
        below = with_named_members(inner, node)
        out[element] = _with_self(below) if named else below
    return out


def reconcile(schema: Schema, fields: FieldSet) -> FieldSet:
    """The set after the schema changed: parts of what is atomic now become the whole.

    The other direction needs nothing: who owned the whole goes on owning just that.
    """
    if isinstance(schema, Untyped):
        return fields
    out: FieldSet = {}
    for element, node in fields.items():
        below = _below(schema, element) if node else None
        if below is None:
            out[element] = node
        elif isinstance(below, MapSchema):
            out[element] = LEAF if below.atomic else reconcile(below, node)
        elif isinstance(below, ListSchema):
            out[element] = LEAF if below.type == "atomic" else reconcile(below, node)
        else:
            out[element] = node
    return out


def _below(schema: Schema, element: str) -> Schema | None:
    ref = None
    if isinstance(schema, MapSchema):
        ref = schema.fields.get(element[2:], schema.element)
    elif isinstance(schema, ListSchema):
        ref = schema.element
    return None if ref is None else ref()
