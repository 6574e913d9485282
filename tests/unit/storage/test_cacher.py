"""What the watch cache guarantees, over every engine."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from kapi.storage.cacher import Cacher, CacherOptions, JSONCodec, stored_value, value_header
from kapi.storage.engine import Put
from kapi.storage.errors import (
    Closed,
    Corrupt,
    FutureRevision,
    RevisionCompacted,
    SlowConsumer,
    Unavailable,
)
from kapi.util.ids import SeededIDs

PREFIX = "/registry/pods/"
HEADER = value_header("v1", "Pod")


def value(name: str, namespace: str = "ns", **labels: str) -> bytes:
    metadata = {"name": name, "namespace": namespace}
    if labels:
        metadata["labels"] = labels
    return stored_value({"metadata": metadata, "spec": {}}, HEADER)


def make_cacher(engine, clock, **options):
    codec = JSONCodec(PREFIX, [HEADER])
    return Cacher(engine, PREFIX, codec, CacherOptions(**options), clock=clock, ids=SeededIDs())


@pytest.fixture
async def cacher(engine, clock):
    """A loaded cache of an empty store."""
    made = make_cacher(engine, clock)
    await made.ready()
    yield made
    await made.close()


async def put(engine, name, namespace="ns", **labels) -> int:
    return await engine.put(f"{PREFIX}{namespace}/{name}", value(name, namespace, **labels))


def names(entries) -> list[str]:
    return [entry.name for entry in entries]


def seen(events) -> list[tuple[str, str, int]]:
    return [(event.type, event.entry.name, event.revision) for event in events]


def is_blue(entry) -> bool:
    return (entry.labels or {}).get("color") == "blue"


async def test_a_write_is_in_the_cache_when_it_returns(engine, cacher):
    """Read your writes, without waiting."""
    for number in range(50):
        revision = await put(engine, "a", n=str(number))
        entry = cacher.get(f"{PREFIX}ns/a")
        assert (entry.revision, entry.labels, cacher.revision) == (
            revision,
            {"n": str(number)},
            revision,
        )
    await engine.delete(f"{PREFIX}ns/a")
    assert cacher.get(f"{PREFIX}ns/a") is None


async def test_entries_are_the_bytes_that_are_served(engine, cacher):
    """No kind, no apiVersion, and the resourceVersion as text in metadata."""
    created = await put(engine, "a", color="blue")
    revision = await put(engine, "a", color="red")
    entry = cacher.get(f"{PREFIX}ns/a")
    assert entry.body == (
        b'{"metadata":{"resourceVersion":"%d","name":"a","namespace":"ns",'
        b'"labels":{"color":"red"}},"spec":{}}' % revision
    )
    assert (entry.namespace, entry.name, entry.create_revision) == ("ns", "a", created)


async def test_lists_are_in_key_order_selected_and_paged(engine, cacher):
    """A page ends at its last selected entry and counts every key of the scope behind it."""
    for namespace in ("b", "a"):
        for number in (3, 1, 2, 10):
            await put(engine, f"p{number}", namespace, color="blue" if number > 1 else "red")
    assert names(cacher.list().entries) == ["p1", "p10", "p2", "p3"] * 2
    scope = f"{PREFIX}b/"
    assert cacher.count(scope) == 4
    page = cacher.list(scope, limit=3)
    assert (names(page.entries), page.remaining, page.revision) == (["p1", "p10", "p2"], 1, 9)
    page = cacher.list(scope, limit=3, start_after=page.entries[-1].key)
    assert (names(page.entries), page.remaining) == (["p3"], 0)
    page = cacher.list(scope, predicate=is_blue, limit=2)
    assert (names(page.entries), page.remaining) == (["p10", "p2"], 1)
    assert names(cacher.list(predicate=is_blue).entries) == ["p10", "p2", "p3"] * 2
    assert names(cacher.list(f"{PREFIX}a/p1").entries) == ["p1"]
    assert names(cacher.list(f"{PREFIX}c/").entries) == []


async def test_a_list_at_a_revision_is_exactly_that_state(engine, clock):
    """From the state, by rewinding, or from the engine: always the same; then Expired."""
    cacher = make_cacher(engine, clock, history_changes=8, replay_revisions=0)
    await cacher.ready()
    states = {engine.revision: []}
    for number in range(30):
        if number % 5 == 4:
            await engine.delete(f"{PREFIX}ns/p{number - 2}")
        else:
            await put(engine, f"p{number % 7}", color="blue" if number % 2 else "red")
        result = cacher.list()
        states[result.revision] = [(entry.name, entry.body) for entry in result.entries]
    await engine.put("/registry/elsewhere/a", b"")
    states[engine.revision] = states[engine.revision - 1]
    for revision, state in states.items():
        found = await cacher.list_at(revision)
        assert [(entry.name, entry.body) for entry in found.entries] == state
        assert found.revision == revision
        page = await cacher.list_at(revision, limit=2, start_after=f"{PREFIX}ns/p1")
        assert names(page.entries) == [name for name, _ in state if name > "p1"][:2]
    await engine.compact(engine.revision)
    with pytest.raises(RevisionCompacted):
        await cacher.list_at(3)
    assert len((await cacher.list_at(engine.revision - 4)).entries) > 0
    await cacher.close()


async def test_waiting_for_a_revision_is_bounded(engine, clock):
    """A revision that comes in time is served, one that does not is refused."""
    cacher = make_cacher(engine, clock, wait_seconds=0.01)
    await cacher.ready()
    with pytest.raises(FutureRevision) as failure:
        await cacher.list_at(5)
    assert (failure.value.revision, failure.value.current) == (5, 1)
    patient = make_cacher(engine, clock)
    await patient.ready()
    waiting = asyncio.create_task(patient.list_at(2))
    await asyncio.sleep(0)
    await put(engine, "a")
    assert names((await waiting).entries) == ["a"]
    await cacher.close()
    await patient.close()


async def test_a_watch_shows_first_what_exists_and_then_what_changes(engine, cacher):
    """Initial events come in key order with the objects' own versions."""
    await put(engine, "b")
    await put(engine, "a")
    watcher = cacher.watch(initial_events_end=True)
    await put(engine, "b", color="blue")
    await engine.delete(f"{PREFIX}ns/a")
    events = await watcher.next()
    bookmark = events.pop(2)
    assert (bookmark.type, bookmark.revision, bookmark.initial_events_end) == ("BOOKMARK", 3, True)
    assert seen(events) == [
        ("ADDED", "a", 3),
        ("ADDED", "b", 2),
        ("MODIFIED", "b", 4),
        ("DELETED", "a", 5),
    ]
    assert orjson.loads(events[3].entry.body)["metadata"] == {
        "resourceVersion": "5",
        "name": "a",
        "namespace": "ns",
    }


async def test_a_watch_continues_from_any_revision_in_the_history(engine, cacher):
    """Past and live events together are every change after the revision, once."""
    changes = []
    for number in range(10):
        revision = await put(engine, f"p{number % 3}")
        changes.append(("ADDED" if number < 3 else "MODIFIED", f"p{number % 3}", revision))
    watchers = [cacher.watch(after=revision) for revision in range(1, 14)]
    changes += [("MODIFIED", f"p{n}", await put(engine, f"p{n}")) for n in range(2)]
    for after, watcher in enumerate(watchers, start=1):
        expected = [change for change in changes if change[2] > after]
        assert seen(await watcher.next() if expected else []) == expected
        watcher.close()
        assert await watcher.next() == []


async def test_a_selector_sees_objects_enter_and_leave(engine, cacher):
    """Leaving is DELETED with the old content and the new resourceVersion."""
    await put(engine, "before", color="blue")
    start = engine.revision
    live = cacher.watch(predicate=is_blue, after=start)
    await put(engine, "p", color="red")
    await put(engine, "p", color="blue")
    await put(engine, "p", color="blue", n="2")
    left = await put(engine, "p", color="red", n="3")
    await put(engine, "p", color="red", n="4")
    await put(engine, "p", color="blue", n="5")
    await engine.delete(f"{PREFIX}ns/p")
    replayed = cacher.watch(predicate=is_blue, after=start)
    for watcher in (live, replayed):
        events = await watcher.next()
        assert [event.type for event in events] == [
            "ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED",
        ]  # fmt: skip
        gone = orjson.loads(events[2].entry.body)["metadata"]
        assert (gone["labels"], gone["resourceVersion"]) == (
            {"color": "blue", "n": "2"},
            str(left),
        )


async def test_scopes_get_their_own_changes_only(engine, cacher):
    """A namespace, one object, or everything."""
    scopes = {"": [], f"{PREFIX}a/": [], f"{PREFIX}a/x": [], f"{PREFIX}b/": []}
    watchers = {scope: cacher.watch(scope, after=1) for scope in scopes}
    for namespace, name in (("a", "x"), ("a", "xy"), ("b", "x"), ("ab", "x")):
        await put(engine, name, namespace)
    events = {
        scope: [(event.entry.namespace, event.entry.name) for event in await watcher.next()]
        for scope, watcher in watchers.items()
    }
    assert list(events.values()) == [
        [("a", "x"), ("a", "xy"), ("b", "x"), ("ab", "x")],
        [("a", "x"), ("a", "xy")],
        [("a", "x")],
        [("b", "x")],
    ]


async def test_an_event_is_shared_and_framed_once_for_all_watchers(engine, cacher):
    """All watchers that see a change alike have the same object."""
    watchers = [cacher.watch(after=1) for _ in range(3)]
    watchers.append(cacher.watch(after=1, predicate=is_blue))
    await put(engine, "a", color="blue")
    events = [(await watcher.next())[0] for watcher in watchers]
    assert len(set(map(id, events))) == 1
    built = []

    def build(event) -> bytes:
        built.append(event)
        return b"frame"

    assert {event.frame("application/json", build) for event in events} == {b"frame"}
    assert len(built) == 1
    entry = cacher.get(f"{PREFIX}ns/a")
    assert entry.alternate("table", lambda _: b"row") == b"row"
    assert entry.alternate("table", lambda _: b"other") == b"row"


async def test_a_watcher_that_does_not_read_is_closed_and_told(engine, cacher):
    """It keeps what was queued, and can continue from there without a gap."""
    slow = cacher.watch(after=1, queue_limit=3)
    healthy = cacher.watch(after=1)
    for number in range(5):
        await put(engine, f"p{number}")
    assert len(await healthy.next()) == 5
    events = await slow.next()
    assert [event.revision for event in events] == [2, 3, 4]
    with pytest.raises(SlowConsumer) as failure:
        await slow.next()
    again = cacher.watch(after=failure.value.revision)
    assert [event.revision for event in await again.next()] == [5, 6]


async def test_initial_events_do_not_count_as_slowness(engine, cacher):
    """A large state may wait beside a full queue of changes."""
    for number in range(10):
        await put(engine, f"p{number}")
    watcher = cacher.watch(queue_limit=2)
    await put(engine, "p1")
    await put(engine, "p2")
    assert len(await watcher.next()) == 12
    for number in range(3):
        await put(engine, f"p{number}")
    assert len(await watcher.next()) == 2
    with pytest.raises(SlowConsumer):
        await watcher.next()


async def test_a_reader_that_waits_is_woken_once_and_takes_all(engine, cacher):
    """Everything a transaction changed is there at once."""
    watcher = cacher.watch(after=1)
    reading = asyncio.create_task(watcher.next())
    await asyncio.sleep(0)
    await engine.txn((), [Put(f"{PREFIX}ns/p{n}", value(f"p{n}")) for n in range(5)])
    assert names(event.entry for event in await reading) == ["p0", "p1", "p2", "p3", "p4"]
    reading = asyncio.create_task(watcher.next())
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await put(engine, "p0")
    assert len(await watcher.next()) == 1


async def test_too_old_revisions_are_detected(engine, clock):
    """The history is bounded in changes and bytes; beyond it a client has to list again."""
    cacher = make_cacher(engine, clock, history_changes=5)
    await cacher.ready()
    for number in range(10):
        await put(engine, f"p{number}")
    with pytest.raises(RevisionCompacted) as failure:
        cacher.watch(after=5)
    assert (failure.value.revision, failure.value.compacted) == (5, 6)
    assert len(await cacher.watch(after=6).next()) == 5
    await cacher.close()
    cacher = make_cacher(engine, clock, history_bytes=300, replay_revisions=0)
    await cacher.ready()
    for number in range(10):
        await put(engine, "p0", n=str(number))
    with pytest.raises(RevisionCompacted):
        cacher.watch(after=engine.revision - 5)
    assert len(await cacher.watch(after=engine.revision - 2).next()) == 2
    await cacher.close()


async def test_a_new_cache_replays_recent_changes_but_not_from_revision_one(engine, clock):
    """Watches continue over a restart; the empty store's revision is too old as in Kubernetes."""
    for number in range(20):
        await put(engine, "p", n=str(number))
    cacher = make_cacher(engine, clock)
    await cacher.ready()
    assert len(await cacher.watch(after=2).next()) == 19
    with pytest.raises(RevisionCompacted):
        cacher.watch(after=1)
    short = make_cacher(engine, clock, replay_revisions=5)
    await short.ready()
    assert len(await short.watch(after=16).next()) == 5
    with pytest.raises(RevisionCompacted):
        short.watch(after=15)
    await engine.compact(18)
    compacted = make_cacher(engine, clock)
    await compacted.ready()
    assert len(await compacted.watch(after=18).next()) == 3
    assert compacted.get(f"{PREFIX}ns/p").revision == 21
    for each in (cacher, short, compacted):
        await each.close()


async def test_bookmarks_come_about_every_minute_and_before_the_end(engine, cacher, clock):
    """Only to those who asked, each at its own moment, with the newest revision seen."""
    asked = cacher.watch(after=1, bookmarks=True)
    silent = cacher.watch(after=1)
    short = cacher.watch(after=1, bookmarks=True, timeout_seconds=30)
    await engine.put("/registry/elsewhere/a", b"")
    clock.advance(28.5)
    cacher.send_due_bookmarks()
    assert [(event.type, event.revision) for event in await short.next()] == [("BOOKMARK", 2)]
    assert (asked.queue, silent.queue) == ([], [])
    clock.advance(75 - 28.5)
    cacher.send_due_bookmarks()
    (bookmark,) = await asked.next()
    assert (bookmark.type, bookmark.entry, bookmark.initial_events_end) == ("BOOKMARK", None, False)
    assert (short.queue, silent.queue) == ([], [])
    clock.advance(59)
    cacher.send_due_bookmarks()
    assert asked.queue == []
    asked.close()
    clock.advance(100)
    cacher.send_due_bookmarks()
    assert await asked.next() == []


async def test_a_cache_that_loses_its_engine_ends_its_watchers_and_loads_again(engine, clock):
    """Watchers are told to start again; the next reader loads the state anew."""
    cacher = make_cacher(engine, clock)
    await cacher.ready()
    await put(engine, "a")
    watcher = cacher.watch(after=2)
    cacher._subscription.cancel()
    cacher.closed(Unavailable("the connection was lost"))
    with pytest.raises(Unavailable, match="connection was lost"):
        await watcher.next()
    with pytest.raises(Unavailable, match="not loaded"):
        cacher.get(f"{PREFIX}ns/a")
    await put(engine, "b")
    await asyncio.gather(*(cacher.ready() for _ in range(3)))
    assert names(cacher.list().entries) == ["a", "b"]
    await cacher.close()
    with pytest.raises(Closed):
        cacher.list()
    with pytest.raises(Closed):
        await cacher.ready()


async def test_an_unreadable_value_is_reported_with_its_key(engine, clock):
    """Served bytes are never guessed."""
    await engine.put(f"{PREFIX}ns/a", b"not JSON")
    cacher = make_cacher(engine, clock)
    with pytest.raises(Corrupt, match="/registry/pods/ns/a"):
        await cacher.ready()
    await put(engine, "a")
    await engine.compact(engine.revision)
    await cacher.ready()
    assert names(cacher.list().entries) == ["a"]
    await cacher.close()
