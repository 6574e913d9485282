"""Measures the storage layer alone: python bench/storage.py [--directory DIR] [--seconds N]."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from kapi.storage.cacher import Cacher, JSONCodec, stored_value, value_header
from kapi.storage.engine import Compare, Put
from kapi.storage.memory import MemoryEngine
from kapi.storage.sqlite import SQLiteEngine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.storage.cacher import Watcher, WatchEvent
    from kapi.storage.engine import Engine

PREFIX = "/registry/configmaps/"
HEADER = value_header("v1", "ConfigMap")
VALUE = stored_value(
    {"metadata": {"name": "a", "namespace": "default"}, "data": {"payload": "x" * 900}}, HEADER
)
WATCHERS = 200


def report(what: str, value: float, unit: str, target: str = "") -> None:
    """Print one line of the result."""
    print(f"{what:<58} {value:>10,.1f} {unit:<10} {target}")


async def create(engine: Engine, task: str, seconds: float, latencies: list[float]) -> None:
    """Create keys one after the other until the time is over."""
    end = time.perf_counter() + seconds
    number = 0
    while (start := time.perf_counter()) < end:
        key = f"{PREFIX}default/{task}-{number}"
        await engine.txn((Compare(key, 0),), (Put(key, VALUE),))
        latencies.append(time.perf_counter() - start)
        number += 1


async def creates(name: str, engine: Engine, tasks: int, seconds: float, target: str = "") -> None:
    """Report throughput and latency of creates from some tasks at once."""
    latencies: list[float] = []
    start = time.perf_counter()
    await asyncio.gather(
        *(create(engine, f"{name}-{tasks}-{n}", seconds, latencies) for n in range(tasks))
    )
    elapsed = time.perf_counter() - start
    report(f"{name}, {tasks} tasks: creates", len(latencies) / elapsed, "/s")
    latencies.sort()
    report("    latency p50", statistics.median(latencies) * 1e6, "us", target)
    report("    latency p99", latencies[int(len(latencies) * 0.99)] * 1e6, "us")


class _OneByOne:
    """The same engine with one transaction at a time: what group commit saves."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = asyncio.Lock()

    async def txn(self, compares: Sequence[Compare], operations: Sequence[Put]) -> int:
        async with self._lock:
            return await self._engine.txn(compares, operations)


async def memory_transactions(count: int = 30_000) -> None:
    """Report the time of a create and of an update without a disk."""
    engine = MemoryEngine()
    start = time.perf_counter()
    for number in range(count):
        key = f"{PREFIX}default/{number}"
        await engine.txn((Compare(key, 0),), (Put(key, VALUE),))
    create_seconds = time.perf_counter() - start
    start = time.perf_counter()
    for number in range(count):
        key = f"{PREFIX}default/{number}"
        await engine.txn((Compare(key, number + 2),), (Put(key, VALUE),))
    update_seconds = time.perf_counter() - start
    report("memory: create", create_seconds / count * 1e6, "us", "target 15")
    report("memory: update", update_seconds / count * 1e6, "us", "target 15")


def frame(event: WatchEvent) -> bytes:
    """One event as a JSON watch stream shows it."""
    entry = event.entry
    assert entry is not None
    return b'{"type":"%b","object":{"kind":"ConfigMap","apiVersion":"v1",%b}\n' % (
        event.type.encode(),
        entry.body[1:],
    )


async def read(watcher: Watcher, expected: int) -> None:
    """Take events as a handler does: all that is ready, as one piece of bytes."""
    got = 0
    while got < expected:
        events = await watcher.next()
        got += len(events)
        b"".join([event.frame("json", frame) for event in events])


async def fan_out(name: str, engine: Engine, writers: int, events: int = 2000) -> None:
    """Report a write's cost of telling 200 waiting watchers, and until all have framed it."""
    cacher = Cacher(engine, PREFIX, JSONCodec(PREFIX, [HEADER]))
    await cacher.ready()
    unwatched = await written(engine, events, writers, f"{name}-{writers}-idle")
    readers = [
        asyncio.create_task(read(cacher.watch(after=cacher.revision), events))
        for _ in range(WATCHERS)
    ]
    await asyncio.sleep(0)
    start = time.perf_counter()
    await written(engine, events, writers, f"{name}-{writers}-watched")
    await asyncio.gather(*readers)
    elapsed = time.perf_counter() - start
    rate = events * WATCHERS / elapsed
    report(f"{name}, {writers} writers: events to {WATCHERS} watchers", rate, "/s")
    report("    one event to all, read and framed", (elapsed - unwatched) / events * 1e6, "us")
    await cacher.close()


async def delivery(events: int = 2000) -> None:
    """Report what one event to 200 waiting watchers adds to the write that made it."""
    engine = MemoryEngine()
    cacher = Cacher(engine, PREFIX, JSONCodec(PREFIX, [HEADER]))
    await cacher.ready()
    spent = []
    for watchers in (0, WATCHERS):
        readers = [
            asyncio.create_task(read(cacher.watch(after=cacher.revision), events))
            for _ in range(watchers)
        ]
        await asyncio.sleep(0)
        total = 0.0
        for number in range(events):
            start = time.perf_counter()
            await engine.put(f"{PREFIX}{watchers}/{number}", VALUE)
            total += time.perf_counter() - start
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        await asyncio.gather(*readers)
        spent.append(total / events * 1e6)
    report(f"delivery of one event to {WATCHERS} watchers", spent[1] - spent[0], "us", "target 200")
    await cacher.close()


async def written(engine: Engine, events: int, writers: int, task: str) -> float:
    """Write, letting readers run in between as a server does; the seconds it took."""

    async def write(writer: int) -> None:
        for number in range(events // writers):
            await engine.put(f"{PREFIX}{task}/{writer}-{number}", VALUE)
            await asyncio.sleep(0)

    start = time.perf_counter()
    await asyncio.gather(*(write(writer) for writer in range(writers)))
    return time.perf_counter() - start


async def reads() -> None:
    """Report lists from the cache and from its history."""
    engine = MemoryEngine()
    cacher = Cacher(engine, PREFIX, JSONCodec(PREFIX, [HEADER]))
    await cacher.ready()
    for number in range(5000):
        await engine.put(f"{PREFIX}ns-{number % 10}/{number}", VALUE)
    start = time.perf_counter()
    for _ in range(1000):
        cacher.list(f"{PREFIX}ns-3/")
    report("cache: list 500 of 5,000", (time.perf_counter() - start) * 1e3, "us")
    start = time.perf_counter()
    for _ in range(1000):
        cacher.get(f"{PREFIX}ns-3/3")
    report("cache: get", (time.perf_counter() - start) * 1e3, "us")
    start = time.perf_counter()
    await cacher.list_at(cacher.revision - 1000)
    report("cache: list 5,000 rewound by 1,000 changes", (time.perf_counter() - start) * 1e6, "us")


async def main(directory: str, seconds: float) -> None:
    """Run everything."""
    await memory_transactions()
    await reads()
    for durability in ("full", "relaxed"):
        path = str(Path(directory) / f"{durability}.db")
        engine = await SQLiteEngine.open(
            path, durability="full" if durability == "full" else "relaxed"
        )
        name = f"sqlite {durability}"
        await creates(name, engine, 1, seconds, "target 400")
        await creates(name, engine, 16, seconds)
        await creates(f"{name}, commit per write", _OneByOne(engine), 16, seconds)  # type: ignore[arg-type]
        await engine.close()
    await delivery()
    await fan_out("memory", MemoryEngine(), 1)
    engine = await SQLiteEngine.open(str(Path(directory) / "watch.db"))
    await fan_out("sqlite", engine, 1)
    await fan_out("sqlite", engine, 16)
    await engine.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", help="where database files go; default: a temporary folder")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--uvloop", action="store_true", help="use uvloop, as the server does")
    options = parser.parse_args()
    factory = None
    if options.uvloop:
        import uvloop

        factory = uvloop.new_event_loop
    with (
        tempfile.TemporaryDirectory(dir=options.directory) as folder,
        asyncio.Runner(loop_factory=factory) as runner,
    ):
        runner.run(main(folder, options.seconds))
