"""Restoring: typed objects out of the untyped result of a strategic merge patch.

That way into an object is not the JSON decoder: it takes whole numbers that are written with a
fraction, cuts integers to the size of their field, goes through members in the order of their
declaration, and words what does not fit in its own way. Only results that the decoder refuses come
here.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

import orjson

from kapi.apimachinery.scheme.decode import DecodeError
from kapi.apimachinery.scheme.go_names import element_type, go_type, json_kind
from kapi.apimachinery.scheme.model import Type

if TYPE_CHECKING:
    from kapi.apimachinery.scheme.declaration_order import DeclarationOrder
    from kapi.apimachinery.scheme.decode import DecoderCompiler
    from kapi.apimachinery.scheme.go_names import GoNames
    from kapi.apimachinery.types import JSONValue

__all__ = ["Restorer"]

_INT64_MIN: Final = -(1 << 63)
# How many bits an integer field has, and the Go kinds of fields that hold one value.
_BITS: Final = {"int32": 32, "int64": 64}
_OCTET: Final = Type("int64")
_KINDS: Final = {"boolean": "bool", "double": "float64", "duration": "string"}
# Types that read themselves out of JSON, with the Go type that their readers name.
_SELF_READING: Final = {
    "time": "string",
    "microtime": "string",
    "duration": "string",
    "quantity": "",
    "int-or-string": "int32",
}


class Restorer:
    """Restores values of one version's types."""

    def __init__(self, compiler: DecoderCompiler, names: GoNames, order: DeclarationOrder) -> None:
        self._compiler = compiler
        self._names = names
        self._order = order

    def restore(self, kind: Type, value: JSONValue, named: str = "") -> JSONValue:
        """The value as the decoder takes it; ``named`` is its declared Go type.

        Raises:
            DecodeError: it does not fit the type.
        """
        if value is None or kind.kind == "any":
            return value
        if kind.kind == "struct":
            return self._struct(kind, value)
        named = named or go_type(kind)
        if kind.element is not None and kind.kind in ("map", "list"):
            inner = element_type(named, kind.element)
            if kind.kind == "map":
                items = _checked(value, dict, "map from").items()
                return {key: self.restore(kind.element, item, inner) for key, item in items}
            items = _checked(value, list, "slice from")
            return [self.restore(kind.element, item, inner) for item in items]
        if kind.kind == "bytes":
            return self._bytes(kind, value)
        if kind.kind in _SELF_READING or kind.element is not None:
            return self._self_reading(kind, value)
        return _scalar(kind, value, named)

    def _struct(self, kind: Type, value: JSONValue) -> JSONValue:
        members = _checked(value, dict, "struct from:")
        restored = {**members}
        for name in self._order.names(kind):
            if members.get(name) is not None:
                field = kind.fields[name]
                named = self._names.field_type(kind, name)
                restored[name] = self.restore(field.type, members[name], named)
        return restored

    def _bytes(self, kind: Type, value: JSONValue) -> JSONValue:
        if not isinstance(value, str):
            items = _checked(value, list, "slice from")
            octets = [_scalar(_OCTET, item, "uint8") for item in items]
            return base64.b64encode(bytes(octet & 0xFF for octet in octets)).decode()
        try:
            self._compiler.decoder(kind)(value, [])
        except DecodeError as error:
            raise DecodeError(f"error decoding from json: {error.detail}") from None
        return value

    def _self_reading(self, kind: Type, value: JSONValue) -> JSONValue:
        try:
            self._compiler.decoder(kind)(value, [])
        except DecodeError as error:
            wanted = _SELF_READING.get(kind.kind, "")
            text = f"json: cannot unmarshal {_found(value, wanted)} into Go value of type {wanted}"
            raise DecodeError(error.detail or text) from None
        return value


def _found(value: JSONValue, wanted: str) -> str:
    found = json_kind(value)
    if found == "number" and wanted == "int32":
        return f"number {orjson.dumps(value).decode()}"
    return found


def _checked(value: JSONValue, wanted: type, what: str) -> JSONValue:
    if not isinstance(value, wanted):
        raise DecodeError(f"cannot restore {what} {_kind_of(value)}")
    return value


def _kind_of(value: JSONValue) -> str:
    """Go's kind of a value that was read into an untyped map."""
    if isinstance(value, dict):
        return "map"
    if isinstance(value, list):
        return "slice"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    in_range = isinstance(value, int) and _INT64_MIN <= value < -_INT64_MIN
    return "int64" if in_range else "float64"


def _scalar(kind: Type, value: JSONValue, named: str) -> JSONValue:
    """A text, boolean or number; numbers are converted to each other, nothing else is."""
    found, wanted = _kind_of(value), _KINDS.get(kind.kind, kind.kind)
    if found == wanted:
        return value
    number = found in ("int64", "float64")
    if number and wanted in (*_BITS, "float64"):
        if found == "float64" and wanted in _BITS and value != int(value):
            raise DecodeError(f"cannot convert {found} to {named}")
        return value if wanted == "float64" else _cut(int(value), found, _BITS[wanted])
    if found == "int64" and wanted == "string":  # Go could, but to a character
        raise DecodeError(f"cannot convert {found} to {named}")
    raise DecodeError(f"unrecognized type: {wanted}")


def _cut(value: int, found: str, bits: int) -> int:
    """An integer in so many bits; a float beyond 64 bits counts as the smallest integer."""
    if found == "float64" and not _INT64_MIN <= value < -_INT64_MIN:
        value = _INT64_MIN
    half = 1 << bits - 1
    return (value + half) % (2 * half) - half
