"""Duplicates: whether items of a list cannot be told apart.

A quick look for values that are known to fit their schema but for this; ``validation`` finds out
which items and says so.
"""

from __future__ import annotations

from typing import Any

from kapi.structuredmerge.schema import ListSchema, MapSchema, Schema

__all__ = ["may_have_duplicates"]


def may_have_duplicates(schema: Schema, value: Any) -> bool:
    """False if all items of all sets and keyed lists are distinct; True if some may not be."""
    if value.__class__ is dict:
        return isinstance(schema, MapSchema) and _in_map(schema, value)
    if value.__class__ is list:
        return isinstance(schema, ListSchema) and bool(value) and _in_list(schema, value)
    return False


def _in_map(schema: MapSchema, value: dict[str, Any]) -> bool:
    fields, element = schema.fields, schema.element
    for name, member in value.items():
        if member.__class__ is dict or member.__class__ is list:
            ref = fields.get(name, element)
            if ref is not None and may_have_duplicates(ref(), member):
                return True
    return False


def _in_list(schema: ListSchema, value: list[Any]) -> bool:
    if schema.type == "set":
        return _repeat(value)
    keys = schema.keys
    if schema.type == "map":
        if any(item.__class__ is not dict for item in value):
            return True
        defaults = schema.defaults
        if _repeat([tuple(item.get(key, defaults.get(key)) for key in keys) for item in value]):
            return True
    of_item = schema.element()
    return any(may_have_duplicates(of_item, item) for item in value)


def _repeat(items: list[Any]) -> bool:
    if len(items) < 2:
        return False
    try:
        return len(set(items)) < len(items)
    except TypeError:  # items that are no scalars
        return True
