"""The messages of etcd's v3 API that the engine exchanges, as bytes (pure).

Fifteen small messages whose field numbers have not changed since etcd 3.0; unknown fields of
newer servers are skipped. Requests leave out what has its default value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kapi.apimachinery.serializer.protobuf_wire import (
    LENGTH,
    VARINT,
    ProtobufError,
    delimited,
    read_length,
    read_varint,
    signed,
    skip,
    tag,
    varint,
)
from kapi.storage.engine import Delete, Event, KeyValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kapi.storage.engine import Compare, Operation

__all__ = [
    "PROGRESS_REQUEST",
    "RangeAnswer",
    "TxnAnswer",
    "WatchAnswer",
    "compact_request",
    "grant_request",
    "granted_lease",
    "key_range",
    "range_answer",
    "range_request",
    "txn_answer",
    "txn_request",
    "version_of",
    "watch_answer",
    "watch_request",
]

# In etcd's ranges a zero byte means the first key and, as an end, behind the last key.
_UNBOUNDED = b"\0"

_TARGET_MOD = 2
_TYPE_DELETE = 1


class RangeAnswer(NamedTuple):
    """RangeResponse; ``total`` counts the keys that a limit cut off as well."""

    revision: int
    items: list[KeyValue]
    more: bool
    total: int


class TxnAnswer(NamedTuple):
    """TxnResponse; ``found`` are the keys that its ranges read, ``deleted`` how many went."""

    revision: int
    succeeded: bool
    found: list[KeyValue]
    deleted: int


class WatchAnswer(NamedTuple):
    """WatchResponse."""

    revision: int
    watch_id: int
    created: bool
    canceled: bool
    compact_revision: int
    cancel_reason: str
    events: list[Event]


# Writing


def _bytes(number: int, value: bytes) -> bytes:
    return tag(number, LENGTH) + delimited(value) if value else b""


def _number(number: int, value: int) -> bytes:
    return tag(number, VARINT) + varint(value) if value else b""


def _message(number: int, value: bytes) -> bytes:
    """A member that is there also when it is empty."""
    return tag(number, LENGTH) + delimited(value)


def key_range(start: str, end: str) -> tuple[bytes, bytes]:
    """The keys in ``[start, end)`` as etcd writes them; an empty end means to the last key."""
    return start.encode() or _UNBOUNDED, end.encode() or _UNBOUNDED


def range_request(
    key: bytes, end: bytes = b"", *, limit: int = 0, revision: int = 0, count_only: bool = False
) -> bytes:
    """RangeRequest; without an end it is for one key."""
    return (
        _bytes(1, key)
        + _bytes(2, end)
        + _number(3, limit)
        + _number(4, revision)
        + _number(9, count_only)
    )


def txn_request(
    compares: Sequence[Compare],
    operations: Sequence[Operation],
    leases: Mapping[str, int],
) -> bytes:
    """TxnRequest: the operations if all comparisons hold, else what the compared keys are now."""
    parts = [
        _message(1, _number(2, _TARGET_MOD) + _bytes(3, key.encode()) + _message_number(6, at))
        for key, at in compares
    ]
    parts += [_message(2, _operation(each, leases)) for each in operations]
    parts += [_message(3, _message(1, range_request(key.encode()))) for key, _ in compares]
    return b"".join(parts)


def _message_number(number: int, value: int) -> bytes:
    """A member of a oneof, which is written also when it is zero."""
    return tag(number, VARINT) + varint(value)


def _operation(operation: Operation, leases: Mapping[str, int]) -> bytes:
    key = operation.key
    if isinstance(operation, Delete):
        return _message(3, _bytes(1, key.encode()))
    put = _bytes(1, key.encode()) + _bytes(2, operation.value) + _number(3, leases.get(key, 0))
    return _message(2, put)


def compact_request(revision: int) -> bytes:
    """CompactionRequest."""
    return _number(1, revision)


def grant_request(ttl_seconds: int) -> bytes:
    """LeaseGrantRequest; etcd chooses the ID."""
    return _number(1, ttl_seconds)


def watch_request(key: bytes, end: bytes, first_revision: int) -> bytes:
    """WatchRequest that creates a watch with previous values and progress notifications."""
    create = (
        _bytes(1, key)
        + _bytes(2, end)
        + _number(3, first_revision)
        + _number(4, value=True)
        + _number(6, value=True)
    )
    return _message(1, create)


# WatchRequest that asks how far the watches of the stream are.
PROGRESS_REQUEST = _message(3, b"")


# Reading


def _fields(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Number, and either the number or the bytes, of each field."""
    pos, end = 0, len(data)
    while pos < end:
        key = data[pos]
        pos += 1
        if key > 127:
            key, pos = read_varint(data, pos - 1)
        wire = key & 7
        if wire == LENGTH:
            pos, stop = read_length(data, pos, end)
            yield key >> 3, 0, data[pos:stop]
            pos = stop
        elif wire == VARINT:
            value, pos = read_varint(data, pos)
            yield key >> 3, value, b""
        else:
            pos = skip(data, pos, end, key)


def _revision(header: bytes) -> int:
    for number, value, _ in _fields(header):
        if number == 3:
            return value
    return 0


def _key_value(data: bytes) -> KeyValue:
    key = value = b""
    created = modified = 0
    for number, scalar, content in _fields(data):
        if number == 1:
            key = content
        elif number == 2:
            created = scalar
        elif number == 3:
            modified = scalar
        elif number == 5:
            value = content
    return KeyValue(key.decode(errors="surrogateescape"), value, created, modified)


def range_answer(data: bytes) -> RangeAnswer:
    """Read a RangeResponse."""
    revision = count = 0
    more = False
    items: list[KeyValue] = []
    for number, value, content in _fields(data):
        if number == 2:
            items.append(_key_value(content))
        elif number == 1:
            revision = _revision(content)
        elif number == 3:
            more = bool(value)
        elif number == 4:
            count = value
    return RangeAnswer(revision, items, more, count)


def txn_answer(data: bytes) -> TxnAnswer:
    """Read a TxnResponse."""
    revision = deleted = 0
    succeeded = False
    found: list[KeyValue] = []
    for number, value, content in _fields(data):
        if number == 1:
            revision = _revision(content)
        elif number == 2:
            succeeded = bool(value)
        elif number == 3:
            for kind, _, response in _fields(content):
                if kind == 1:
                    found += range_answer(response).items
                elif kind == 3:
                    deleted += sum(count for field, count, _ in _fields(response) if field == 2)
    return TxnAnswer(revision, succeeded, found, deleted)


def watch_answer(data: bytes) -> WatchAnswer:
    """Read a WatchResponse."""
    revision = watch_id = compact_revision = 0
    created = canceled = False
    reason = b""
    events: list[Event] = []
    for number, value, content in _fields(data):
        if number == 11:
            events.append(_event(content))
        elif number == 1:
            revision = _revision(content)
        elif number == 2:
            watch_id = signed(value)
        elif number == 3:
            created = bool(value)
        elif number == 4:
            canceled = bool(value)
        elif number == 5:
            compact_revision = value
        elif number == 6:
            reason = content
    return WatchAnswer(
        revision,
        watch_id,
        created,
        canceled,
        compact_revision,
        reason.decode(errors="replace"),
        events,
    )


def _event(data: bytes) -> Event:
    deleted = False
    kv: KeyValue | None = None
    previous: KeyValue | None = None
    for number, value, content in _fields(data):
        if number == 1:
            deleted = value == _TYPE_DELETE
        elif number == 2:
            kv = _key_value(content)
        elif number == 3:
            previous = _key_value(content)
    if kv is None:
        raise ProtobufError("an event without a key")
    return Event("DELETE" if deleted else "PUT", kv, previous)


def granted_lease(data: bytes) -> int:
    """The ID in a LeaseGrantResponse."""
    return next((value for number, value, _ in _fields(data) if number == 2), 0)


def version_of(data: bytes) -> str:
    """The server's version in a StatusResponse."""
    return next((text for number, _, text in _fields(data) if number == 2), b"").decode()
