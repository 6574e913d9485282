"""Snapshots: what they hold, what is restored, and what is refused."""

from __future__ import annotations

import asyncio

import pytest

from kapi.storage.errors import RevisionCompacted
from kapi.storage.memory import MemoryEngine
from kapi.storage.snapshot.file_format import SnapshotError
from kapi.storage.snapshot.snapshot import restore, take, verify
from kapi.storage.snapshot.source import EngineSource
from kapi.storage.sqlite import SQLiteEngine
from kapi.storage.sqlite.source import DatabaseSource
from kapi.util.clock import FakeClock


class Ignore:
    """A receiver that takes everything."""

    def deliver(self, batch) -> bool:
        return True

    def closed(self, error) -> None:
        pass


async def snapshot_of(source, path):
    done = []
    manifest = await take(
        source, path, taken_at="2026-01-01T00:00:00Z", kapi="0.0.0", progress=done.append
    )
    return manifest, done


async def content(engine):
    return {item.key: (item.value, item.expires_at) for item in (await engine.range("", "")).items}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "all.snapshot"


@pytest.fixture
async def filled(engine):
    """An engine of each kind with more than a page and more than a block."""
    await asyncio.gather(
        *(engine.put(f"/registry/a/{n:04}", b"%d" % n + bytes(1500)) for n in range(1200))
    )
    await engine.put("/registry/z", b"x" * 1_500_000)
    await engine.put("/registry/\u00fc", b"", ttl_seconds=100)
    await engine.delete("/registry/a/0007")
    return engine


@pytest.mark.parametrize("target_kind", ["memory", "sqlite"])
async def test_every_engine_restores_what_any_engine_had(filled, file, tmp_path, target_kind):
    """Keys, values and what is left of their time to live."""
    clock = FakeClock(1_700_000_040.0)
    manifest, done = await snapshot_of(await EngineSource.of(filled), file)
    assert (manifest.keys, done[-1]) == (1201, 1201)
    assert manifest.revision == filled.revision
    if target_kind == "memory":
        target = MemoryEngine(clock=clock)
    else:
        target = await SQLiteEngine.open(str(tmp_path / "new.db"), clock=clock)
    assert await restore(file, target, clock.now(), done.append) == manifest
    assert await content(target) == await content(filled)
    await target.close()


async def test_a_snapshot_is_one_revision_while_writes_go_on(filled, file):
    """What is written while pages are read is not in it."""
    source = await EngineSource.of(filled)
    before = await content(filled)

    class Busy:
        revision, keys = source.revision, source.keys

        async def pages(self):
            async for page in source.pages():
                await filled.put(f"/registry/new-{page[0].key[-4:]}", b"")
                await filled.delete("/registry/a/1100")
                yield page

    await snapshot_of(Busy(), file)
    restored = MemoryEngine(clock=FakeClock())
    await restore(file, restored, restored._clock.now(), lambda _: None)
    assert await content(restored) == before


async def test_the_database_of_a_running_server_is_copied_at_one_revision(tmp_path, file):
    """Beside the engine that has it open, with what only its write-ahead log has."""
    path = str(tmp_path / "state.db")
    engine = await SQLiteEngine.open(path)
    await asyncio.gather(*(engine.put(f"/{n:04}", bytes(100)) for n in range(1300)))
    source = DatabaseSource.open(path)
    await asyncio.gather(*(engine.delete(f"/{n:04}") for n in range(600)))
    await engine.compact(engine.revision)
    manifest, done = await snapshot_of(source, file)
    source.close()
    assert (manifest.revision, manifest.keys, done) == (1301, 1300, [500, 1000, 1300])
    await engine.close()


async def test_a_restored_database_goes_on_after_the_snapshots_revision(tmp_path, file):
    """Clients that watched the old store are told to list anew; nothing is repeated to them."""
    engine = MemoryEngine()
    for number in range(20):
        await engine.put("/a", b"%d" % number)
    manifest, _ = await snapshot_of(await EngineSource.of(engine), file)
    first = manifest.revision + 1
    target = await SQLiteEngine.open(str(tmp_path / "new.db"), first_revision=first)
    await restore(file, target, 0.0, lambda _: None)
    assert target.revision == 23
    await target.close()
    target = await SQLiteEngine.open(str(tmp_path / "new.db"))
    assert (await target.get("/a")).mod_revision == 23
    with pytest.raises(RevisionCompacted):
        await target.watch("", manifest.revision + 1, Ignore())
    await target.close()


async def test_a_store_with_keys_is_only_replaced_when_told(filled, file):
    """Nothing is written into it otherwise."""
    other = MemoryEngine()
    await other.put("/registry/other", b"1")
    await other.put("/elsewhere", b"1")
    await snapshot_of(await EngineSource.of(filled), file)
    with pytest.raises(SnapshotError, match="not empty, it has 1 keys"):
        await restore(file, other, 0.0, lambda _: None, scope="/registry/")
    assert len(await content(other)) == 2
    await restore(file, other, 0.0, lambda _: None, scope="/registry/", replace=True)
    assert len(await content(other)) == 1202
    assert "/registry/other" not in await content(other)


async def test_every_damage_is_found_before_anything_is_restored(filled, file):
    """A bit anywhere, a cut anywhere, something appended, another program's file."""
    await snapshot_of(await EngineSource.of(filled), file)
    sound = file.read_bytes()
    assert verify(file).keys == 1201
    target = MemoryEngine()
    damages = [sound[:at] for at in (0, 5, 20, 60, len(sound) // 2, len(sound) - 1)]
    damages.extend(
        sound[:at] + bytes([sound[at] ^ 64]) + sound[at + 1 :]
        for at in (16, 30, 90, len(sound) // 2, len(sound) - 40, len(sound) - 1)
    )
    for damaged in (*damages, sound + b"x", b"SQLite format 3\0" * 99):
        file.write_bytes(damaged)
        with pytest.raises(SnapshotError) as refused:
            await restore(file, target, 0.0, lambda _: None)
        assert "\n" not in str(refused.value)
        assert str(file) in str(refused.value)
    assert target.revision == 1
    file.unlink()
    with pytest.raises(SnapshotError, match="No such file"):
        verify(file)


async def test_a_snapshot_that_fails_leaves_no_file(filled, file):
    """Neither the whole nor the part."""

    class Failing:
        revision, keys = 9, 9

        async def pages(self):
            raise RevisionCompacted(9, 10)
            yield

    with pytest.raises(RevisionCompacted):
        await snapshot_of(Failing(), file)
    assert list(file.parent.glob("*snapshot*")) == []
