"""Merging values: an applied value laid over a live one, and fields taken out of a value.

Nothing is changed in place; what stays the same is shared with the arguments.
"""

from __future__ import annotations

from typing import Any

from kapi.structuredmerge.fieldpath import SELF, FieldSet
from kapi.structuredmerge.listitems import Duplicates, element_of, index
from kapi.structuredmerge.schema import DEDUCED, ListSchema, MapSchema, Schema, Untyped

__all__ = ["merge", "remove"]

_UNTYPED_MAP = MapSchema(element=lambda: DEDUCED)


def _form(schema: Schema, *values: Any) -> Schema:
    """The schema of an untyped value with parts."""
    if isinstance(schema, Untyped) and not schema.atomic and all(map(_is_map, values)):
        return _UNTYPED_MAP
    return schema


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _member(schema: MapSchema, name: str) -> Schema:
    ref = schema.fields.get(name, schema.element)
    return DEDUCED if ref is None else ref()


def merge(schema: Schema, live: Any, applied: Any) -> Any:
    """The live value with all that the applied one names set to what it says."""
    schema = _form(schema, live, applied)
    if isinstance(schema, MapSchema) and not schema.atomic:
        if not live or not applied:
            return applied if applied or not live else live
        return _merge_maps(schema, live, applied)
    if isinstance(schema, ListSchema) and schema.type != "atomic":
        if not live or not applied:
            return applied if applied or not live else live
        return _merge_lists(schema, live, applied)
    return applied


def _merge_maps(schema: MapSchema, live: dict[str, Any], applied: dict[str, Any]) -> Any:
    out = dict(live)
    for name, value in applied.items():
        if name in live:
            out[name] = merge(_member(schema, name), live[name], value)
        else:
            out[name] = value
    return out


def _merge_lists(schema: ListSchema, live: list[Any], applied: list[Any]) -> list[Any]:
    """Items in the applied order; live items that are not applied stay in front of the next one.

    live a b x c, applied c d a  ->  b x c d a: of the shared items a and c, c is applied first,
    so a moves behind it; b and x keep their place before c.
    """
    element = element_of(schema)
    before, after = index(live, element), index(applied, element)
    waiting = list(after)
    out: list[Any] = []

    def emit(name: str) -> None:
        old, new = before.get(name), after[name]
        if name not in before or old.__class__ is Duplicates:
            out.append(new)
        else:
            out.append(merge(schema.element(), old, new))

    shared = iter([name for name in waiting if name in before])
    following = next(shared, None)
    position = 0
    for item in live:
        name = element(item)
        if name not in after:
            out.append(item)
        elif name == following:
            end = waiting.index(name, position) + 1
            for each in waiting[position:end]:
                emit(each)
            position = end
            following = next(shared, None)
    for each in waiting[position:]:
        emit(each)
    return out


def remove(schema: Schema, value: Any, fields: FieldSet) -> Any:
    """The value without these fields.

    A map that loses its members stays, empty. A list that loses its items goes, which is told by
    None, and with it a map of nothing but such lists.
    """
    if not value or not fields:
        return value
    schema = _form(schema, value)
    if isinstance(schema, MapSchema):
        return value if schema.atomic else _remove_members(schema, value, fields)
    if isinstance(schema, ListSchema):
        return value if schema.type == "atomic" else _remove_items(schema, value, fields)
    return value


def _remove_members(schema: MapSchema, value: dict[str, Any], fields: FieldSet) -> Any:
    out: dict[str, Any] = {}
    lost = False
    for name, item in value.items():
        node = fields.get("f:" + name)
        if node is None:
            out[name] = item
        elif node and SELF not in node:
            left = remove(_member(schema, name), item, node)
            if left is None and item is not None:
                lost = True
            else:
                out[name] = left
    return None if lost and not out else out


def _remove_items(schema: ListSchema, value: list[Any], fields: FieldSet) -> Any:
    element = element_of(schema)
    item_schema = schema.element()
    out: list[Any] = []
    for item in value:
        node = fields.get(element(item))
        if node is None:
            out.append(item)
        elif node and SELF not in node:
            out.append(remove(item_schema, item, node))
    return out or None
