"""Pruning without defaulting: a value without the fields that its schema does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apiextensions.schema.reading import compile_reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["compile_pruner", "prune"]


def compile_pruner(schema: JSONObject, *, root: bool = False) -> Callable[[JSONValue], JSONValue]:
    """A function that takes unknown fields out of copies of values."""
    read = compile_reader(_shape(schema), _as_it_is, root=root)
    return lambda value: read(value, [])


def _as_it_is(metadata: JSONValue, unknown: list[str]) -> JSONValue:
    return metadata


def prune(value: JSONValue, schema: JSONObject, *, root: bool = False) -> JSONValue:
    """The value without unknown fields; nulls and missing fields stay as they are."""
    return compile_pruner(schema, root=root)(value)


def _shape(schema: JSONObject) -> JSONObject:
    """A schema that knows the same fields, has no defaults and keeps nulls."""
    shape: JSONObject = {"nullable": True}
    for keyword, value in schema.items():
        if keyword == "properties":
            shape[keyword] = {name: _shape(part) for name, part in value.items()}
        elif keyword in {"items", "additionalProperties"} and isinstance(value, dict):
            shape[keyword] = _shape(value)
        elif keyword not in {"default", "nullable"}:
            shape[keyword] = value
    return shape
