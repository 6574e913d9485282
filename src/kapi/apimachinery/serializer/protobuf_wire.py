"""The protobuf wire format: varints, tags and unknown fields, over plain bytes.

Readers take the whole message and a position and return the next position; they never copy what
they skip. Whatever is cut off or malformed raises ProtobufError. A position beyond the end of the
data raises IndexError, which the entry points of the decoders turn into ProtobufError.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "FIXED64",
    "LENGTH",
    "VARINT",
    "ProtobufError",
    "delimited",
    "read_length",
    "read_varint",
    "signed",
    "skip",
    "tag",
    "varint",
]

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2
_GROUP_START: Final = 3
_GROUP_END: Final = 4
_FIXED32: Final = 5

_ONE_BYTE = tuple(bytes((value,)) for value in range(128))
_64_BITS = (1 << 64) - 1
_VARINT_BITS = 63  # the shift of a varint's tenth and last byte


class ProtobufError(ValueError):
    """The bytes are no protobuf message of the expected type."""


def varint(value: int) -> bytes:
    """A number as varint; negative ones take ten bytes, as two's complement of 64 bits."""
    if 0 <= value < 128:
        return _ONE_BYTE[value]
    value &= _64_BITS
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(number: int, wire: int) -> bytes:
    """The key in front of a field's value."""
    return varint(number << 3 | wire)


def delimited(data: bytes) -> bytes:
    """Bytes with their length in front."""
    return varint(len(data)) + data


def read_varint(data: bytes, pos: int) -> tuple[int, int]:
    """An unsigned number of up to 64 bits, and where it ends."""
    byte = data[pos]
    pos += 1
    value = byte & 127
    shift = 7
    while byte > 127:
        if shift > _VARINT_BITS:
            raise ProtobufError("proto: integer overflow")
        byte = data[pos]
        pos += 1
        value |= (byte & 127) << shift
        shift += 7
    return value & _64_BITS, pos


def read_length(data: bytes, pos: int, end: int) -> tuple[int, int]:
    """Where a length-delimited value starts and stops; it must do so before ``end``."""
    size = data[pos]
    pos += 1
    if size > 127:
        size, pos = read_varint(data, pos - 1)
    stop = pos + size
    if stop > end:
        raise ProtobufError("unexpected EOF")
    return pos, stop


def signed(value: int, bits: int = 64) -> int:
    """The two's complement reading of a number's lowest bits."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def skip(data: bytes, pos: int, end: int, key: int) -> int:
    """Jump over the value of an unknown field; groups are skipped without recursion."""
    depth = 0
    while True:
        wire = key & 7
        if key >> 3 == 0:
            raise ProtobufError("proto: illegal tag 0")
        if wire == VARINT:
            _, pos = read_varint(data, pos)
        elif wire == LENGTH:
            _, pos = read_length(data, pos, end)
        elif wire == FIXED64:
            pos += 8
        elif wire == _FIXED32:
            pos += 4
        elif wire == _GROUP_START:
            depth += 1
        elif wire == _GROUP_END and depth:
            depth -= 1
        else:
            raise ProtobufError(f"proto: illegal wireType {wire}")
        if pos > end:
            raise ProtobufError("unexpected EOF")
        if not depth:
            return pos
        key, pos = read_varint(data, pos)
