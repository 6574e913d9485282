"""How scalars of the API look in protobuf: times, quantities, raw JSON and the like.

Most scalars of JSON are messages of their own there: a Time is seconds and nanoseconds, a Quantity
its text, an IntOrString a type and two values, a RawExtension the JSON text. Functions here turn
the content of such a message into the JSON value and back, without tag and length.
"""

from __future__ import annotations

import base64
import binascii
import struct
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import orjson

from kapi.apimachinery import quantity
from kapi.apimachinery.serializer.protobuf import MAGIC
from kapi.apimachinery.serializer.protobuf_wire import (
    LENGTH,
    ProtobufError,
    delimited,
    read_length,
    read_varint,
    signed,
    skip,
    varint,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = [
    "CONTENT_READERS",
    "CONTENT_WRITERS",
    "base64_text",
    "double_bytes",
    "double_value",
    "read_any",
    "text_of",
    "write_any",
    "write_bytes",
]

_ZERO_TIME_SECONDS: Final = -62135596800  # the first second of year 1, Go's zero time
_RECENT_TIMES = 4096  # most objects of a cluster were made in few different seconds
_RECENT_QUANTITIES = 1024  # requests and limits repeat
_EXPONENT_FROM = 1e21  # Go writes larger floats with an exponent


def text_of(data: bytes) -> str:
    """UTF-8 text; broken bytes are replaced, as Go's JSON encoder does."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode(errors="replace")


def base64_text(data: bytes) -> str:
    """Bytes as JSON carries them."""
    return binascii.b2a_base64(data, newline=False).decode()


def write_bytes(text: str) -> bytes:
    """The bytes behind base64 text."""
    return base64.b64decode(text)


def double_bytes(value: float) -> bytes:
    """A double as eight bytes."""
    return struct.pack("<d", value)


def double_value(data: bytes) -> float | int:
    """A double as JSON shows it: whole numbers have no fraction."""
    value: float = struct.unpack("<d", data)[0]
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN
        raise ProtobufError("json: unsupported value: not a finite number")
    return int(value) if value.is_integer() and abs(value) < _EXPONENT_FROM else value


# -- times --------------------------------------------------------------------------------------


def _timestamp(seconds: int, nanos: int) -> bytes:
    return b"\x08%b\x10%b" % (varint(seconds), varint(nanos))


@lru_cache(maxsize=_RECENT_TIMES)
def write_time(text: str) -> bytes:
    """A Time or MicroTime."""
    moment = datetime.fromisoformat(text)
    seconds = int((moment - _EPOCH).total_seconds() // 1)
    if seconds == _ZERO_TIME_SECONDS and not moment.microsecond:
        return b""
    return _timestamp(seconds, moment.microsecond * 1000)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(content: bytes) -> tuple[int, int]:
    """Seconds and nanoseconds of a non-empty Timestamp message."""
    numbers = _numbers(content)
    return signed(numbers.get(1, 0)), signed(numbers.get(2, 0), 32)


def _numbers(content: bytes) -> dict[int, int]:
    """The varint fields of a message; others are skipped."""
    found: dict[int, int] = {}
    pos, end = 0, len(content)
    while pos < end:
        key, pos = read_varint(content, pos)
        if key & 7 == 0:
            found[key >> 3], pos = read_varint(content, pos)
        else:
            pos = skip(content, pos, end, key)
    return found


@lru_cache(maxsize=_RECENT_TIMES)
def read_time(content: bytes) -> JSONValue:
    """A Time; an empty message is null."""
    if not content:
        return None
    seconds, nanos = _moment(content)
    moment = _date(seconds + nanos // 1_000_000_000)
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


@lru_cache(maxsize=_RECENT_TIMES)
def read_micro_time(content: bytes) -> JSONValue:
    """A MicroTime; an empty message is null."""
    if not content:
        return None
    seconds, nanos = _moment(content)
    carry, nanos = divmod(nanos, 1_000_000_000)
    moment = _date(seconds + carry)
    if moment is None:
        return None
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return f"{text}.{nanos // 1000:06d}Z"


def _date(seconds: int) -> datetime | None:
    if seconds == _ZERO_TIME_SECONDS:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise ProtobufError("Time.MarshalJSON: year outside of range [0,9999]") from None


# -- quantities, integers or strings, raw JSON --------------------------------------------------


def write_quantity(value: str | float) -> bytes:
    """A Quantity."""
    return b"\x0a" + delimited(str(value).encode())


@lru_cache(maxsize=_RECENT_QUANTITIES)
def read_quantity(content: bytes) -> str:
    """A Quantity in canonical form."""
    text = _texts(content).get(1)
    if not text:
        return "0"
    try:
        return quantity.canonical(text_of(text))
    except ValueError as error:
        raise ProtobufError(str(error)) from None


def _texts(content: bytes) -> dict[int, bytes]:
    """The length-delimited fields of a message; others are skipped."""
    found: dict[int, bytes] = {}
    pos, end = 0, len(content)
    while pos < end:
        key, pos = read_varint(content, pos)
        if key & 7 == LENGTH:
            pos, stop = read_length(content, pos, end)
            found[key >> 3] = content[pos:stop]
            pos = stop
        else:
            pos = skip(content, pos, end, key)
    return found


def write_int_or_string(value: int | str) -> bytes:
    """An IntOrString: its type, the number and the text, all three always."""
    if isinstance(value, str):
        return b"\x08\x01\x10\x00\x1a" + delimited(value.encode())
    return b"\x08\x00\x10%b\x1a\x00" % varint(value)


def read_int_or_string(content: bytes) -> int | str:
    """An IntOrString; its type says which of the two values counts."""
    numbers = _numbers(content)
    kind = numbers.get(1, 0)
    if kind == 1:
        return text_of(_texts(content).get(3, b""))
    if kind:
        raise ProtobufError(f"impossible IntOrString.Type {kind}")
    return signed(numbers.get(2, 0), 32)


def write_any(value: JSONValue) -> bytes:
    """RawExtension, JSON or FieldsV1: the JSON text in field 1; null has none."""
    return b"" if value is None else b"\x0a" + delimited(orjson.dumps(value))


def read_any(content: bytes, nested: Callable[[bytes], JSONObject]) -> JSONValue:
    """RawExtension, JSON or FieldsV1; ``nested`` reads an envelope inside."""
    if content[:1] == b"\x0a":  # nearly always the only field
        start, stop = read_length(content, 1, len(content))
        raw = content[start:] if stop == len(content) else _texts(content)[1]
    else:
        raw = _texts(content).get(1, b"")
    if not raw:
        return None
    if raw.startswith(MAGIC):
        return nested(raw)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ProtobufError(f"raw JSON: {error}") from None


CONTENT_READERS: dict[str, Callable[[bytes], JSONValue]] = {
    "time": read_time,
    "microtime": read_micro_time,
    "quantity": read_quantity,
    "int-or-string": read_int_or_string,
}
CONTENT_WRITERS: dict[str, Callable[[JSONValue], bytes]] = {
    "time": write_time,
    "microtime": write_time,
    "quantity": write_quantity,
    "int-or-string": write_int_or_string,
    "any": write_any,
}
