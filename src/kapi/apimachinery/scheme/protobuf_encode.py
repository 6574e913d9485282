"""Encoders: functions compiled from Types that write an object's protobuf message.

An encoder writes what kube-apiserver's would, byte for byte: fields in the order of their numbers,
members that Go does not declare as pointers even when they are zero, maps sorted by key, inlined
structs as the messages that they are in protobuf.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import orjson

from kapi.apimachinery.scheme.protobuf_scalars import CONTENT_WRITERS, double_bytes, write_bytes
from kapi.apimachinery.serializer.protobuf_wire import FIXED64, LENGTH, VARINT, tag, varint

if TYPE_CHECKING:
    from kapi.apimachinery.scheme.definitions import Presence
    from kapi.apimachinery.scheme.model import Field, Type
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["Encoder", "EncoderCompiler"]

# A value as the content of its message, or a member with its tag.
Encoder: TypeAlias = Callable[["JSONValue"], bytes]

# Specs of one kind that are remembered, and how large they may be as JSON.
_REMEMBERED = 256
_REMEMBERED_BYTES = 8192
# Tags for which heads of short texts are kept; messages have few members.
_KEYS = 128
_INTEGERS = frozenset({"int32", "int64"})
# What a member that is not a pointer writes when it was not given, by kind of its type.
_ZERO: dict[str, JSONValue] = {
    "string": "",
    "boolean": False,
    "int32": 0,
    "int64": 0,
    "double": 0,
    "quantity": "0",
    "int-or-string": 0,
    "struct": {},
}
_EMPTY_MESSAGES = frozenset({"time", "microtime", "any"})


class _Member(NamedTuple):
    """A member's JSON name (empty: an inlined struct), its encoder, its bytes when absent."""

    name: str
    encode: Encoder
    absent: bytes


class EncoderCompiler:
    """Compiles and keeps the encoders of the Types of one Scheme."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._encoders: dict[tuple[int, str], Encoder] = {}
        self._kept: list[Type] = []  # ids stay unique while their Types live

    def message(self, kind: Type, name: str = "") -> Encoder:
        """The encoder of a struct; ``name`` is a message that is inlined into it."""
        name = name or kind.name
        found = self._encoders.get((id(kind), name))
        return self._struct(kind, name) if found is None else found

    def _struct(self, kind: Type, name: str) -> Encoder:
        members: list[_Member] = []
        absent: list[bytes] = []
        places: dict[str, tuple[int, Encoder, tuple[bytes, ...] | None]] = {}
        find, copy, join = places.get, absent.copy, b"".join

        def encode(obj: JSONValue) -> bytes:
            # Few of a struct's members are given: the others are put in all at once.
            parts = copy()
            for member, value in obj.items():
                if value is None:
                    continue
                place = find(member)
                if place is None:
                    continue
                index, encoder, heads = place
                if heads is not None:  # a text: as _string, without the call
                    data = value.encode()
                    size = len(data)
                    parts[index] = heads[size] + data if size < 128 else encoder(value)
                else:
                    parts[index] = encoder(value)
            return join(parts)

        def encode_inlining(obj: JSONValue) -> bytes:
            parts = []
            for member, encoder, nothing in members:
                value = obj.get(member) if member else obj
                parts.append(nothing if value is None else encoder(value))
            return join(parts)

        declared = self._presence.message(name)
        inlining = any(presence.inline for presence in declared.values())
        chosen = encode_inlining if inlining else encode
        self._kept.append(kind)
        self._encoders[id(kind), name] = (
            chosen  # before the members: structs may contain themselves
        )
        for member, presence in declared.items():
            if presence.inline:
                inner = self.message(kind, presence.inline)
                members.append(_Member("", _framed(inner, presence.number), b""))
            elif member in kind.fields:
                made = self._member(kind.fields[member], wrapped=presence.wrapped)
                if member == "spec" and "metadata" in kind.fields:
                    made = made._replace(encode=_remembering(made.encode))
                members.append(made)
        for place, (member, encoder, nothing) in enumerate(members):
            absent.append(nothing)
            heads = None
            if member and kind.fields[member].type.kind == "string":
                heads = _short_heads(tag(kind.fields[member].number, LENGTH))
            places[member] = (place, encoder, heads)
        return chosen

    def _member(self, field: Field, *, wrapped: bool) -> _Member:
        encode = self._tagged(field.type, field.number, wrapped=wrapped)
        kind = field.type.kind
        absent = b""
        if not field.pointer:
            if kind in _ZERO:
                absent = encode(_ZERO[kind])
            elif kind in _EMPTY_MESSAGES:
                absent = tag(field.number, LENGTH) + b"\0"
            elif wrapped:
                absent = encode(())
        return _Member(field.name, encode, absent)

    def _tagged(self, kind: Type, number: int, *, wrapped: bool = False) -> Encoder:
        """The encoder of a member or element with its tag."""
        if kind.kind == "list":
            assert kind.element is not None
            if wrapped:
                return _framed(_repeated(self._tagged(kind.element, 1)), number)
            return _repeated(self._tagged(kind.element, number))
        if kind.kind == "map":
            assert kind.element is not None
            if kind.element.kind == "string":
                return _string_map(tag(number, LENGTH))
            # In a map, a list is the only field of a message of its own (ExtraValue).
            return _map(tag(number, LENGTH), self._tagged(kind.element, 2, wrapped=True))
        if kind.kind == "string":
            return _string(tag(number, LENGTH))
        if kind.kind == "bytes":
            return _framed(write_bytes, number)
        if kind.kind == "boolean":
            true, false = tag(number, VARINT) + b"\1", tag(number, VARINT) + b"\0"
            return lambda value: true if value else false
        if kind.kind in _INTEGERS:
            key = tag(number, VARINT)
            return lambda value: key + varint(value)
        if kind.kind == "double":
            key = tag(number, FIXED64)
            return lambda value: key + double_bytes(value)
        return _framed(self._content(kind), number)

    def _content(self, kind: Type) -> Encoder:
        """The encoder of a value that is a message, without tag and length."""
        if kind.kind == "struct":
            return self.message(kind)
        if kind.kind.startswith("schema-or-"):
            assert kind.element is not None
            return self._schema_union(kind.kind, kind.element)
        return CONTENT_WRITERS[kind.kind]

    def _schema_union(self, union: str, schema: Type) -> Encoder:
        number = 2 if union == "schema-or-bool" else 1
        one = _framed(self.message(schema), number)
        if union == "schema-or-bool":
            return lambda value: (
                b"\x08\1" + one(value) if isinstance(value, dict) else b"\x08%b" % varint(value)
            )
        several = (
            _framed(self.message(schema), 2) if union == "schema-or-array" else _string(b"\x12")
        )
        many = _repeated(several)
        return lambda value: one(value) if isinstance(value, dict) else many(value)


def _remembering(encode: Encoder) -> Encoder:
    """Keep what the last different values were encoded to.

    A spec stays as it is while metadata and status change, and pods of one template share it;
    comparing JSON costs a tenth of encoding.
    """
    known: dict[bytes, bytes] = {}

    def encode_once(value: JSONValue) -> bytes:
        key = orjson.dumps(value)
        found = known.get(key)
        if found is None:
            found = encode(value)
            if len(key) <= _REMEMBERED_BYTES:
                if len(known) >= _REMEMBERED:
                    known.clear()
                known[key] = found
        return found

    return encode_once


def _framed(content: Encoder, number: int) -> Encoder:
    """Put tag and length in front of a message."""
    key = tag(number, LENGTH)
    short = _short_heads(key)

    def encode(value: JSONValue) -> bytes:
        data = content(value)
        size = len(data)
        return short[size] + data if size < 128 else key + varint(size) + data

    return encode


@lru_cache(maxsize=_KEYS)
def _short_heads(key: bytes) -> tuple[bytes, ...]:
    """Tag and length of short texts, shared by all members of the same number."""
    return tuple(key + varint(size) for size in range(128))


def _string(key: bytes) -> Encoder:
    short = _short_heads(key)

    def encode(value: JSONValue) -> bytes:
        data: bytes = value.encode()
        size = len(data)
        return short[size] + data if size < 128 else key + varint(size) + data

    return encode


def _repeated(element: Encoder) -> Encoder:
    """Each element for itself; a null stands for the zero value, which here is left out."""

    def encode(value: JSONValue) -> bytes:
        return b"".join([element(item) for item in value])

    return encode


def _string_map(key: bytes) -> Encoder:
    """As ``_map``, for what labels, annotations and most maps are."""
    heads, name_heads, value_heads = (_short_heads(head) for head in (key, b"\x0a", b"\x12"))

    def encode(value: JSONValue) -> bytes:
        parts: list[bytes] = []
        obj: dict[str, str] = value
        for name in sorted(obj):
            first, second = name.encode(), (obj[name] or "").encode()
            size, more = len(first), len(second)
            head = name_heads[size] if size < 128 else b"\x0a" + varint(size)
            middle = value_heads[more] if more < 128 else b"\x12" + varint(more)
            size += len(head) + len(middle) + more
            start = heads[size] if size < 128 else key + varint(size)
            parts += (start, head, first, middle, second)
        return b"".join(parts)

    return encode


def _map(key: bytes, value_encoder: Encoder) -> Encoder:
    """An entry message for each member, sorted as Go sorts strings; a null value is left out."""
    name_encoder = _string(b"\x0a")

    def encode(value: JSONValue) -> bytes:
        parts = []
        obj: JSONObject = value
        for name in sorted(obj):
            item = obj[name]
            entry = name_encoder(name)
            if item is not None:
                entry += value_encoder(item)
            parts.append(key + varint(len(entry)) + entry)
        return b"".join(parts)

    return encode
