"""Atomic values: the parts of an applied value that would replace what is there as a whole."""

from __future__ import annotations

from typing import Any

from kapi.structuredmerge.schema import ListSchema, MapSchema, Schema, Untyped

__all__ = ["atomic_paths"]


def atomic_paths(schema: Schema, value: Any) -> list[str]:
    """The paths of all atomic lists, maps and structs in a valid value: ``.spec.args``.

    Members of maps without named fields are not looked into, nor is what has no schema.
    """
    found: list[str] = []
    _find(schema, value, "", found)
    return found


def _find(schema: Schema, value: Any, path: str, found: list[str]) -> None:
    if isinstance(value, dict):
        if isinstance(schema, Untyped) and schema.atomic:
            found.append(path)
        elif isinstance(schema, MapSchema):
            if schema.atomic:
                found.append(path)
            for name, member in value.items():
                field = schema.fields.get(name)
                if field is not None:
                    _find(field(), member, f"{path}.{name}", found)
    elif isinstance(value, list):
        if isinstance(schema, Untyped):
            found.append(path)
        elif isinstance(schema, ListSchema):
            if schema.type == "atomic":
                found.append(path)
            for number, item in enumerate(value):
                _find(schema.element(), item, f"{path}[{number}]", found)
