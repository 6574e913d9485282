"""What ``kapi snapshot`` and ``kapi restore`` do with the store that the options name.

The embedded database is read through its own write-ahead log, beside a server that may be
running; no endpoint and no credential is needed beyond the right to read the file. etcd is asked
for all pages at one revision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import kapi
from kapi.registry.keys import KEY_PREFIX
from kapi.server.data_directory import DataDirectory
from kapi.server.engines import open_engine
from kapi.server.options import StartError
from kapi.storage.errors import StorageError
from kapi.storage.snapshot.file_format import SnapshotError
from kapi.storage.snapshot.snapshot import restore, take, verify
from kapi.storage.snapshot.source import EngineSource
from kapi.util.clock import format_time

if TYPE_CHECKING:
    from pathlib import Path

    from kapi.server.options import ServerOptions
    from kapi.storage.snapshot.file_format import Manifest
    from kapi.storage.snapshot.snapshot import Progress
    from kapi.util.clock import Clock

__all__ = ["Begun", "restore_snapshot", "take_snapshot"]


class Begun:
    """Told how many keys there are before the first one is copied."""

    def begin(self, keys: int) -> Progress:
        """What is told of each step."""
        raise NotImplementedError


async def take_snapshot(options: ServerOptions, path: Path, clock: Clock, begun: Begun) -> Manifest:
    """Copy the store into a file; StartError when that cannot be."""
    try:
        if options.etcd.servers:
            return await _of_etcd(options, path, clock, begun)
        return await _of_database(options, path, clock, begun)
    except (StorageError, SnapshotError) as error:
        raise StartError(str(error)) from error


async def _of_etcd(options: ServerOptions, path: Path, clock: Clock, begun: Begun) -> Manifest:
    engine = await open_engine(options, clock)
    try:
        source = await EngineSource.of(engine, KEY_PREFIX)
        now = format_time(clock.now())
        progress = begun.begin(source.keys)
        return await take(source, path, taken_at=now, kapi=kapi.__version__, progress=progress)
    finally:
        await engine.close()


async def _of_database(options: ServerOptions, path: Path, clock: Clock, begun: Begun) -> Manifest:
    from kapi.storage.sqlite.source import DatabaseSource  # noqa: PLC0415 - not for etcd

    source = DatabaseSource.open(str(options.database_file))
    try:
        now = format_time(clock.now())
        progress = begun.begin(source.keys)
        return await take(source, path, taken_at=now, kapi=kapi.__version__, progress=progress)
    finally:
        source.close()


async def restore_snapshot(
    options: ServerOptions, path: Path, clock: Clock, begun: Begun, *, replace: bool
) -> Manifest:
    """Fill the store from a file; StartError when that cannot be.

    The database file of a data directory is put in place when it is complete; the one that it
    replaces stays beside it as ``state.db.replaced``.
    """
    try:
        if options.etcd.servers:
            return await _into_etcd(options, path, clock, begun, replace=replace)
        with DataDirectory(options.data_dir, clock).locked():
            return await _into_database(options, path, clock, begun, replace=replace)
    except (StorageError, SnapshotError) as error:
        raise StartError(str(error)) from error


async def _into_etcd(
    options: ServerOptions, path: Path, clock: Clock, begun: Begun, *, replace: bool
) -> Manifest:
    progress = begun.begin(verify(path).keys)
    engine = await open_engine(options, clock)
    try:
        return await restore(path, engine, clock.now(), progress, scope=KEY_PREFIX, replace=replace)
    finally:
        await engine.close()


async def _into_database(
    options: ServerOptions, path: Path, clock: Clock, begun: Begun, *, replace: bool
) -> Manifest:
    from kapi.storage.sqlite.engine import SQLiteEngine  # noqa: PLC0415 - not for etcd

    manifest = verify(path)
    progress = begun.begin(manifest.keys)
    database = options.database_file
    if database.exists():
        await _refuse_keys(database, replace=replace)
    unfinished = database.with_name(database.name + ".unfinished")
    _remove(unfinished)
    # Past everything that the old store told its clients: what they know counts as compacted.
    engine = await SQLiteEngine.open(str(unfinished), first_revision=manifest.revision + 1)
    try:
        await restore(path, engine, clock.now(), progress)
        # Nobody has seen a state in between: caches need not replay how the store was filled.
        await engine.compact(engine.revision)
    except BaseException:
        await engine.close()
        _remove(unfinished)
        raise
    await engine.close()  # the write-ahead log is in the file now
    if database.exists():
        database.replace(database.with_name(database.name + ".replaced"))
    unfinished.replace(database)
    _remove(unfinished)
    return manifest


async def _refuse_keys(database: Path, *, replace: bool) -> None:
    """Opening and closing the old database also moves its write-ahead log into the file."""
    from kapi.storage.sqlite.engine import SQLiteEngine  # noqa: PLC0415 - not for etcd

    engine = await SQLiteEngine.open(str(database), check_integrity=False)
    try:
        keys = await engine.count("", "")
    finally:
        await engine.close()
    if keys and not replace:
        raise SnapshotError(f"{database} is not empty, it has {keys} keys (see --replace)")


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm", ".lock"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
