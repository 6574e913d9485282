"""Decoders: functions compiled from Types that read a protobuf message as an object.

The object has the form that decoding its JSON gives: zero values of ``omitempty`` members are left
out, members without it are always there, inlined structs lie flat. Unknown fields are skipped.
Broken bytes raise ProtobufError, or IndexError where they just end (see ``ProtobufCodec``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from kapi.apimachinery.scheme.protobuf_scalars import (
    CONTENT_READERS,
    base64_text,
    double_value,
    read_any,
    text_of,
)
from kapi.apimachinery.serializer.protobuf_wire import (
    FIXED64,
    LENGTH,
    VARINT,
    ProtobufError,
    read_length,
    read_varint,
    signed,
    skip,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kapi.apimachinery.scheme.decode import DecoderCompiler
    from kapi.apimachinery.scheme.definitions import Presence
    from kapi.apimachinery.scheme.model import Field, Type
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["MessageDecoder", "MessageDecoderCompiler"]

# (data, start, end, object so far) -> the object; a message that stands twice is merged.
MessageDecoder: TypeAlias = Callable[[bytes, int, int, "JSONObject"], "JSONObject"]
# (data, position after the tag, end, object) -> position after the value, which is set.
_Reader: TypeAlias = Callable[[bytes, int, int, "JSONObject"], int]
# (data, start, stop) -> the value of one length-delimited element.
_Content: TypeAlias = Callable[[bytes, int, int], "JSONValue"]
# Unsigned number -> value.
_Number: TypeAlias = Callable[[int], "JSONValue"]

_NUMBERS: dict[str, _Number] = {
    "int32": lambda value: signed(value, 32),
    "int64": signed,
    "boolean": bool,
}
_NULL_WHEN_EMPTY = frozenset({"time", "microtime", "any"})
_MESSAGES = frozenset({"struct", "quantity", "int-or-string", "time", "microtime", "any"})


class MessageDecoderCompiler:
    """Compiles and keeps the decoders of the Types of one Scheme.

    ``zeros`` says what members are there even when nothing was sent, ``nested`` reads an envelope
    inside a RawExtension.
    """

    def __init__(
        self, presence: Presence, zeros: DecoderCompiler, nested: Callable[[bytes], JSONObject]
    ) -> None:
        self._presence = presence
        self._zeros = zeros
        self._nested = nested
        self._decoders: dict[int, MessageDecoder] = {}
        self._kept: list[Type] = []  # ids stay unique while their Types live

    def message(self, kind: Type) -> MessageDecoder:
        """The decoder of a struct."""
        found = self._decoders.get(id(kind))
        if found is None:
            self._kept.append(kind)
            found = self._struct(kind)
        return found

    def _struct(self, kind: Type) -> MessageDecoder:
        readers: dict[int, _Reader] = {}
        dropped: set[int] = set()
        always: list[tuple[str, Callable[[], JSONValue]]] = []

        find = readers.get

        def decode(data: bytes, pos: int, end: int, out: JSONObject) -> JSONObject:
            while pos < end:  # as _message_reader, without the call
                key = data[pos]
                pos += 1
                if key > 127:
                    if data[pos] < 128:
                        key = key & 127 | data[pos] << 7
                        pos += 1
                    else:
                        key, pos = read_varint(data, pos - 1)
                if data[pos] == 0 and key in dropped:
                    pos += 1  # an empty member that is left out; Go writes many of them
                    continue
                reader = find(key)
                if reader is not None:
                    pos = reader(data, pos, end, out)
                else:
                    pos = _unknown(readers, data, pos, end, key)
            if pos > end:
                raise ProtobufError("unexpected EOF")
            for name, zero in always:
                if name not in out:
                    out[name] = zero()
            return out

        self._decoders[id(kind)] = decode  # before the members: structs may contain themselves
        readers.update(self._readers(kind, kind.name))
        declared = self._presence.message(kind.name)
        own = [field for name, field in kind.fields.items() if name in declared]
        dropped.update(_dropped_when_empty(own))
        always.extend(self._zeros.always(kind))
        return decode

    def _readers(self, kind: Type, message: str) -> Mapping[int, _Reader]:
        """Readers by tag for the members of a message, which may be inlined into ``kind``."""
        readers: dict[int, _Reader] = {}
        for name, presence in self._presence.message(message).items():
            if presence.inline:
                inner = _message_reader(dict(self._readers(kind, presence.inline)))
                readers[presence.number << 3 | LENGTH] = _inlined(inner)
            elif name in kind.fields and not kind.fields[name].gated:
                field = kind.fields[name]
                for wire, reader in self._member(field, wrapped=presence.wrapped).items():
                    readers[field.number << 3 | wire] = reader
        return readers

    def _member(self, field: Field, *, wrapped: bool) -> dict[int, _Reader]:
        name, kind = field.name, field.type
        if kind.kind == "list":
            assert kind.element is not None
            if wrapped:
                return {LENGTH: _or_null(name, self._wrapped(kind))}
            return self._list(name, kind.element)
        if kind.kind == "map":
            assert kind.element is not None
            return {LENGTH: _entry(name, self._map_value(kind.element))}
        keep_zero = field.pointer or not field.omitempty
        if kind.kind in _NUMBERS:
            return {VARINT: _number(name, _NUMBERS[kind.kind], keep_zero)}
        if kind.kind == "double":
            return {FIXED64: _double(name, keep_zero)}
        if kind.kind == "struct":
            decode, zero = self.message(kind), None
            if field.omitzero and not field.pointer:
                zero = self._zeros.decoder(kind)(None, [])
            return {LENGTH: _struct(name, decode, zero)}
        content = self._content(kind)
        if kind.kind == "string":
            return {LENGTH: _string(name, keep_empty=keep_zero)}
        if kind.kind in _MESSAGES:  # an empty message is null, and null is as good as absent
            return {LENGTH: _non_null(name, content)}
        return {LENGTH: _assigning(name, content) if keep_zero else _non_empty(name, content)}

    def _content(self, kind: Type) -> _Content:
        """The reader of a length-delimited value from its own bytes."""
        if kind.kind == "struct":
            decode = self.message(kind)
            return lambda data, pos, stop: decode(data, pos, stop, {})
        if kind.kind == "string":
            return lambda data, pos, stop: text_of(data[pos:stop])
        if kind.kind == "bytes":
            return lambda data, pos, stop: base64_text(data[pos:stop])
        if kind.kind == "any":
            nested = self._nested
            return lambda data, pos, stop: read_any(data[pos:stop], nested)
        if kind.kind.startswith("schema-or-"):
            assert kind.element is not None
            return self._schema_union(kind.kind, kind.element)
        read = CONTENT_READERS[kind.kind]
        return lambda data, pos, stop: read(data[pos:stop])

    def _wrapped(self, kind: Type) -> _Content:
        """A list that is the only field of a message of its own."""
        assert kind.element is not None
        member = self._list("items", kind.element)
        read = _message_reader({1 << 3 | wire: reader for wire, reader in member.items()})

        def content(data: bytes, pos: int, stop: int) -> JSONValue:
            out: JSONObject = {}
            read(data, pos, stop, out)
            return out.get("items", [])

        return content

    def _map_value(self, kind: Type) -> _Content:
        """The reader of a map's values."""
        return self._wrapped(kind) if kind.kind == "list" else self._content(kind)

    def _list(self, name: str, element: Type) -> dict[int, _Reader]:
        number = _NUMBERS.get(element.kind)
        if number is not None:
            return {VARINT: _appended_number(name, number), LENGTH: _packed(name, number)}
        return {LENGTH: _appended(name, self._content(element))}

    def _schema_union(self, union: str, schema: Type) -> _Content:
        """JSONSchemaProps or what stands for it: the schema wins when both are there."""
        one = self.message(schema)
        if union == "schema-or-bool":
            readers = {1 << 3: _number("other", bool, True), 2 << 3 | LENGTH: _struct("one", one)}
        else:
            several = (
                _appended("other", self._content(schema))
                if union == "schema-or-array"
                else _appended("other", lambda data, pos, stop: text_of(data[pos:stop]))
            )
            readers = {1 << 3 | LENGTH: _struct("one", one), 2 << 3 | LENGTH: several}
        read = _message_reader(readers)
        schema_first = union == "schema-or-bool"

        def content(data: bytes, pos: int, stop: int) -> JSONValue:
            out: JSONObject = {}
            read(data, pos, stop, out)
            if schema_first:
                return out["one"] if "one" in out else out.get("other", False)
            return out["other"] if "other" in out else out.get("one")

        return content


def _dropped_when_empty(fields: Iterable[Field]) -> set[int]:
    """The tags of members that are left out when they are zero, which is a zero byte."""
    found: set[int] = set()
    for field in fields:
        member = field.type.kind
        if member in _NULL_WHEN_EMPTY:
            found.add(field.number << 3 | LENGTH)
        elif field.omitempty and not field.pointer:
            if member == "string":
                found.add(field.number << 3 | LENGTH)
            elif member in _NUMBERS:
                found.add(field.number << 3 | VARINT)
    return found


def _message_reader(
    readers: Mapping[int, _Reader],
) -> Callable[[bytes, int, int, JSONObject], None]:
    """The loop over the fields of a message; ``readers`` may still grow."""
    find = readers.get

    def read(data: bytes, pos: int, end: int, out: JSONObject) -> None:
        while pos < end:
            key = data[pos]
            pos += 1
            if key > 127:
                key, pos = read_varint(data, pos - 1)
            reader = find(key)
            pos = (
                reader(data, pos, end, out)
                if reader is not None
                else _unknown(readers, data, pos, end, key)
            )
        if pos > end:
            raise ProtobufError("unexpected EOF")

    return read


def _unknown(readers: Mapping[int, _Reader], data: bytes, pos: int, end: int, key: int) -> int:
    """Skip a field, unless it is a known one of the wrong type."""
    number = key & ~7
    if number in readers or number | FIXED64 in readers or number | LENGTH in readers:
        raise ProtobufError(f"proto: wrong wireType = {key & 7} for field number {key >> 3}")
    return skip(data, pos, end, key)


def _inlined(read: Callable[[bytes, int, int, JSONObject], None]) -> _Reader:
    def reader(data: bytes, pos: int, end: int, out: JSONObject) -> int:
        pos, stop = read_length(data, pos, end)
        read(data, pos, stop, out)
        return stop

    return reader


def _struct(name: str, decode: MessageDecoder, zero: JSONValue = None) -> _Reader:
    def reader(data: bytes, pos: int, end: int, out: JSONObject) -> int:
        size = data[pos]  # as read_length, without the call
        pos += 1
        if size > 127:
            size, pos = read_varint(data, pos - 1)
        stop = pos + size
        if stop > end:
            raise ProtobufError("unexpected EOF")
        value = decode(data, pos, stop, out.get(name) or {})
        if zero is None or value != zero:
            out[name] = value
        return stop

    return reader


def _string(name: str, *, keep_empty: bool = True) -> _Reader:
    def reader(data: bytes, pos: int, end: int, out: JSONObject) -> int:
        size = data[pos]  # as read_length and text_of, without the calls
        pos += 1
        if size > 127:
            size, pos = read_varint(data, pos - 1)
        stop = pos + size
        if stop > end:
            raise ProtobufError("unexpected EOF")
        if size:
            text = data[pos:stop]
            try:
                out[name] = text.decode()
            except UnicodeDecodeError:
                out[name] = text_of(text)
        elif keep_empty:
            out[name] = ""
        return stop

    return reader


def _assigning(name: str, content: _Content) -> _Reader:
    def reader(data: bytes, pos: int, end: int, out: JSONObject) -> int:
        pos, stop = read_length(data, pos, end)
        out[name] = content(data, pos, stop)
        return stop

    return reader


def _or_null(name: str, content: _Content) -> _Reader:
    """For lists that are always written: an empty one is null."""

    def reader(data: bytes, pos: int, end: int, out: JSONObject) -> int:
        pos, stop = read_length(data, pos, end)
        out[name] = content(data, pos, stop) or None
        return stop

    return reader


def _non_null(name: str, content: _Content) -> _Reader:
    def reader(data: bytes, pos: int, end: int, out: JSONObject) -> int:
        pos, stop = read_length(data, pos, end)
        value = content(data, pos, stop)
        if value is not None:
            out[name] = value
        return stop

    return reader


def _non_empty(name: str, content: _Content) -> _Reader:
    def reader(data: bytes, pos: int, end: int, out: JSONObject) -> int:
        pos, stop = read_length(data, pos, end)
        value = content(data, pos, stop)
        if value:
            out[name] = value
        return stop

    return reader


def _number(name: str, convert: _Number, keep_zero: bool) -> _Reader:
    def reader(data: bytes, pos: int, end: int, out: JSONObject) -> int:
        value = data[pos]
        pos += 1
        if value > 127:
            value, pos = read_varint(data, pos - 1)
        if value or keep_zero:
            out[name] = convert(value)
        return pos

    return reader


def _double(name: str, keep_zero: bool) -> _Reader:
    def reader(data: bytes, pos: int, end: int, out: JSONObject) -> int:
        stop = pos + 8
        if stop > end:
            raise ProtobufError("unexpected EOF")
        value = double_value(data[pos:stop])
        if value or keep_zero:
            out[name] = value
        return stop

    return reader


def _appended(name: str, content: _Content) -> _Reader:
    def reader(data: bytes, pos: int, end: int, out: JSONObject) -> int:
        pos, stop = read_length(data, pos, end)
        value = content(data, pos, stop)
        if name in out:
            out[name].append(value)
        else:
            out[name] = [value]
        return stop

    return reader


def _appended_number(name: str, convert: _Number) -> _Reader:
    def reader(data: bytes, pos: int, end: int, out: JSONObject) -> int:
        value, pos = read_varint(data, pos)
        out.setdefault(name, []).append(convert(value))
        return pos

    return reader


def _packed(name: str, convert: _Number) -> _Reader:
    """Numbers one after the other in one value, as other writers put them."""

    def reader(data: bytes, pos: int, end: int, out: JSONObject) -> int:
        pos, stop = read_length(data, pos, end)
        while pos < stop:
            value, pos = read_varint(data, pos)
            out.setdefault(name, []).append(convert(value))
        if pos > stop:
            raise ProtobufError("unexpected EOF")
        return pos

    return reader


def _entry(name: str, content: _Content) -> _Reader:
    """One entry of a map: a message of key and value, nearly always in this order."""
    read = _message_reader({0x0A: _string("key"), 0x12: _assigning("value", content)})

    def reader(data: bytes, pos: int, end: int, out: JSONObject) -> int:
        pos, stop = read_length(data, pos, end)
        members = out.get(name)
        if members is None:
            members = out[name] = {}
        if pos < stop and data[pos] == 0x0A:
            start, middle = read_length(data, pos + 1, stop)
            if middle < stop and data[middle] == 0x12:
                begin, last = read_length(data, middle + 1, stop)
                if last == stop:
                    members[text_of(data[start:middle])] = content(data, begin, last)
                    return stop
        entry: JSONObject = {}
        read(data, pos, stop, entry)
        value = entry["value"] if "value" in entry else content(b"", 0, 0)
        members[entry.get("key", "")] = value
        return stop

    return reader
