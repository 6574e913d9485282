"""What only the in-memory engine can do."""

from __future__ import annotations

from kapi.storage.memory import MemoryEngine


async def test_a_fork_has_the_past_and_goes_its_own_way():
    """Old revisions and changes are in both; later writes are in one."""
    original = MemoryEngine()
    for number in range(600):
        await original.put(f"/{number % 7}", b"%d" % number)
    fork = original.fork()
    await original.put("/0", b"original")
    await fork.put("/0", b"fork")
    await fork.put("/1", b"fork")
    assert (original.revision, fork.revision) == (602, 603)
    assert (await original.get("/0")).value == b"original"
    assert (await fork.get("/0")).value == b"fork"
    for revision in (2, 100, 256, 300, 511, 512, 513, 601):
        assert await original.range("", "", revision=revision) == await fork.range(
            "", "", revision=revision
        )
        newest = max((await fork.range("", "", revision=revision)).items, key=lambda kv: kv[3])
        assert newest.mod_revision == revision
    await fork.compact(603)
    assert (await original.get("/1", revision=3)).value == b"1"


async def test_a_fork_expires_keys_by_itself(clock):
    """A time to live that began before the fork ends in both."""
    original = MemoryEngine(clock=clock)
    await original.put("/a", b"", ttl_seconds=5)
    fork = original.fork()
    await original.put("/a", b"kept")
    clock.advance(6)
    await original.expire()
    await fork.expire()
    assert await original.get("/a") is not None
    assert await fork.get("/a") is None
    await fork.close()
