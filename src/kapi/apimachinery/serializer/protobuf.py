"""The Kubernetes protobuf encoding around messages: envelopes and watch frames.

Implements "Kubernetes Protobuf encoding" of the API concepts: an object is a magic number and an
Unknown message with apiVersion, kind and the object's own message; a watch is a sequence of
WatchEvent messages with their lengths in front, whose objects are such envelopes again. The
messages of the kinds are ``scheme.protobuf``'s.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from kapi.apimachinery.serializer.protobuf_wire import (
    ProtobufError,
    delimited,
    read_length,
    read_varint,
    skip,
    varint,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "MAGIC",
    "MEDIA_TYPE",
    "Envelope",
    "Enveloped",
    "ProtobufError",
    "envelope_head",
    "framed",
    "joined",
    "unwrap",
    "watch_frame",
    "wrap",
]

# Kinds whose names are kept decoded; there are not many more.
_KINDS: Final = 512
MEDIA_TYPE: Final = "application/vnd.kubernetes.protobuf"
MAGIC: Final = b"k8s\0"
_NO_PREFIX = (
    "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
)
# Unknown's contentEncoding (3) and contentType (4), which kube-apiserver leaves empty.
_TAIL: Final = b"\x1a\x00\x22\x00"
# What a TypeMeta and an Unknown consist of: length-delimited fields, by their keys on the wire.
_FIRST, _SECOND, _THIRD, _FOURTH = 0x0A, 0x12, 0x1A, 0x22


class Envelope(NamedTuple):
    """An Unknown message: what is known of an object without knowing its kind."""

    api_version: str
    kind: str
    raw: bytes
    content_encoding: str = ""
    content_type: str = ""


class Enveloped(dict[str, str]):
    """A body that was unwrapped but not decoded yet: apiVersion and kind, if given, and ``raw``.

    Reads like the start of the object, so that its kind can be checked before it is decoded.
    """

    def __init__(self, envelope: Envelope) -> None:
        super().__init__()
        if envelope.api_version:
            self["apiVersion"] = envelope.api_version
        if envelope.kind:
            self["kind"] = envelope.kind
        self.raw = envelope.raw


def envelope_head(api_version: str, kind: str) -> bytes:
    """How the envelopes of a kind begin."""
    type_meta = b"\x0a%b\x12%b" % (delimited(api_version.encode()), delimited(kind.encode()))
    return b"%b\x0a%b" % (MAGIC, delimited(type_meta))


def framed(raw: bytes) -> bytes:
    """A message as field 2: what it is in an envelope, and in the list of its kind."""
    return b"\x12" + varint(len(raw)) + raw


def wrap(head: bytes, frame: bytes) -> bytes:
    """The envelope of a framed message; ``head`` is that of its kind."""
    return head + frame + _TAIL


def joined(head: bytes, parts: Sequence[bytes]) -> bytes:
    """The envelope of a message that comes in parts, which are copied once."""
    return b"".join((head, b"\x12", varint(sum(map(len, parts))), *parts, _TAIL))


def unwrap(data: bytes) -> Envelope:
    """Read an envelope; raises ProtobufError."""
    if data[:4] != MAGIC:
        raise ProtobufError(_NO_PREFIX if data else "empty data")
    try:
        found = _fields(data, 4, len(data))
        api_version, kind = _type_meta(found.get(_FIRST, b""))
    except IndexError:
        raise ProtobufError("unexpected EOF") from None
    return Envelope(
        api_version,
        kind,
        found.get(_SECOND, b""),
        found.get(_THIRD, b"").decode(errors="replace"),
        found.get(_FOURTH, b"").decode(errors="replace"),
    )


@lru_cache(maxsize=_KINDS)
def _type_meta(content: bytes) -> tuple[str, str]:
    """ApiVersion and kind of a TypeMeta message."""
    found = _fields(content, 0, len(content))
    return (
        found.get(_FIRST, b"").decode(errors="replace"),
        found.get(_SECOND, b"").decode(errors="replace"),
    )


def _fields(data: bytes, pos: int, end: int) -> dict[int, bytes]:
    """The length-delimited fields of a message by their keys; others are skipped."""
    found: dict[int, bytes] = {}
    while pos < end:
        key, pos = read_varint(data, pos)
        if key & 7 == 2:
            pos, stop = read_length(data, pos, end)
            found[key] = data[pos:stop]
            pos = stop
        else:
            pos = skip(data, pos, end, key)
    if pos > end:
        raise ProtobufError("unexpected EOF")
    return found


def watch_frame(event_type: str, envelope: bytes) -> bytes:
    """One event of a watch: its length in four bytes, then the WatchEvent message."""
    event = b"\x0a%b\x12%b" % (
        delimited(event_type.encode()),
        delimited(b"\x0a" + delimited(envelope)),
    )
    return len(event).to_bytes(4, "big") + event
