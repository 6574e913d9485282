"""What the registry may rely on when it writes."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from kapi.storage.cacher import JSONCodec, stored_value, value_header
from kapi.storage.engine import prefix_end
from kapi.storage.errors import (
    CompareFailed,
    FutureRevision,
    KeyExists,
    KeyNotFound,
    RevisionCompacted,
    Unavailable,
)
from kapi.storage.store import Store

PREFIX = "/registry/configmaps/"
HEADER = value_header("v1", "ConfigMap")
KEY = f"{PREFIX}ns/a"


def value(**data) -> bytes:
    return stored_value({"metadata": {"name": "a"}, "data": data}, HEADER)


def data(entry):
    return orjson.loads(entry.body)["data"]


@pytest.fixture
async def store(engine, clock):
    """The store of one resource over each engine."""
    made = Store(engine, PREFIX, JSONCodec(PREFIX, [HEADER]), clock=clock)
    yield made
    await made.close()


async def test_create_get_and_delete(engine, store):
    """The entries that come back have the revisions of the writes."""
    created = await store.create(KEY, value(a="1"))
    assert (created.revision, created.create_revision, data(created)) == (2, 2, {"a": "1"})
    assert await store.get(KEY) is created
    with pytest.raises(KeyExists) as failure:
        await store.create(KEY, value())
    assert (failure.value.key, failure.value.revision) == (KEY, 2)
    deleted = await store.delete(KEY)
    assert (deleted.revision, data(deleted)) == (3, {"a": "1"})
    for attempt in (store.get(KEY), store.delete(KEY), store.guaranteed_update(KEY, lambda _: b"")):
        with pytest.raises(KeyNotFound):
            await attempt


async def test_concurrent_updates_lose_nothing(engine, store):
    """Each retry sees what the others wrote."""
    await store.create(KEY, value(n=0))
    calls = []

    def increment(entry):
        calls.append(entry.revision)
        return value(n=data(entry)["n"] + 1)

    results = await asyncio.gather(*(store.guaranteed_update(KEY, increment) for _ in range(10)))
    assert data(await store.get(KEY)) == {"n": 10}
    assert sorted(result.entry.revision for result in results) == list(range(3, 13))
    assert {result.change for result in results} == {"updated"}
    assert {result.entry.create_revision for result in results} == {2}
    assert len(calls) >= 10


async def test_an_update_without_change_is_not_written(engine, store):
    """No revision, no event."""
    created = await store.create(KEY, value(a="1"))
    watcher = await store.watch(after=created.revision)
    result = await store.guaranteed_update(KEY, lambda _: value(a="1"))
    assert (result.change, result.entry, engine.revision) == ("unchanged", created, 2)
    assert watcher.queue == []


async def test_an_update_may_create_or_delete(engine, store):
    """PUT to a missing name, and the update that removes the last finalizer."""
    result = await store.guaranteed_update(
        KEY, lambda entry: value() if entry is None else b"", create_missing=True
    )
    assert (result.change, result.entry.revision, result.entry.create_revision) == ("created", 2, 2)
    result = await store.guaranteed_update(KEY, lambda _: None)
    assert (result.change, result.entry.revision, engine.revision) == ("deleted", 3, 3)
    with pytest.raises(KeyNotFound):
        await store.guaranteed_update(KEY, lambda _: None, create_missing=True)


async def test_replace_writes_over_exactly_one_version(engine, store):
    """No retry: the caller decides what a conflict means."""
    created = await store.create(KEY, value(a="1"))
    replaced = await store.replace(created, value(a="2"))
    assert (replaced.revision, replaced.create_revision, data(replaced)) == (3, 2, {"a": "2"})
    for attempt in (store.replace(created, value(a="3")), store.replace(created, None)):
        with pytest.raises(CompareFailed) as failure:
            await attempt
        assert failure.value.current.mod_revision == 3
    assert (await store.replace(replaced, None)).revision == 4
    assert await store.count() == 0


async def test_a_durable_write_succeeds_though_the_cache_is_lost(engine, store):
    """The answer shows what was stored; the next read loads the cache again."""

    def lose_cache(entry):
        store.cacher._subscription.cancel()
        store.cacher.closed(Unavailable("lost"))
        return None if entry.revision > 2 else value(a="2")

    await store.create(KEY, value(a="1"))
    updated = await store.guaranteed_update(KEY, lose_cache)
    assert (updated.entry.revision, data(updated.entry)) == (3, {"a": "2"})
    assert data(await store.get(KEY)) == {"a": "2"}
    deleted = await store.guaranteed_update(KEY, lose_cache)
    assert (deleted.change, deleted.entry.revision, engine.revision) == ("deleted", 4, 4)


async def test_a_precondition_that_fails_leaves_the_object_alone(engine, store):
    """Whatever it raises reaches the caller; it is asked again after a conflict."""
    await store.create(KEY, value(uid="1"))

    class WrongUIDError(Exception):
        pass

    def precondition(entry) -> None:
        if data(entry)["uid"] != "1":
            raise WrongUIDError

    async def replace():
        await engine.delete(KEY)
        await engine.put(KEY, value(uid="2"))

    replacing = asyncio.create_task(replace())
    results = await asyncio.gather(
        replacing, *(store.delete(KEY, precondition) for _ in range(2)), return_exceptions=True
    )
    assert results[0] is None
    assert await store.count() == 1
    with pytest.raises(WrongUIDError):
        await store.delete(KEY, precondition)


async def test_reads_choose_their_freshness(engine, store):
    """Newest, cached, not older than a revision, or exactly a revision."""
    await store.create(KEY, value(a="1"))
    await store.guaranteed_update(KEY, lambda _: value(a="2"))
    assert data(await store.get(KEY, not_older_than=0)) == {"a": "2"}
    assert data(await store.get(KEY, not_older_than=3)) == {"a": "2"}
    assert [data(entry) for entry in (await store.list(at_revision=2)).entries] == [{"a": "1"}]
    assert (await store.list(f"{PREFIX}ns/")).revision == 3
    assert await store.count(f"{PREFIX}other/") == 0
    store.cacher._options = type(store.cacher._options)(wait_seconds=0.01)
    with pytest.raises(FutureRevision):
        await store.get(KEY, not_older_than=4)
    with pytest.raises(RevisionCompacted):
        await store.watch(after=0)


async def test_writers_of_other_resources_do_not_wake_watchers(engine, store):
    """A revision elsewhere moves the cache on without an event."""
    watcher = await store.watch(after=1)
    await engine.put("/registry/secrets/ns/a", b"")
    assert (store.cacher.revision, watcher.queue) == (2, [])
    assert (await engine.range(PREFIX, prefix_end(PREFIX))).items == []
