"""The durable engine does what the executable specification does, whatever is asked of it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kapi.storage.engine import Compare, Delete, Put
from kapi.storage.errors import CompareFailed, FutureRevision, RevisionCompacted
from kapi.storage.memory import MemoryEngine
from kapi.storage.sqlite import SQLiteEngine
from kapi.util.clock import FakeClock

KEYS = st.sampled_from(["/a/1", "/a/2", "/a/10", "/b/1", "/b/x/1"])
PREFIXES = st.sampled_from(["", "/a/", "/b/", "/b/x/"])
VALUES = st.binary(max_size=3)
TTLS = st.sampled_from([None, None, 5, 20])
OPERATIONS = st.lists(
    st.one_of(st.builds(Put, KEYS, VALUES, TTLS), st.builds(Delete, KEYS)),
    max_size=3,
    unique_by=lambda operation: operation.key,
)


class Replica:
    """Rebuilds the state of a prefix from its events alone."""

    def __init__(self) -> None:
        self.events = []

    def deliver(self, batch) -> bool:
        assert all(event.kv.mod_revision <= batch.revision for event in batch.events)
        self.events += batch.events
        return True

    def closed(self, error) -> None:
        self.events = []

    def state(self, before):
        state = {item.key: item for item in before}
        for event in self.events:
            assert state.get(event.key) == event.previous
            if event.type == "PUT":
                state[event.key] = event.kv
            else:
                del state[event.key]
        return sorted(state.values())


class Equivalence(RuleBasedStateMachine):
    """Drives both engines alike; hypothesis looks for a difference."""

    @initialize()
    def start(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.mkdtemp()
        self.path = str(Path(self.folder) / "state.db")
        self.clock = FakeClock()
        self.memory = MemoryEngine(clock=self.clock)
        self.sqlite = self.run(SQLiteEngine.open(self.path, clock=self.clock))
        self.compacted = 1

    def run(self, awaitable):
        return self.runner.run(_awaited(awaitable))

    def both(self, request):
        memory, sqlite = self.run(_both(request(self.memory), request(self.sqlite)))
        assert memory == sqlite
        return memory

    def revision(self, data) -> int:
        return data.draw(st.integers(0, self.memory.revision + 1), label="revision")

    @rule(operations=OPERATIONS, key=KEYS, data=st.data())
    def transact(self, operations, key, data) -> None:
        expected = data.draw(st.integers(0, self.memory.revision), label="expected")
        compares = data.draw(st.sampled_from([(), (), (Compare(key, expected),)]))
        self.both(lambda engine: engine.txn(compares, operations))

    @rule(batch=st.lists(OPERATIONS, min_size=2, max_size=5), key=KEYS)
    def transact_together(self, batch, key) -> None:
        compare = (Compare(key, self.memory.revision),)
        self.both(lambda engine: _together(engine, compare, batch))

    @rule(start=KEYS, end=st.one_of(KEYS, st.just("")), limit=st.integers(0, 3), data=st.data())
    def read(self, start, end, limit, data) -> None:
        revision = self.revision(data)
        self.both(lambda engine: engine.range(start, end, limit=limit, revision=revision))
        self.both(lambda engine: engine.count(start, end, revision=revision))
        self.both(lambda engine: engine.get(start, revision=revision))

    @rule(prefix=PREFIXES, data=st.data())
    def replay(self, prefix, data) -> None:
        """A watch from any revision replays exactly."""
        revision = max(self.revision(data), 1)
        replicas = [Replica(), Replica()]
        for engine, replica in zip((self.memory, self.sqlite), replicas, strict=True):
            watch = self.run(_caught(engine.watch(prefix, revision + 1, replica)))
            assert isinstance(watch, RevisionCompacted) == (revision < self.compacted)
            if not isinstance(watch, RevisionCompacted):
                watch.cancel()
        assert replicas[0].events == replicas[1].events
        if self.compacted <= revision <= self.memory.revision:
            end = prefix[:-1] + "0" if prefix else ""
            before = self.run(self.memory.range(prefix, end, revision=revision)).items
            now = self.run(self.memory.range(prefix, end)).items
            assert replicas[1].state(before) == now

    @rule(data=st.data())
    def compact(self, data) -> None:
        revision = self.revision(data)
        self.both(lambda engine: engine.compact(revision))
        if revision <= self.memory.revision:
            self.compacted = max(self.compacted, revision)

    @rule(seconds=st.integers(1, 10))
    def time_passes(self, seconds) -> None:
        self.clock.advance(seconds)
        self.both(lambda engine: engine.expire())

    @rule()
    def reopen(self) -> None:
        self.run(self.sqlite.close())
        self.sqlite = self.run(SQLiteEngine.open(self.path, clock=self.clock))

    @rule()
    def fork(self) -> None:
        original, self.memory = self.memory, self.memory.fork()
        self.run(original.put("/a/1", b"not seen by the fork"))

    @invariant()
    def same_state(self) -> None:
        self.both(lambda engine: engine.range("", ""))
        assert self.memory.revision == self.sqlite.revision

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.run(self.sqlite.close())
            self.runner.close()
            shutil.rmtree(self.folder)


async def _awaited(awaitable):
    return await awaitable


async def _caught(awaitable):
    try:
        return await awaitable
    except (CompareFailed, FutureRevision, RevisionCompacted) as error:
        return error


async def _both(memory, sqlite):
    results = [await _caught(memory), await _caught(sqlite)]
    return [
        (type(result), vars(result)) if isinstance(result, Exception) else result
        for result in results
    ]


async def _together(engine, compare, batch):
    """Several transactions at once: they are decided in the order in which they came."""
    results = await asyncio.gather(
        *(
            _caught(engine.txn(compare if index % 2 else (), operations))
            for index, operations in enumerate(batch)
        )
    )
    return [str(result) for result in results]


TestEquivalence = Equivalence.TestCase
TestEquivalence.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
