"""Taking and restoring snapshots, for every engine alike."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from kapi.storage.engine import Delete, Put, scope_range
from kapi.storage.snapshot.file_format import (
    Manifest,
    SnapshotError,
    SnapshotReader,
    SnapshotWriter,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kapi.storage.engine import Engine, KeyValue, Operation
    from kapi.storage.snapshot.source import Source

__all__ = ["Progress", "restore", "take", "verify"]

# Told of how many keys are done.
Progress: TypeAlias = Callable[[int], None]

# What one transaction may carry: etcd takes 128 operations and 1.5 MiB.
_OPERATIONS = 120
_TRANSACTION_BYTES = 1 << 20
# An object that expired meanwhile still gets a moment, as it does after a restart.
_SHORTEST_TTL_SECONDS = 1.0


async def take(
    source: Source, path: Path, *, taken_at: str, kapi: str, progress: Progress
) -> Manifest:
    """Write all keys of a source into a new file; nothing is left behind when that fails.

    Raises:
        SnapshotError: the file cannot be written.
        StorageError: the store cannot be read.
    """
    manifest = Manifest(source.revision, source.keys, taken_at, kapi)
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        with _created(unfinished) as file:
            writer = SnapshotWriter(file, manifest)
            done = 0
            async for items in source.pages():
                writer.add(items)
                done += len(items)
                progress(done)
            writer.seal()
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except FileExistsError:
        raise SnapshotError(f"{unfinished} exists: another snapshot is being taken") from None
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise SnapshotError(f"cannot write {path}: {error.strerror}") from error
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return manifest


def _created(path: Path) -> BinaryIO:
    """A new file for its owner only: a snapshot has all Secrets in it."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def verify(path: Path) -> Manifest:
    """Read a whole snapshot and check it; SnapshotError when it is not sound."""
    manifest, blocks = _read(path)
    for _ in blocks:
        pass
    return manifest


async def restore(
    path: Path,
    engine: Engine,
    now: float,
    progress: Progress,
    *,
    scope: str = "",
    replace: bool = False,
) -> Manifest:
    """Write all keys of a verified snapshot into a store, at new revisions.

    A store that has keys in the scope is refused, or emptied first with ``replace``.

    Raises:
        SnapshotError: the snapshot is not sound, or the store is not empty.
        StorageError: the store cannot be written.
    """
    manifest = verify(path)  # before the first key is touched
    found = await engine.count(*scope_range(scope))
    if found and not replace:
        raise SnapshotError(f"the store is not empty, it has {found} keys (see --replace)")
    if found:
        await _empty(engine, *scope_range(scope))
    _, blocks = _read(path)
    done = 0
    for operations in _transactions(blocks, now):
        await engine.txn((), operations)
        done += len(operations)
        progress(done)
    return manifest


async def _empty(engine: Engine, start: str, end: str) -> None:
    more = True
    while more:
        page = await engine.range(start, end, limit=_OPERATIONS)
        if page.items:
            await engine.txn((), [Delete(item.key) for item in page.items])
        more = page.more


def _transactions(blocks: Iterator[list[KeyValue]], now: float) -> Iterator[list[Operation]]:
    operations: list[Operation] = []
    size = 0
    for items in blocks:
        for key, value, _, _, expires_at in items:
            bytes_ = len(key) + len(value)
            if operations and (
                len(operations) == _OPERATIONS or size + bytes_ > _TRANSACTION_BYTES
            ):
                yield operations
                operations, size = [], 0
            ttl = None if expires_at is None else max(expires_at - now, _SHORTEST_TTL_SECONDS)
            operations.append(Put(key, value, ttl))
            size += bytes_
    if operations:
        yield operations


def _read(path: Path) -> tuple[Manifest, Iterator[list[KeyValue]]]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise SnapshotError(f"cannot read {path}: {error.strerror}") from error
    try:
        reader = SnapshotReader(file, str(path))
    except BaseException:
        file.close()
        raise

    def blocks() -> Iterator[list[KeyValue]]:
        with file:
            yield from reader.records()

    return reader.manifest, blocks()
