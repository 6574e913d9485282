"""Decoders: functions compiled from Types that read a JSON value as Go would.

A decoder returns a new value without unknown members, with members in the form that a Go server
would write back: zero values of ``omitempty`` members are dropped, members without it are always
there, times and quantities are canonical. It raises :class:`DecodeError` at the first value of a
wrong type and appends the name of each unknown member to ``unknown``; the exact text and path of
either are found by a second, slower walk (see ``diagnose``), which valid objects never pay for.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from kapi.apimachinery import quantity
from kapi.apimachinery.scheme.times import read_time
from kapi.apimachinery.types import JSONValue

if TYPE_CHECKING:
    from kapi.apimachinery.scheme.model import Field, Type

__all__ = ["DecodeError", "Decoder", "DecoderCompiler"]

# (value, unknown) -> value. A member decoder may return _OMIT.
Decoder: TypeAlias = Callable[[JSONValue, list[str]], JSONValue]


class _Omit:
    __slots__ = ()


_OMIT: Final = _Omit()
_INT_LIMITS = {"int32": 1 << 31, "int64": 1 << 63}


class DecodeError(ValueError):
    """A value has the wrong type; ``detail`` is the parser's message where there is one."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


def _string(value: JSONValue, unknown: list[str]) -> JSONValue:
    if value.__class__ is str:
        return value
    if value is None:
        return ""
    raise DecodeError


def _boolean(value: JSONValue, unknown: list[str]) -> JSONValue:
    if value.__class__ is bool:
        return value
    if value is None:
        return False
    raise DecodeError


def _integer(limit: int) -> Decoder:
    def decode(value: JSONValue, unknown: list[str]) -> JSONValue:
        if value.__class__ is int and -limit <= value < limit:
            return value
        if value is None:
            return 0
        raise DecodeError

    return decode


def _double(value: JSONValue, unknown: list[str]) -> JSONValue:
    if value.__class__ is int or value.__class__ is float:
        return value
    if value is None:
        return 0
    if isinstance(value, float):  # one that knows its digits
        return float(value)
    raise DecodeError


def _bytes(value: JSONValue, unknown: list[str]) -> JSONValue:
    if value.__class__ is not str:
        if value is None:
            return None
        return _byte_list(value)
    if "\n" in value or "\r" in value:
        value = value.replace("\n", "").replace("\r", "")
    try:
        data = binascii.a2b_base64(value.encode("ascii"), strict_mode=True)
    except (ValueError, binascii.Error):
        raise DecodeError(f"illegal base64 data at input byte {_bad_base64_at(value)}") from None
    # Bits of the last character that mean nothing may be set; they do not come back.
    return binascii.b2a_base64(data, newline=False).decode() if value[-1:] == "=" else value


def _byte_list(value: JSONValue) -> JSONValue:
    """Bytes may be given one by one, too; a null is a zero."""
    if not isinstance(value, list):
        raise DecodeError
    try:
        raw = bytes(0 if item is None else _byte(item) for item in value)
    except ValueError:
        raise DecodeError from None
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def _byte(item: JSONValue) -> int:
    if item.__class__ is not int:
        raise DecodeError
    return item


_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def _bad_base64_at(text: str) -> int:
    """Where Go's decoder stops: at a wrong character, after the padding, or at a cut-off group."""
    size = len(text)
    for index, char in enumerate(text):
        if char in _BASE64:
            continue
        place = index % 4
        if char != "=" or place < 2:
            return index
        if place == 3:
            return index + 1
        if index + 1 == size:
            return size
        return index if text[index + 1] != "=" else index + 2
    return size - size % 4


# A time without fraction in UTC: 2006-01-02T15:04:05Z.
_PLAIN_LENGTH = 20


def parse_rfc3339(text: str) -> datetime:
    """Read RFC 3339 text strictly enough to tell it from other ISO 8601 forms."""
    if len(text) < _PLAIN_LENGTH or (text[4], text[10], text[13], text[16]) != ("-", "T", ":", ":"):
        raise ValueError(text)
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(text)
    return parsed.astimezone(UTC)


def _time(value: JSONValue, unknown: list[str]) -> JSONValue:
    if value is None:
        return None
    if value.__class__ is not str:
        raise DecodeError
    parsed = _parsed_or_none(value) or _read_time(value, micro=False)
    return parsed.strftime("%Y-%m-%dT%H:%M:%SZ") if len(value) != _PLAIN_LENGTH else value


# Seconds end at this column; a point and six digits of fraction follow.
_SECONDS_END = 19
_FRACTION_LENGTH = 7


def _micro_time(value: JSONValue, unknown: list[str]) -> JSONValue:
    if value is None:
        return None
    if value.__class__ is not str:
        raise DecodeError
    parsed = _parsed_or_none(value)
    fraction = value[_SECONDS_END:].rstrip("Z").partition("+")[0].partition("-")[0]
    if parsed is None or len(fraction) != _FRACTION_LENGTH:
        parsed = _read_time(value, micro=True)
    return parsed.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _read_time(text: str, *, micro: bool) -> datetime:
    try:
        return read_time(text, micro=micro)
    except ValueError as error:
        raise DecodeError(str(error)) from None


def _parsed_or_none(text: str) -> datetime | None:
    try:
        return parse_rfc3339(text)
    except ValueError:
        return None


def _quantity(value: JSONValue, unknown: list[str]) -> JSONValue:
    if value is None:
        return "0"
    if isinstance(value, (str, int, float)) and value.__class__ is not bool:
        try:
            return quantity.canonical(value)
        except ValueError as error:
            raise DecodeError(str(error)) from None
    raise DecodeError(
        "quantities must match the regular expression "
        "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )


def _int_or_string(value: JSONValue, unknown: list[str]) -> JSONValue:
    if value.__class__ is str:
        return value
    if value.__class__ is int and -(1 << 31) <= value < 1 << 31:
        return value
    if value is None:
        return 0
    raise DecodeError


def _any(value: JSONValue, unknown: list[str]) -> JSONValue:
    return value


_SCALARS: dict[str, Decoder] = {
    "string": _string,
    "boolean": _boolean,
    "int32": _integer(_INT_LIMITS["int32"]),
    "int64": _integer(_INT_LIMITS["int64"]),
    "double": _double,
    "bytes": _bytes,
    "time": _time,
    "microtime": _micro_time,
    "duration": _string,
    "quantity": _quantity,
    "int-or-string": _int_or_string,
    "any": _any,
}
# What Go writes for a member that is not a pointer and was never set.
_ZERO: dict[str, JSONValue] = {
    "string": "",
    "boolean": False,
    "int32": 0,
    "int64": 0,
    "double": 0,
    "duration": "0s",
    "quantity": "0",
    "int-or-string": 0,
}
# Go structs behind one JSON scalar: omitempty never drops them.
_STRUCT_LIKE = frozenset({"struct", "quantity", "int-or-string", "time", "microtime", "any"})
_UNIONS = frozenset({"schema-or-bool", "schema-or-array", "schema-or-strings"})
# Stored as JSON and not as protobuf, and so without losing the difference of null and empty.
_KEEPS_EMPTY = "io.k8s.apiextensions-apiserver."


class DecoderCompiler:
    """Compiles and keeps the decoders of the Types of one Scheme."""

    def __init__(self) -> None:
        self._decoders: dict[int, Decoder] = {}
        self._kept: list[Type] = []  # ids stay unique while their Types live

    def decoder(self, kind: Type) -> Decoder:
        """The decoder of a value that stands alone, in a list or in a map."""
        found = self._decoders.get(id(kind))
        if found is None:
            self._kept.append(kind)
            found = self._compile(kind)
            self._decoders[id(kind)] = found
        return found

    def _compile(self, kind: Type) -> Decoder:
        scalar = _SCALARS.get(kind.kind)
        if scalar is not None:
            return scalar
        if kind.kind == "struct":
            return self._struct(kind)
        assert kind.element is not None
        if kind.kind == "list":
            return _list(self._item(kind.element))
        if kind.kind == "map":
            return _map(self._item(kind.element))
        return _union(kind.kind, self.decoder(kind.element))

    def _item(self, kind: Type) -> Decoder:
        return _present_bytes if kind.kind == "bytes" else self.decoder(kind)

    def _struct(self, kind: Type) -> Decoder:
        members: dict[str, Decoder] = {}
        always: list[tuple[str, Callable[[], JSONValue]]] = []

        def decode(value: JSONValue, unknown: list[str]) -> JSONValue:
            out: dict[str, JSONValue] = {}
            if value.__class__ is dict:
                for name, item in value.items():
                    member = members.get(name)
                    if member is None:
                        unknown.append(name)
                        continue
                    item = member(item, unknown)  # noqa: PLW2901
                    if item is not _OMIT:
                        out[name] = item
            elif value is not None:
                raise DecodeError
            for name, zero in always:
                if name not in out:
                    out[name] = zero()
            return out

        self._decoders[id(kind)] = decode  # before the members: structs may contain themselves
        for name, field in kind.fields.items():
            member = self._member(field, keeps_empty=kind.name.startswith(_KEEPS_EMPTY))
            members[name] = _dropped(member) if field.gated else member
        always.extend(self.always(kind))
        return decode

    def always(self, kind: Type) -> list[tuple[str, Callable[[], JSONValue]]]:
        """The members of a struct that are there even when not given, with their zeros."""
        zeros = ((name, self._zero(field)) for name, field in kind.fields.items())
        return [(name, zero) for name, zero in zeros if zero is not None]

    def _member(self, field: Field, *, keeps_empty: bool) -> Decoder:
        decode = self.decoder(field.type)
        kind = field.type.kind
        if kind in _UNIONS:
            return _none_omitted(decode)
        if field.pointer or kind in _STRUCT_LIKE:
            return _null_omitted(decode)
        if not field.omitempty:
            if kind not in {"list", "map", "bytes"}:
                return decode
            return _null_or(decode) if keeps_empty else _null_kept(decode)
        if kind == "string":
            return _nonempty_string
        return _falsy_omitted(decode)

    def _zero(self, field: Field) -> Callable[[], JSONValue] | None:
        kind = field.type.kind
        if field.omitzero or (field.omitempty and (field.pointer or kind not in _STRUCT_LIKE)):
            return None
        if field.pointer:
            return _null
        if kind == "struct":
            decode = self.decoder(field.type)
            return lambda: decode(None, [])
        zero = _ZERO.get(kind)
        return lambda: zero


def _dropped(decode: Decoder) -> Decoder:
    """A member that must be right and is not kept."""

    def drop(value: JSONValue, unknown: list[str]) -> JSONValue:
        decode(value, unknown)
        return _OMIT

    return drop


def _null() -> JSONValue:
    return None


def _nonempty_string(value: JSONValue, unknown: list[str]) -> JSONValue:
    if value.__class__ is str:
        return value or _OMIT
    if value is None:
        return _OMIT
    raise DecodeError


def _falsy_omitted(decode: Decoder) -> Decoder:
    def decode_member(value: JSONValue, unknown: list[str]) -> JSONValue:
        return decode(value, unknown) or _OMIT

    return decode_member


def _null_omitted(decode: Decoder) -> Decoder:
    """For pointers and structs; a null is as good as an absent member."""

    def decode_member(value: JSONValue, unknown: list[str]) -> JSONValue:
        return _OMIT if value is None else decode(value, unknown)

    return decode_member


def _null_kept(decode: Decoder) -> Decoder:
    """For lists and maps that are always written; Go cannot tell null from empty after storage."""

    def decode_member(value: JSONValue, unknown: list[str]) -> JSONValue:
        return decode(value, unknown) or None

    return decode_member


def _null_or(decode: Decoder) -> Decoder:
    """For lists and maps that are always written, where null and empty are two values."""

    def decode_member(value: JSONValue, unknown: list[str]) -> JSONValue:
        return None if value is None else decode(value, unknown)

    return decode_member


def _present_bytes(value: JSONValue, unknown: list[str]) -> JSONValue:
    """Bytes in a list or map: a null there comes back from storage as no bytes."""
    return "" if value is None else _bytes(value, unknown)


def _list(element: Decoder) -> Decoder:
    def decode(value: JSONValue, unknown: list[str]) -> JSONValue:
        if value.__class__ is list:
            return [element(item, unknown) for item in value]
        if value is None:
            return []
        raise DecodeError

    return decode


def _map(element: Decoder) -> Decoder:
    if element is _string:

        def decode_strings(value: JSONValue, unknown: list[str]) -> JSONValue:
            if value.__class__ is dict:
                for item in value.values():
                    if item.__class__ is not str:
                        return {key: _string(item, unknown) for key, item in value.items()}
                return value
            if value is None:
                return {}
            raise DecodeError

        return decode_strings

    def decode(value: JSONValue, unknown: list[str]) -> JSONValue:
        if value.__class__ is dict:
            return {key: element(item, unknown) for key, item in value.items()}
        if value is None:
            return {}
        raise DecodeError

    return decode


def _union(kind: str, schema: Decoder) -> Decoder:
    """JSONSchemaProps, or what stands for it: a boolean, a list of them, a list of strings.

    Unknown members are not told from here on, and where no boolean can stand, anything else
    counts as not given.
    """

    def decode(value: JSONValue, unknown: list[str]) -> JSONValue:
        if value.__class__ is dict:
            return schema(value, [])
        if kind == "schema-or-bool":
            if value is not None and value.__class__ is not bool:
                raise DecodeError
            return value
        if value.__class__ is not list:
            return None
        if kind == "schema-or-array":
            return [schema(item, []) for item in value] or None
        return [_string(item, unknown) for item in value] or None

    return decode


def _none_omitted(decode: Decoder) -> Decoder:
    """For unions, which may turn out to be nothing."""

    def decode_member(value: JSONValue, unknown: list[str]) -> JSONValue:
        found = decode(value, unknown)
        return _OMIT if found is None else found

    return decode_member
