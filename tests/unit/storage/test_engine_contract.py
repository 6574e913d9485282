"""What every engine guarantees."""

from __future__ import annotations

import asyncio

import pytest

from kapi.storage.engine import Compare, Delete, Put, prefix_end
from kapi.storage.errors import (
    Closed,
    CompareFailed,
    FutureRevision,
    RevisionCompacted,
    TooLarge,
)
from kapi.storage.stream import EventStream


class Recorder:
    """A receiver that keeps what it is given."""

    def __init__(self, room: int = 1_000_000) -> None:
        self.events: list[tuple[str, str, bytes, bytes | None, int, int]] = []
        self.batches: list[int] = []
        self.error: Exception | None = None
        self.room = room

    def deliver(self, batch) -> bool:
        if len(self.batches) >= self.room:
            return False
        self.batches.append(batch.revision)
        self.events += [
            (e.type, e.key, e.value, e.prev_value, e.mod_revision, e.create_revision)
            for e in batch.events
        ]
        return True

    def closed(self, error) -> None:
        self.error = error


async def keys(engine, start="", end="", **options):
    return [item.key for item in (await engine.range(start, end, **options)).items]


async def test_revisions_start_at_one_and_rise_by_one_per_transaction(engine):
    """An empty store is at revision 1 and each change makes the next number."""
    assert await engine.current_revision() == 1
    assert await engine.put("/a", b"1") == 2
    assert await engine.txn((), (Put("/b", b"2"), Put("/c", b"3"))) == 3
    assert await engine.delete("/a") == 4
    assert engine.revision == await engine.current_revision() == 4
    b = await engine.get("/b")
    assert (b.create_revision, b.mod_revision) == (3, 3)
    await engine.put("/b", b"4")
    b = await engine.get("/b")
    assert (b.value, b.create_revision, b.mod_revision) == (b"4", 3, 5)


async def test_a_transaction_without_change_makes_no_revision(engine):
    """Deleting what does not exist is no change and no event."""
    recorder = Recorder()
    await engine.watch("", 0, recorder)
    assert await engine.delete("/missing") == 1
    assert await engine.txn((Compare("/missing", 0),), ()) == 1
    assert recorder.events == []


async def test_a_failed_comparison_writes_nothing_and_tells_the_current_value(engine):
    """All operations of a transaction happen or none."""
    await engine.put("/a", b"1")
    with pytest.raises(CompareFailed) as failure:
        await engine.txn((Compare("/b", 0), Compare("/a", 7)), (Put("/a", b"2"), Put("/b", b"2")))
    assert failure.value.key == "/a"
    assert failure.value.current == await engine.get("/a")
    with pytest.raises(CompareFailed) as failure:
        await engine.put("/a", b"2", mod_revision=0)
    assert failure.value.current.value == b"1"
    with pytest.raises(CompareFailed) as failure:
        await engine.delete("/b", mod_revision=2)
    assert failure.value.current is None
    assert await keys(engine) == ["/a"]
    assert engine.revision == 2


async def test_concurrent_transactions_on_one_key_are_decided_one_after_the_other(engine):
    """Of sixteen creates of one key exactly one succeeds; other keys are not disturbed."""

    async def create(number: int) -> int:
        try:
            return await engine.txn(
                (Compare("/one", 0),), (Put("/one", b"%d" % number), Put(f"/{number}", b""))
            )
        except CompareFailed as error:
            return -error.current.mod_revision

    results = await asyncio.gather(
        *(create(number) for number in range(16)), engine.put("/other", b"")
    )
    assert sorted(results) == [-2] * 15 + [2, 3]
    assert len(await keys(engine)) == 3


async def test_a_key_is_created_anew_after_its_deletion(engine):
    """The create_revision belongs to one life of a key."""
    await engine.put("/a", b"1")
    await engine.delete("/a")
    assert await engine.get("/a") is None
    await engine.put("/a", b"2", mod_revision=0)
    a = await engine.get("/a")
    assert (a.create_revision, a.mod_revision) == (4, 4)


async def test_a_range_is_ordered_bounded_and_paged(engine):
    """Keys come in code point order, the end is left out and the limit says whether more follow."""
    names = ["/b/2", "/a/1", "/b/1", "/b/10", "/b", "/b/é", "/b/z", "/c"]
    for name in names:
        await engine.put(name, name.encode())
    assert await keys(engine) == sorted(names)
    assert await keys(engine, "/b/", prefix_end("/b/")) == ["/b/1", "/b/10", "/b/2", "/b/z", "/b/é"]
    page = await engine.range("/b/", prefix_end("/b/"), limit=2)
    assert ([item.key for item in page.items], page.more) == (["/b/1", "/b/10"], True)
    page = await engine.range("/b/10\0", prefix_end("/b/"), limit=3)
    assert ([item.key for item in page.items], page.more) == (["/b/2", "/b/z", "/b/é"], False)
    assert page.revision == engine.revision == 9
    assert await engine.count("/b/", prefix_end("/b/")) == 5
    assert await engine.count("", "") == 8
    assert await engine.count("/x", "") == 0


async def test_every_old_revision_reads_as_it_was(engine):
    """Later writes do not show in a read of a revision."""
    await engine.put("/a", b"1")  # 2
    await engine.put("/b", b"1")  # 3
    await engine.put("/a", b"2")  # 4
    await engine.delete("/b")  # 5
    assert await keys(engine, revision=1) == []
    assert await keys(engine, revision=3) == ["/a", "/b"]
    assert (await engine.get("/a", revision=3)).value == b"1"
    assert (await engine.get("/a", revision=4)).value == b"2"
    assert await engine.get("/b", revision=2) is None
    assert await engine.get("/b", revision=5) is None
    assert await engine.count("", "", revision=4) == 2
    page = await engine.range("", "", limit=1, revision=4)
    assert (page.items[0].key, page.more, page.revision) == ("/a", True, 4)


async def test_a_revision_in_the_future_is_refused(engine):
    """Reads and compaction do not wait."""
    for attempt in (
        engine.range("", "", revision=2),
        engine.get("/a", revision=2),
        engine.count("", "", revision=2),
        engine.compact(2),
    ):
        with pytest.raises(FutureRevision) as failure:
            await attempt
        assert (failure.value.revision, failure.value.current) == (2, 1)


async def test_a_watch_has_the_past_and_the_present_without_a_gap(engine):
    """Events come in order, once, whole, with the values before and after."""
    await engine.put("/w/a", b"1")  # 2
    await engine.put("/x/a", b"1")  # 3, not watched
    await engine.txn((), (Put("/w/a", b"2"), Put("/w/b", b"1")))  # 4
    recorder = Recorder()
    subscription = await engine.watch("/w/", 2, recorder)
    await engine.delete("/w/a")  # 5
    await engine.put("/x/a", b"2")  # 6
    assert recorder.events == [
        ("PUT", "/w/a", b"1", None, 2, 2),
        ("PUT", "/w/a", b"2", b"1", 4, 2),
        ("PUT", "/w/b", b"1", None, 4, 4),
        ("DELETE", "/w/a", b"", b"2", 5, 0),
    ]
    assert subscription.revision == 6
    assert recorder.batches == sorted(recorder.batches)


async def test_an_event_is_delivered_before_the_writer_continues(engine):
    """Read your writes: whoever watches has the change when txn returns."""
    recorder = Recorder()
    await engine.watch("/w/", 0, recorder)
    for number in range(20):
        revision = await engine.put(f"/w/{number}", b"")
        assert recorder.events[-1][4] == revision


async def test_a_watch_may_begin_in_the_future(engine):
    """Events before its first revision are not for it."""
    recorder = Recorder()
    await engine.watch("/w/", 4, recorder)
    for number in range(4):
        await engine.put(f"/w/{number}", b"")
    assert [event[4] for event in recorder.events] == [4, 5]


async def test_a_cancelled_watch_hears_nothing_more(engine):
    """Neither events nor the end of the engine."""
    recorder = Recorder()
    subscription = await engine.watch("/w/", 0, recorder)
    subscription.cancel()
    await engine.put("/w/a", b"")
    await engine.close()
    assert (recorder.events, recorder.error) == ([], None)


async def test_a_receiver_that_refuses_or_fails_is_out_and_harms_nobody(engine):
    """The write succeeds and the other receivers have the event."""

    class Failing(Recorder):
        def deliver(self, batch) -> bool:
            raise ValueError("broken receiver")

    failing, refusing, healthy = Failing(), Recorder(room=0), Recorder()
    for receiver in (failing, refusing, healthy):
        await engine.watch("/w/", 0, receiver)
    await engine.put("/w/a", b"")
    await engine.put("/w/b", b"")
    assert len(healthy.events) == 2
    assert refusing.events == []
    assert failing.error is not None


async def test_compaction_forgets_the_past_and_nothing_else(engine):
    """The compacted revision itself stays readable, changes after it stay watchable."""
    await engine.put("/w/a", b"1")  # 2
    await engine.put("/w/b", b"1")  # 3
    await engine.put("/w/a", b"2")  # 4
    await engine.delete("/w/b")  # 5
    await engine.put("/w/a", b"3")  # 6
    await engine.compact(4)
    for attempt in (
        engine.range("", "", revision=3),
        engine.get("/w/a", revision=3),
        engine.watch("/w/", 4, Recorder()),
    ):
        with pytest.raises(RevisionCompacted) as failure:
            await attempt
        assert failure.value.compacted == 4
    assert await keys(engine, revision=4) == ["/w/a", "/w/b"]
    recorder = Recorder()
    await engine.watch("/w/", 5, recorder)
    assert recorder.events == [
        ("DELETE", "/w/b", b"", b"1", 5, 0),
        ("PUT", "/w/a", b"3", b"2", 6, 2),
    ]
    await engine.compact(3)
    await engine.compact(6)
    assert await keys(engine) == ["/w/a"]
    assert (await engine.get("/w/a")).create_revision == 2
    assert await engine.put("/w/b", b"2", mod_revision=0) == 7


async def test_keys_with_a_time_to_live_are_deleted_when_it_is_over(engine, clock):
    """Expiry is an ordinary deletion; writing the key again sets a new time or none."""
    recorder = Recorder()
    await engine.watch("/w/", 0, recorder)
    for name in ("a", "b", "c"):
        await engine.put(f"/w/{name}", b"", ttl_seconds=10)
    clock.advance(5)
    await engine.put("/w/b", b"kept")
    await engine.put("/w/c", b"longer", ttl_seconds=10)
    clock.advance(6)
    await engine.expire()
    assert await keys(engine) == ["/w/b", "/w/c"]
    assert recorder.events[-1] == ("DELETE", "/w/a", b"", b"", engine.revision, 0)
    clock.advance(5)
    await engine.expire()
    assert await keys(engine) == ["/w/b"]


async def test_limits_are_enforced_before_anything_is_written(engine):
    """A value that is too large fails its transaction only."""
    with pytest.raises(TooLarge) as failure:
        await engine.put("/a", b"x" * 1_572_865)
    assert (failure.value.key, failure.value.limit) == ("/a", 1_572_864)
    with pytest.raises(ValueError, match="only once"):
        await engine.txn((), (Put("/a", b""), Delete("/a")))
    with pytest.raises(ValueError, match="at most 128"):
        await engine.txn((), [Put(f"/{number}", b"") for number in range(129)])
    await engine.txn((), [Put(f"/{number}", b"") for number in range(128)])
    assert (engine.revision, await engine.count("", "")) == (2, 128)


async def test_waiting_for_a_revision_ends_when_it_is_delivered_or_time_is_over(engine):
    """A subscription tells how far it is."""
    subscription = await engine.watch("/w/", 0, Recorder())
    assert await subscription.wait_for(1, 0)
    assert not await subscription.wait_for(2, 0.001)
    waiting = asyncio.create_task(subscription.wait_for(2, 10))
    await asyncio.sleep(0)
    await engine.put("/elsewhere", b"")
    assert await waiting


async def test_closing_ends_watches_and_refuses_requests(engine):
    """A write that was under way is finished first."""
    recorder = Recorder()
    subscription = await engine.watch("/w/", 0, recorder)
    waiting = asyncio.create_task(subscription.wait_for(9, 10))
    writing = asyncio.create_task(engine.put("/w/a", b""))
    await asyncio.sleep(0)
    await engine.close()
    assert await writing == 2
    assert len(recorder.events) == 1
    assert isinstance(recorder.error, Closed)
    assert not await waiting
    for attempt in (engine.put("/a", b""), engine.get("/a"), engine.range("", "")):
        with pytest.raises(Closed):
            await attempt


async def test_a_slow_stream_reader_gets_every_event_from_a_bounded_buffer(engine):
    """A stream that falls behind reads on from the log, then live again."""
    stream = EventStream(engine, "/w/", 0, max_events=3)
    first = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    await engine.put("/w/0", b"")
    seen = [event.key for event in (await first).events]
    for number in range(1, 20):
        await engine.put(f"/w/{number}", b"")
    while len(seen) < 20:
        batch = await anext(stream)
        seen += [event.key for event in batch.events]
        assert batch.revision == batch.events[-1].mod_revision
    live = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    await engine.put("/w/20", b"")
    seen += [event.key for event in (await live).events]
    assert seen == [f"/w/{number}" for number in range(21)]
    stream.close()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_a_stream_that_is_overtaken_by_compaction_is_told(engine):
    """What was not read and is gone cannot be skipped silently."""
    stream = EventStream(engine, "/w/", 2)
    await engine.put("/w/a", b"")
    await engine.put("/w/b", b"")
    await engine.compact(3)
    with pytest.raises(RevisionCompacted):
        await anext(stream)


@pytest.mark.parametrize("prefix", ["/w", "w"])
async def test_a_watched_prefix_is_a_folder(engine, prefix):
    """A prefix in the middle of a name is a mistake of the caller."""
    with pytest.raises(ValueError, match="ends in"):
        await engine.watch(prefix, 0, Recorder())
