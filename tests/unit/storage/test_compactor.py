"""The past is kept for an interval and no longer than two."""

from __future__ import annotations

import asyncio

import pytest

from kapi.storage.compactor import Compactor
from kapi.storage.errors import RevisionCompacted


async def test_the_past_of_the_last_interval_is_kept(engine):
    """What was current at the last compaction stays readable until the next."""
    compactor = Compactor(engine)
    await engine.put("/a", b"1")
    await compactor.compact_once()
    await engine.put("/a", b"2")
    assert (await engine.get("/a", revision=2)).value == b"1"
    await compactor.compact_once()
    assert (await engine.get("/a", revision=2)).value == b"1"
    await compactor.compact_once()
    with pytest.raises(RevisionCompacted):
        await engine.get("/a", revision=2)
    assert (await engine.get("/a", revision=3)).value == b"2"


async def test_it_ends_with_the_store(engine):
    """A closed store stops the compactor quietly."""
    running = asyncio.create_task(Compactor(engine, interval_seconds=0).run())
    await engine.put("/a", b"1")
    await engine.close()
    await running
