"""What is wrong with a value that a decoder refused, or that has unknown members.

The slow walk behind ``decode``: it goes over the value in document order with full paths and words
the first type error as Go's JSON decoder does (innermost struct, then the path without indexes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from kapi.apimachinery.scheme.decode import DecodeError
from kapi.apimachinery.scheme.go_names import element_type, go_type, json_kind
from kapi.apimachinery.scheme.model import Type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.scheme.decode import DecoderCompiler
    from kapi.apimachinery.scheme.go_names import GoNames
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["type_error", "unknown_fields"]

_NUMBERS = frozenset({"int32", "int64", "double", "int-or-string"})
# Types in Go that decode themselves: where one fails, nothing more is read.
_OWN_DECODERS = frozenset({"time", "microtime", "duration", "quantity", "int-or-string"})
_STRING = Type("string")
_INTEGER = Type("int32")
_MAX_BYTE = 255


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
    # What is below a union of schemas is read by a decoder of its own, which is not strict.


def type_error(compiler: DecoderCompiler, names: GoNames, kind: Type, value: JSONValue) -> str:
    """The decoder's message for a value of a wrong type; empty when there is none.

    It is the first value that stops the decoder, or else the first of all.
    """
    walk = _TypeErrors(compiler, names)
    return _told(walk.of(kind, value, _Place("", "", go_type(kind)))).text


class _Place(NamedTuple):
    """Where a value stands: the innermost struct, the path, and the declared type of the value."""

    struct: str
    path: str
    type: str
    # Below a union of schemas the struct that is told is the one around it.
    around: str = ""


class _Mistake(NamedTuple):
    """A value of a wrong type; the decoder goes on behind most, and tells the first of these."""

    text: str
    stops: bool = False


def _told(mistakes: Iterator[_Mistake]) -> _Mistake:
    first = None
    for mistake in mistakes:
        if mistake.stops:
            return mistake
        first = first or mistake
    return first or _Mistake("")


class _TypeErrors:
    """The values of a wrong type in document order."""

    def __init__(self, compiler: DecoderCompiler, names: GoNames) -> None:
        self._compiler = compiler
        self._names = names

    def of(self, kind: Type, value: JSONValue, place: _Place) -> Iterator[_Mistake]:
        """The message of each value of a wrong type."""
        if value is None:
            return
        element = kind.element
        if kind.kind == "struct" and isinstance(value, dict):
            yield from self._members(kind, value, place)
        elif element is not None and kind.kind == "list" and isinstance(value, list):
            inner = place._replace(type=element_type(place.type, element))
            for item in value:
                yield from self.of(element, item, inner)
        elif element is not None and kind.kind == "map" and isinstance(value, dict):
            inner = place._replace(type=element_type(place.type, element))
            for item in value.values():
                yield from self.of(element, item, inner)
        elif kind.kind == "bytes" and isinstance(value, list):
            yield from self._byte_list(value, place._replace(type="uint8"))
        elif element is not None and kind.kind.startswith("schema-or-"):
            found = _told(self._union(kind.kind, element, value, place))
            if found.text:
                yield found._replace(stops=True)
        else:
            try:
                self._compiler.decoder(kind)(value, [])
            except DecodeError as error:
                text = error.detail or _mismatch(kind, value, place)
                yield _Mistake(text, stops=kind.kind in _OWN_DECODERS)

    def _byte_list(self, value: list[JSONValue], place: _Place) -> Iterator[_Mistake]:
        for item in value:
            if item is None or (item.__class__ is int and 0 <= item <= _MAX_BYTE):
                continue
            yield _Mistake(_mismatch(_INTEGER, item, place))

    def _union(
        self, union: str, schema: Type, value: JSONValue, place: _Place
    ) -> Iterator[_Mistake]:
        """What stands for schemas is read by itself, whatever it stands in."""
        inner = place._replace(type=go_type(schema), around=place.around or place.struct)
        if isinstance(value, dict):
            yield from self._members(schema, value, inner)
        elif isinstance(value, list) and union == "schema-or-strings":
            for item in value:
                yield from self.of(_STRING, item, inner._replace(type="string"))
        elif isinstance(value, list) and union == "schema-or-array":
            for item in value:
                yield from self.of(schema, item, inner)
        elif union == "schema-or-bool" and not isinstance(value, bool):
            yield _Mistake("boolean or JSON schema expected")

    def _members(self, kind: Type, value: JSONObject, place: _Place) -> Iterator[_Mistake]:
        path = place.path
        for name, item in value.items():
            field = kind.fields.get(name)
            if field is None:
                continue
            # The document's own kind and apiVersion were judged before.
            inner = self._names.field_path(kind, name) if path else name
            at = f"{path}.{inner}" if path else inner
            struct, declared = place.around or kind.go_name, self._names.field_type(kind, name)
            yield from self.of(field.type, item, _Place(struct, at, declared, place.around))


def _mismatch(kind: Type, value: JSONValue, place: _Place) -> str:
    where = f"struct field {place.struct}.{place.path}" if place.struct else "value"
    return f"json: cannot unmarshal {_found(kind, value)} into Go {where} of type {place.type}"


def _found(kind: Type, value: JSONValue) -> str:
    found = json_kind(value)
    if found != "number" or kind.kind not in _NUMBERS:
        return found
    # Patches keep the digits of their numbers for this message.
    return f"number {getattr(value, 'digits', None) or orjson.dumps(value).decode()}"
