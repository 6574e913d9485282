"""A list and a watch from its revision always add up to the present."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from kapi.storage.cacher import Cacher, CacherOptions, JSONCodec, stored_value, value_header
from kapi.storage.engine import Delete, Put
from kapi.storage.memory import MemoryEngine

PREFIX = "/registry/pods/"
HEADER = value_header("v1", "Pod")
NAMES = st.sampled_from(["a/1", "a/2", "b/1", "b/2"])
COLORS = st.sampled_from(["red", "blue", None])
TRANSACTIONS = st.lists(
    st.lists(st.tuples(NAMES, COLORS), min_size=1, max_size=3, unique_by=lambda step: step[0]),
    max_size=15,
)


def operation(name: str, color: str | None) -> Put | Delete:
    if color is None:
        return Delete(PREFIX + name)
    return Put(
        PREFIX + name, stored_value({"metadata": {"name": name, "labels": {"c": color}}}, HEADER)
    )


def is_blue(entry) -> bool:
    return entry.labels == {"c": "blue"}


def content(entry) -> bytes:
    return entry.body[entry.body.index(b'"name"') :]


def apply(state: dict[str, bytes], events, after: int) -> dict[str, bytes]:
    """Follow the events as an informer does, checking each against what it knows."""
    for event in events:
        key = event.entry.key
        assert event.revision >= after
        assert f'"resourceVersion":"{event.revision}"'.encode() in event.entry.body
        assert (event.type == "ADDED") == (key not in state)
        if event.type == "DELETED":
            assert state.pop(key) == content(event.entry)
        else:
            state[key] = content(event.entry)
        after = event.revision
    return state


async def check(transactions, scope, predicate) -> None:
    engine = MemoryEngine()
    cacher = Cacher(engine, PREFIX, JSONCodec(PREFIX, [HEADER]), CacherOptions(replay_revisions=0))
    await cacher.ready()

    def listed(result) -> dict[str, bytes]:
        return {entry.key: content(entry) for entry in result.entries}

    live = []
    for steps in transactions:
        state = listed(cacher.list(scope, predicate=predicate))
        live.append(
            (
                state,
                cacher.revision,
                cacher.watch(scope, after=cacher.revision, predicate=predicate),
            )
        )
        await engine.txn((), [operation(name, color) for name, color in steps])
    present = listed(cacher.list(scope, predicate=predicate))
    for state, revision, watcher in live:
        assert apply(state, watcher.queue, revision) == present
    for revision in range(1, engine.revision + 1):
        state = listed(await cacher.list_at(revision, scope, predicate=predicate))
        watcher = cacher.watch(scope, after=revision, predicate=predicate)
        assert apply(state, watcher.queue, revision) == present
    from_nothing = cacher.watch(scope, predicate=predicate)
    assert all(event.type == "ADDED" for event in from_nothing.queue)
    assert {event.entry.key: content(event.entry) for event in from_nothing.queue} == present
    await cacher.close()


@settings(max_examples=150, deadline=None)
@given(
    TRANSACTIONS,
    st.sampled_from(["", f"{PREFIX}a/", f"{PREFIX}b/1"]),
    st.sampled_from([None, is_blue]),
)
def test_a_list_and_its_watch_add_up_to_the_present(transactions, scope, predicate):
    """Whatever happened, with or without a selector, live or replayed, in any scope."""
    asyncio.run(check(transactions, scope, predicate))
