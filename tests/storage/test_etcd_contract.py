"""What every engine guarantees, and the cache above it, over a real etcd."""

from __future__ import annotations

import asyncio

from test_cacher import *  # noqa: F403 - the same tests with another engine
from test_engine_contract import *  # noqa: F403
from test_engine_contract import Recorder, keys
from test_store import *  # noqa: F403


async def test_keys_with_a_time_to_live_are_deleted_when_it_is_over(engine):
    """Expiry is an ordinary deletion; writing the key again sets a new time or none."""
    recorder = Recorder()
    await engine.watch("/w/", 0, recorder)
    for name in ("a", "b", "c"):
        await engine.put(f"/w/{name}", b"", ttl_seconds=1)
    await engine.put("/w/b", b"kept")
    await engine.put("/w/c", b"longer", ttl_seconds=600)
    async with asyncio.timeout(15):
        while await engine.get("/w/a") is not None:
            await asyncio.sleep(0.1)
    assert await keys(engine) == ["/w/b", "/w/c"]
    assert recorder.events[-1] == ("DELETE", "/w/a", b"", b"", engine.revision, 0)
