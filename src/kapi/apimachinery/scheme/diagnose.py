"""What is wrong with a value that a decoder refused, or that has unknown members.

The slow walk behind ``decode``: it goes over the value in document order with full paths and words
the first type error as Go's JSON decoder does (innermost struct, then the path without indexes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from kapi.apimachinery.scheme.decode import DecodeError
from kapi.apimachinery.scheme.go_names import element_type, go_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.scheme.decode import DecoderCompiler
    from kapi.apimachinery.scheme.go_names import GoNames
    from kapi.apimachinery.scheme.model import Type
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["type_error", "unknown_fields"]

_NUMBERS = frozenset({"int32", "int64", "double", "int-or-string"})


def unknown_fields(kind: Type, value: JSONValue, path: str = "") -> Iterator[str]:
    """The path of each member that the Type does not know (``spec.containers[0].foo``)."""
    if kind.kind == "struct" and isinstance(value, dict):
        for name, item in value.items():
            at = f"{path}.{name}" if path else name
            field = kind.fields.get(name)
            if field is None:
                yield at
            else:
                yield from unknown_fields(field.type, item, at)
    elif kind.kind == "list" and isinstance(value, list) and kind.element is not None:
        for index, item in enumerate(value):
            yield from unknown_fields(kind.element, item, f"{path}[{index}]")
    elif kind.kind == "map" and isinstance(value, dict) and kind.element is not None:
        for key, item in value.items():
            yield from unknown_fields(kind.element, item, f"{path}.{key}")
    elif kind.element is not None and kind.kind.startswith("schema-or-"):
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, dict):
                yield from unknown_fields(kind.element, item, path)


def type_error(compiler: DecoderCompiler, names: GoNames, kind: Type, value: JSONValue) -> str:
    """The decoder's message for the first value of a wrong type; empty when there is none."""
    walk = _TypeErrors(compiler, names)
    return next(walk.of(kind, value, _Place("", "", go_type(kind))), "")


class _Place(NamedTuple):
    """Where a value stands: the innermost struct, the path, and the declared type of the value."""

    struct: str
    path: str
    type: str


class _TypeErrors:
    """The values of a wrong type in document order."""

    def __init__(self, compiler: DecoderCompiler, names: GoNames) -> None:
        self._compiler = compiler
        self._names = names

    def of(self, kind: Type, value: JSONValue, place: _Place) -> Iterator[str]:
        """The message of each value of a wrong type."""
        if value is None:
            return
        if kind.kind == "struct" and isinstance(value, dict):
            yield from self._members(kind, value, place.path)
        elif kind.element is not None and kind.kind == "list" and isinstance(value, list):
            inner = place._replace(type=element_type(place.type, kind.element))
            for item in value:
                yield from self.of(kind.element, item, inner)
        elif kind.element is not None and kind.kind == "map" and isinstance(value, dict):
            inner = place._replace(type=element_type(place.type, kind.element))
            for item in value.values():
                yield from self.of(kind.element, item, inner)
        else:
            try:
                self._compiler.decoder(kind)(value, [])
            except DecodeError as error:
                yield error.detail or _mismatch(kind, value, place)

    def _members(self, kind: Type, value: JSONObject, path: str) -> Iterator[str]:
        for name, item in value.items():
            field = kind.fields.get(name)
            if field is None:
                continue
            # The document's own kind and apiVersion were judged before.
            inner = self._names.field_path(kind, name) if path else name
            at = f"{path}.{inner}" if path else inner
            place = _Place(kind.go_name, at, self._names.field_type(kind, name))
            yield from self.of(field.type, item, place)


def _mismatch(kind: Type, value: JSONValue, place: _Place) -> str:
    where = f"struct field {place.struct}.{place.path}" if place.struct else "value"
    return f"json: cannot unmarshal {_found(kind, value)} into Go {where} of type {place.type}"


def _found(kind: Type, value: JSONValue) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    return f"number {orjson.dumps(value).decode()}" if kind.kind in _NUMBERS else "number"
