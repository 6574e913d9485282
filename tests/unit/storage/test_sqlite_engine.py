"""What only the embedded durable engine guarantees: the file, the group, the disk."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from kapi.storage.engine import Compare, Put
from kapi.storage.errors import (
    CompareFailed,
    Corrupt,
    DiskFull,
    Locked,
    SchemaMismatch,
    Unavailable,
)
from kapi.storage.sqlite import SQLiteEngine


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "data" / "state.db")


async def test_what_was_written_is_there_after_reopening(path, clock):
    """State, revision, past and times to live survive; so does a compacted last deletion."""
    engine = await SQLiteEngine.open(path, clock=clock)
    await engine.put("/a", b"1")
    await engine.put("/a", b"2", ttl_seconds=5)
    await engine.put("/b", b"1", ttl_seconds=5)
    await engine.put("/b", b"2")
    await engine.delete("/c") or await engine.put("/c", b"")
    await engine.delete("/c")
    revision = engine.revision
    await engine.close()
    engine = await SQLiteEngine.open(path, clock=clock)
    assert engine.revision == revision
    assert (await engine.get("/a", revision=2)).value == b"1"
    await engine.compact(revision)
    await engine.close()
    engine = await SQLiteEngine.open(path, clock=clock)
    assert engine.revision == revision
    clock.advance(6)
    await engine.expire()
    assert [item.key for item in (await engine.range("", "")).items] == ["/b"]
    await engine.close()


async def test_a_second_server_is_kept_out_until_the_first_has_gone(path):
    """The message names the process that has the database."""
    engine = await SQLiteEngine.open(path)
    with pytest.raises(Locked, match=f"in use by process {os.getpid()}"):
        await SQLiteEngine.open(path)
    await engine.close()
    await (await SQLiteEngine.open(path)).close()


async def test_transactions_that_wait_together_share_one_commit(path):
    """Sixteen writers cost two commits, and a failing comparison fails alone."""
    engine = await SQLiteEngine.open(path)
    batches = []

    class Receiver:
        def deliver(self, batch) -> bool:
            batches.append([event.kv.mod_revision for event in batch.events])
            return True

        def closed(self, error) -> None:
            pass

    await engine.watch("", 0, Receiver())
    results = await asyncio.gather(
        *(engine.put(f"/{number % 12}", b"", mod_revision=0) for number in range(16)),
        return_exceptions=True,
    )
    assert batches == [list(range(2, 14))]
    assert [type(result) for result in results] == [int] * 12 + [CompareFailed] * 4
    await engine.close()


async def test_a_group_larger_than_a_statement_is_still_one_transaction(path):
    """More rows than fit into one INSERT are committed together."""
    engine = await SQLiteEngine.open(path)
    operations = [[Put(f"/{task}/{n}", b"x" * 10) for n in range(100)] for task in range(5)]
    assert await asyncio.gather(*(engine.txn((), each) for each in operations)) == [2, 3, 4, 5, 6]
    assert await engine.count("", "") == 500
    await engine.close()


async def test_a_cancelled_write_does_not_disturb_its_group(path):
    """A client that goes away leaves the others alone, whether its write happens or not."""
    engine = await SQLiteEngine.open(path)
    tasks = [asyncio.create_task(engine.put(f"/{number}", b"")) for number in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert (results[0], results[2]) == (2, 3)
    assert isinstance(results[1], asyncio.CancelledError)
    assert await engine.get("/1") is None
    await engine.close()


async def test_a_full_disk_refuses_writes_and_keeps_reading(path):
    """Nothing of the failed group is seen, and writes work again when there is space."""
    engine = await SQLiteEngine.open(path)
    await engine.put("/a", b"1")
    connection = engine._writer._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    results = await asyncio.gather(
        engine.put("/big", b"x" * 100_000),
        engine.put("/a", b"2", mod_revision=2),
        engine.put("/a", b"3", mod_revision=0),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [DiskFull] * 3
    assert engine.revision == 2
    assert [item.value for item in (await engine.range("", "")).items] == [b"1"]
    connection.execute("PRAGMA max_page_count = 100000")
    assert await engine.put("/big", b"x" * 100_000) == 3
    await engine.close()


async def test_after_a_failing_disk_nothing_is_written_until_a_restart(path, monkeypatch):
    """A flush that failed may have lost data that SQLite believes to be stored."""
    engine = await SQLiteEngine.open(path)

    def failing(connection, rows, half_written):
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("kapi.storage.sqlite.writer.insert_rows", failing)
        with pytest.raises(Unavailable, match="disk I/O error"):
            await engine.put("/a", b"")
    with pytest.raises(Unavailable, match="until a restart"):
        await engine.put("/a", b"")
    assert await engine.get("/a") is None
    await engine.close()


async def test_a_damaged_file_is_refused_with_advice(path):
    """Damage is found when the file is opened, not when a client stumbles over it."""
    engine = await SQLiteEngine.open(path)
    for number in range(300):
        await engine.put(f"/{number}", b"x" * 500)
    await engine.close()
    with Path(path).open("r+b") as file:
        file.seek(5 * 4096)
        file.write(b"\xff" * 4096 * 3)
    with pytest.raises(Corrupt, match=r"is damaged .* Restore it from a backup"):
        await SQLiteEngine.open(path)
    Path(path).write_bytes(b"not a database, and long enough to be read as one" * 100)
    with pytest.raises(Corrupt, match="file is not a database"):
        await SQLiteEngine.open(path)


async def test_a_foreign_or_newer_database_is_left_alone(path):
    """Another program's file and a later version's file are not touched."""
    await (await SQLiteEngine.open(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SchemaMismatch, match="schema 99, this version of kapi knows schema 1"):
        await SQLiteEngine.open(path)
    Path(path).unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (a)")
    connection.close()
    with pytest.raises(Corrupt, match="not one of kapi"):
        await SQLiteEngine.open(path)


async def test_a_path_that_cannot_be_opened_is_reported(tmp_path):
    """A file where a folder is needed."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot open"):
        await SQLiteEngine.open(str(tmp_path / "file" / "state.db"))


async def test_compaction_frees_rows_in_steps_while_writes_go_on(path):
    """After it only the newest row of each living key is left."""
    engine = await SQLiteEngine.open(path)
    for round_number in range(30):
        await asyncio.gather(*(engine.put(f"/{n}", b"%d" % round_number) for n in range(100)))
    await asyncio.gather(*(engine.delete(f"/{n}") for n in range(50)))
    revision = engine.revision
    compaction = asyncio.create_task(engine.compact(revision))
    for number in range(20):
        await engine.put(f"/{number}", b"new")
    await compaction
    rows = engine._reader.execute("SELECT count(*) FROM log").fetchall()
    assert rows == [(70,)]
    assert await engine.count("", "", revision=revision) == 50
    assert await engine.count("", "") == 70
    await engine.close()


async def test_a_watch_that_replays_misses_nothing_that_happens_meanwhile(path):
    """Old changes from the file and new ones from the writer make one sequence."""
    engine = await SQLiteEngine.open(path)
    await asyncio.gather(
        *(engine.txn((), [Put(f"/w/{n}/{i}", b"") for i in range(60)]) for n in range(50))
    )
    seen = []

    class Receiver:
        def deliver(self, batch) -> bool:
            seen.extend(event.kv.mod_revision for event in batch.events)
            return True

        def closed(self, error) -> None:
            seen.append(error)

    watching = asyncio.create_task(engine.watch("/w/", 2, Receiver()))
    for number in range(30):
        await engine.put(f"/w/{number}", b"")
    await watching
    await engine.put("/w/last", b"")
    assert seen == [revision for revision in range(2, 52) for _ in range(60)] + [*range(52, 83)]
    await engine.close()


async def test_the_relaxed_mode_gives_the_same_answers(path):
    """Only the flush to disk is missing."""
    engine = await SQLiteEngine.open(path, durability="relaxed")
    assert await engine.txn((Compare("/a", 0),), (Put("/a", b"1"),)) == 2
    await engine.close()
    engine = await SQLiteEngine.open(path)
    assert (await engine.get("/a")).value == b"1"
    await engine.close()


async def test_a_busy_event_loop_does_not_starve_the_writer(path):
    """Tasks that never let the loop rest delay a commit by milliseconds, not seconds."""
    engine = await SQLiteEngine.open(path)
    rounds = 0

    async def busy() -> None:
        nonlocal rounds
        while rounds < 40_000:
            rounds += 1
            sum(range(2000))
            await asyncio.sleep(0)

    task = asyncio.create_task(busy())
    for number in range(20):
        await engine.put(f"/{number}", b"")
    # Twenty commits are done long before the 40,000 rounds (more than a second) are.
    assert rounds < 40_000
    task.cancel()
    await engine.close()
