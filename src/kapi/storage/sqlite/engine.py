"""SQLiteEngine: durable storage in one file, for one server.

Transactions that wait at the same time become one SQLite transaction with one fsync. They are
judged on the event loop, one after the other on top of what is committed, so that a failing
comparison fails its own transaction only; the writer thread then appends all rows at once:

    loop    txn txn txn   judge 1-3 -> rows          txn txn   deliver 1-3   judge 4-5 -> rows
    thread                             insert, fsync                                      insert

When the rows are on disk, one call on the loop delivers the changes and then wakes the writers.
After ``kill -9`` the write-ahead log has every write that was acknowledged.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from kapi.storage.engine import (
    FIRST_REVISION,
    Delete,
    Engine,
    EventBatch,
    RangeResult,
    prefix_end,
)
from kapi.storage.errors import (
    Closed,
    CompareFailed,
    Corrupt,
    FutureRevision,
    IOFailed,
    RevisionCompacted,
    StorageError,
    Unavailable,
)
from kapi.storage.expiry import Expiry, ExpiryTimer
from kapi.storage.metrics import CommitMetrics
from kapi.storage.sqlite.checkpointer import Checkpointer
from kapi.storage.sqlite.compaction import compaction_step
from kapi.storage.sqlite.database import connect_reader, connect_writer, prepare, translated
from kapi.storage.sqlite.file_lock import FileLock
from kapi.storage.sqlite.group import Group, Request
from kapi.storage.sqlite.reader import (
    first_id,
    read_changes,
    read_count,
    read_key,
    read_range,
)
from kapi.storage.sqlite.writer import Inserter, Writer
from kapi.storage.subscriptions import Subscriptions
from kapi.storage.transaction import DEFAULT_MAX_VALUE_BYTES, check_operations
from kapi.util.clock import SystemClock
from kapi.util.failpoints import failpoint
from kapi.util.metrics import stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.storage.engine import Compare, KeyValue, Operation, Receiver, Subscription
    from kapi.storage.sqlite.database import Durability, Opened
    from kapi.storage.subscriptions import LocalSubscription
    from kapi.util.clock import Clock

__all__ = ["SQLiteEngine"]

T = TypeVar("T")

# Transactions of one group commit: enough to share an fsync, few enough to answer the first soon.
_MAX_GROUP = 250
# Past events read for a watch at a time.
_REPLAY_EVENTS = 1000


class SQLiteEngine(Engine):
    """Made by ``open``; belongs to the event loop that opened it."""

    def __init__(
        self,
        path: str,
        lock: FileLock,
        opened: Opened,
        connection: sqlite3.Connection,
        *,
        clock: Clock,
        max_value_bytes: int,
        metrics: CommitMetrics,
    ) -> None:
        self.path = path
        self._metrics = metrics
        self._lock = lock
        self._loop = asyncio.get_running_loop()
        self._clock = clock
        self._max_value_bytes = max_value_bytes
        self._compacted = opened.compacted
        self._subscriptions = Subscriptions(opened.revision)
        self._expiry = Expiry.of(opened.expiring)
        self._timer = ExpiryTimer(self._expiry, clock, self.expire)
        self._timer.arm()
        # Single keys are read on the loop: a few microseconds, where a thread would cost 50.
        self._reader = connect_reader(path)
        self._range_reader = connect_reader(path)
        self._range_thread = ThreadPoolExecutor(1, "kapi-sqlite-reader")
        self._checkpointer = Checkpointer(path)
        self._writer = Writer(connection, path, self._loop)
        self._inserter = Inserter()
        self._before_delivery = failpoint("sqlite-before-delivery")
        self._before_answer = failpoint("sqlite-before-answer")
        self._in_compaction = failpoint("sqlite-in-compaction")
        self._waiting: deque[Request] = deque()
        self._group: Group | None = None
        self._submitted = 0.0
        self._forming = False
        self._idle: asyncio.Future[None] | None = None
        self._closed = False
        self._broken: StorageError | None = None

    @classmethod
    async def open(
        cls,
        path: str,
        *,
        durability: Durability = "full",
        clock: Clock | None = None,
        max_value_bytes: int = DEFAULT_MAX_VALUE_BYTES,
        check_integrity: bool = True,
        first_revision: int = FIRST_REVISION,
        metrics: CommitMetrics | None = None,
    ) -> SQLiteEngine:
        """Open a database, creating it when it is not there.

        With ``durability`` "full" an acknowledged write survives a power failure, with
        "relaxed" the end of the process only, for several times the speed. The integrity check
        reads the whole file, about a second for each gigabyte. A new database begins at
        ``first_revision``.

        Raises:
            Locked: another server has it open.
            Corrupt: it is damaged, or not a database of kapi.
            SchemaMismatch: it was written by a newer version.
            DiskFull, Unavailable: it cannot be opened.
        """
        lock = FileLock(path)

        def prepared() -> tuple[Opened, sqlite3.Connection]:
            lock.acquire()
            opened = prepare(
                path,
                durability,
                check_integrity=check_integrity,
                first_revision=first_revision,
            )
            return opened, connect_writer(path, durability)

        try:
            opened, connection = await asyncio.to_thread(prepared)
            return cls(
                path,
                lock,
                opened,
                connection,
                clock=clock or SystemClock(),
                max_value_bytes=max_value_bytes,
                metrics=metrics or CommitMetrics(),
            )
        except BaseException:
            lock.release()
            raise

    @property
    def revision(self) -> int:
        """The newest revision that was delivered."""
        return self._subscriptions.revision

    async def current_revision(self) -> int:
        """The newest revision; nobody else writes."""
        self._check_open()
        return self._subscriptions.revision

    # Writing

    async def txn(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Apply all operations in one new revision if all comparisons hold."""
        self._check_open()
        if self._broken is not None:
            raise self._broken
        check_operations(operations, self._max_value_bytes)
        answer: asyncio.Future[int] = self._loop.create_future()
        self._waiting.append(Request(compares, operations, answer))
        if self._group is None and not self._forming:
            # Not at once: tasks that are ready to run may join the group.
            self._forming = True
            self._loop.call_soon(self._form_group)
        return await answer

    def _form_group(self) -> None:
        """Judge what waits and hand the rows to the writer."""
        self._forming = False
        while self._waiting:
            group = Group(self.revision, self._stored, self._clock.now())
            while self._waiting and len(group) < _MAX_GROUP:
                group.add(self._waiting.popleft())
            if group.events:
                self._group = group
                self._submitted = stopwatch()
                rows = group.rows()
                self._writer.submit(
                    partial(self._inserter.insert, rows=rows), partial(self._committed, group)
                )
                self._checkpointer.wrote(rows)
                return
            group.answer()
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def _committed(self, group: Group, error: StorageError | None) -> None:
        """Deliver and answer; called on the loop when the writer is done with a group."""
        self._group = None
        if error is None:
            self._before_delivery()
            self._expiry.follow(group.events)
            self._timer.arm()
            self._subscriptions.committed(group.revision, group.events)
            self._before_answer()
            group.answer()
            self._metrics.committed(len(group), stopwatch() - self._submitted)
        else:
            if isinstance(error, (IOFailed, Corrupt)):
                # After a failed flush nobody knows what is on disk: only a restart finds out.
                self._broken = Unavailable(f"no writes until a restart, one has failed: {error}")
            group.fail(error)
        self._form_group()

    # Reading

    async def get(self, key: str, *, revision: int = 0) -> KeyValue | None:
        """One key now, or as of a revision."""
        return self._read_key(key, self._readable(revision))

    async def range(
        self, start: str, end: str, *, limit: int = 0, revision: int = 0
    ) -> RangeResult:
        """The keys in ``[start, end)`` in order, as of ``revision``."""
        asked = limit + 1 if limit else 0
        items, at = await self._read_at(
            revision, lambda connection, at: read_range(connection, start, end, asked, at)
        )
        more = bool(limit) and len(items) > limit
        if more:
            items.pop()
        return RangeResult(items, more, at)

    async def count(self, start: str, end: str, *, revision: int = 0) -> int:
        """How many keys ``range`` would find without a limit."""
        count, _ = await self._read_at(
            revision, lambda connection, at: read_count(connection, start, end, at)
        )
        return count

    async def _read_at(
        self, revision: int, read: Callable[[sqlite3.Connection, int], T]
    ) -> tuple[T, int]:
        while True:
            at = self._readable(revision)
            found = await self._read_in_thread(read, at)
            if at >= self._compacted:
                return found, at
            # Compaction overtook the read and may have taken rows from it.
            if revision:
                raise RevisionCompacted(revision, self._compacted)

    def _readable(self, revision: int) -> int:
        self._check_open()
        if revision > self.revision:
            raise FutureRevision(revision, self.revision)
        if revision and revision < self._compacted:
            raise RevisionCompacted(revision, self._compacted)
        return revision or self.revision

    def _stored(self, key: str) -> KeyValue | None:
        return self._read_key(key, self.revision)

    def _read_key(self, key: str, revision: int) -> KeyValue | None:
        try:
            return read_key(self._reader, key, first_id(revision + 1))
        except sqlite3.Error as error:
            raise translated(error, self.path) from error

    async def _read_in_thread(
        self, read: Callable[[sqlite3.Connection, int], T], revision: int
    ) -> T:
        try:
            return await self._loop.run_in_executor(
                self._range_thread, read, self._range_reader, revision
            )
        except sqlite3.Error as error:
            raise translated(error, self.path) from error

    # Watching

    async def watch(self, prefix: str, from_revision: int, receiver: Receiver) -> Subscription:
        """Deliver every change of keys under ``prefix`` from ``from_revision`` on, in order."""
        self._check_open()
        first = from_revision or self.revision + 1
        if first <= self._compacted:
            raise RevisionCompacted(first, self._compacted)
        subscription = self._subscriptions.add(prefix, first, receiver)
        try:
            if first <= self.revision:
                await self._replay(subscription)
        except BaseException:
            subscription.cancel()
            raise
        return subscription

    async def _replay(self, subscription: LocalSubscription) -> None:
        """Deliver the past from the database, then what happened meanwhile, and let go."""
        first = subscription.from_revision
        prefix = subscription.prefix
        released = False
        while not released and subscription.active:
            subscription.hold()
            newest = self.revision
            while first <= newest and subscription.active:
                read = partial(
                    read_changes,
                    start=prefix,
                    end=prefix_end(prefix),
                    from_revision=first,
                    limit=_REPLAY_EVENTS,
                )
                events, complete = await self._read_in_thread(read, newest)
                if first <= self._compacted:
                    raise RevisionCompacted(first, self._compacted)
                if events:
                    subscription.deliver_now(EventBatch(complete, events))
                first = complete + 1
            released = not subscription.active or subscription.release()

    # Upkeep

    async def compact(self, revision: int) -> None:
        """Forget states before ``revision`` and changes up to it, a little at a time."""
        self._check_open()
        if revision > self.revision:
            raise FutureRevision(revision, self.revision)
        if revision <= self._compacted:
            return
        # Set before the first row goes: readers look at it after they have read.
        self._compacted = revision
        cursor: int | None = 0
        while cursor is not None:
            cursor = await self._compact_step(cursor, revision)

    async def _compact_step(self, cursor: int, revision: int) -> int | None:
        self._check_open()
        finished: asyncio.Future[None] = self._loop.create_future()
        result: list[int | None] = []

        def work(connection: sqlite3.Connection) -> None:
            result.append(compaction_step(connection, cursor, revision, self._in_compaction))

        def done(error: StorageError | None) -> None:
            if finished.done():
                return
            if error is None:
                finished.set_result(None)
            else:
                finished.set_exception(error)

        self._writer.submit(work, done)
        await finished
        return result[0]

    async def expire(self) -> None:
        """Delete the keys whose time has come; a timer calls this, a test may."""
        expired = self._expiry.due(self._clock.now())
        results = await asyncio.gather(
            *(self.txn((compare,), (Delete(compare.key),)) for compare in expired),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException) and not isinstance(
                result, (CompareFailed, Unavailable)
            ):
                raise result

    async def close(self) -> None:
        """Finish the writes under way, end all watches with Closed and free everything."""
        if self._closed:
            return
        self._closed = True
        self._timer.cancel()
        if self._group is not None or self._waiting:
            self._idle = self._loop.create_future()
            await self._idle
        try:
            self._subscriptions.close()
        finally:
            await asyncio.to_thread(self._close_files)

    def _close_files(self) -> None:
        self._range_thread.shutdown()
        self._reader.close()
        self._range_reader.close()
        self._checkpointer.close()
        self._writer.stop()  # the last connection: moves the write-ahead log into the file
        self._lock.release()

    def _check_open(self) -> None:
        if self._closed:
            raise Closed
