"""The messages of etcd's API as bytes, and the parts of its engine that need no etcd."""

from __future__ import annotations

import asyncio

import pytest

from kapi.apimachinery.serializer.protobuf_wire import LENGTH, VARINT, delimited, tag, varint
from kapi.storage.engine import Compare, Delete, Event, KeyValue, Put
from kapi.storage.etcd.leases import Leases
from kapi.storage.etcd.messages import (
    range_answer,
    range_request,
    txn_answer,
    txn_request,
    watch_answer,
    watch_request,
)
from kapi.storage.etcd.progress import SharedRead
from kapi.storage.etcd.recent import RecentEvents
from kapi.util.clock import FakeClock


def number(field, value):
    return tag(field, VARINT) + varint(value)


def content(field, value):
    return tag(field, LENGTH) + delimited(value)


HEADER = content(1, number(1, 2**63 + 5) + number(2, 7) + number(3, 300) + number(4, 2))


def stored(key, created, modified, value):
    fields = content(1, key) + number(2, created) + number(3, modified) + number(4, 3)
    return fields + content(5, value) + number(6, 2**62)


def test_requests_are_what_etcd_expects():
    """Bytes as protoc's own encoder writes them."""
    assert range_request(b"/a", b"/b", limit=2, revision=300) == (
        b"\x0a\x02/a\x12\x02/b\x18\x02\x20\xac\x02"
    )
    assert watch_request(b"/", b"0", 5) == b"\x0a\x0c\x0a\x01/\x12\x010\x18\x05\x20\x01\x30\x01"
    request = txn_request((Compare("/a", 0),), (Put("/a", b"v", 9), Delete("/b")), {"/a": 77})
    assert request == (
        b"\x0a\x08\x10\x02\x1a\x02/a\x30\x00"  # mod revision of /a is 0
        b"\x12\x0b\x12\x09\x0a\x02/a\x12\x01v\x18\x4d"  # put with a lease
        b"\x12\x06\x1a\x04\x0a\x02/b"  # delete
        b"\x1a\x06\x0a\x04\x0a\x02/a"  # else read /a
    )


def test_answers_are_read_and_unknown_fields_skipped():
    """Newer servers may add fields anywhere."""
    kv = stored(b"/a", 2, 3, b"\0\xff")
    answer = range_answer(
        HEADER + content(2, kv + content(99, b"new")) + number(3, 1) + number(4, 9)
    )
    assert answer == (300, [KeyValue("/a", b"\0\xff", 2, 3)], True, 9)
    found = content(3, content(1, HEADER + content(2, kv)))
    deleted = content(3, content(3, HEADER + number(2, 1)))
    assert txn_answer(HEADER + found) == (300, False, [KeyValue("/a", b"\0\xff", 2, 3)], 0)
    assert txn_answer(HEADER + number(2, 1) + deleted) == (300, True, [], 1)


def test_watch_answers_are_events_progress_or_the_end():
    """A deletion has its revision and what was there before."""
    put = content(11, content(2, stored(b"/a", 4, 4, b"x")))
    gone = content(1, b"/b") + number(3, 5)
    delete = content(11, number(1, 1) + content(2, gone) + content(3, stored(b"/b", 2, 3, b"y")))
    answer = watch_answer(HEADER + put + delete)
    assert answer.events == [
        Event("PUT", KeyValue("/a", b"x", 4, 4), None),
        Event("DELETE", KeyValue("/b", b"", 0, 5), KeyValue("/b", b"y", 2, 3)),
    ]
    progress = watch_answer(HEADER + number(2, -1))
    assert (progress.watch_id, progress.revision, progress.events) == (-1, 300, [])
    end = watch_answer(HEADER + number(3, 1) + number(4, 1) + number(5, 12) + content(6, b"why"))
    assert (end.created, end.canceled, end.compact_revision, end.cancel_reason) == (
        True, True, 12, "why",
    )  # fmt: skip


async def test_leases_are_shared_for_a_twentieth_of_their_time():
    """A minute at most, and for a thousand keys at most."""
    clock = FakeClock()
    granted = []

    async def grant(seconds):
        await asyncio.sleep(0)
        granted.append(seconds)
        return len(granted)

    leases = Leases(grant, clock)
    assert set(await asyncio.gather(*(leases.lease(3600) for _ in range(20)))) == {1}
    assert await leases.lease(15) == 2
    clock.advance(0.8)
    assert await leases.lease(15) == 3
    clock.advance(59)
    assert await leases.lease(3600) == 1
    clock.advance(0.3)
    assert {await leases.lease(3600) for _ in range(1000)} == {4}
    assert await leases.lease(3600) == 5
    leases.forget()
    assert await leases.lease(3600) == 6
    assert granted == [3660, 16, 16, 3660, 3660, 3660]


def test_recent_events_are_forgotten_in_whole_revisions():
    """What is kept is complete after the floor."""
    recent = RecentEvents(1, max_events=6)
    for revision in range(2, 12):
        both = [Event("PUT", KeyValue(f"/{k}/x", b"", revision, revision), None) for k in "ab"]
        recent.append(both)
        kept = [event.kv.mod_revision for event in recent.since(recent.floor + 1, "/")]
        assert kept == [r for r in range(recent.floor + 1, revision + 1) for _ in "ab"]
        assert len(kept) <= 6
    assert [e.kv.key for e in recent.since(11, "/a/")] == ["/a/x"]
    assert (recent.floor, recent.last_revision) == (9, 11)


async def test_a_shared_read_begins_after_it_was_asked_for():
    """Whoever asks while one is under way gets the next, together with all others."""
    begun = []
    gates = [asyncio.Event() for _ in range(3)]

    async def read():
        begun.append(len(begun))
        turn = begun[-1]
        await gates[turn].wait()
        if turn == 2:
            raise ValueError("lost")
        return turn

    shared = SharedRead(read)
    first = asyncio.create_task(shared.read())
    await asyncio.sleep(0.001)
    later = [asyncio.create_task(shared.read()) for _ in range(5)]
    await asyncio.sleep(0.001)
    assert begun == [0]
    gates[0].set()
    assert await first == 0
    gates[1].set()
    assert await asyncio.gather(*later) == [1] * 5
    failing = asyncio.create_task(shared.read())
    gates[2].set()
    with pytest.raises(ValueError, match="lost"):
        await failing
