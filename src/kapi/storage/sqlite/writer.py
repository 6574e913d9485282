"""Writer: the thread that owns the writing connection.

It knows nothing of transactions or revisions. It runs one job after the other, each a function of
the connection, and reports the result on the event loop. What is in a job was decided on the
loop, so that the thread needs the interpreter for moments only.

Those moments are handed over on purpose. A thread that waits for the interpreter lock of a busy
event loop may wait for seconds: the loop gives the lock up for each poll, which restarts the
thread's wait, and has it back before the thread wakes. So the loop stands still for a moment,
without the lock, when it submits a job (until the thread has begun) and now and then while a job
is running (in case it has ended). An idle loop does not notice; a loop at its limit pays some
percent and commits in milliseconds.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol

from kapi.storage.errors import StorageError, Unavailable
from kapi.storage.sqlite.database import translated
from kapi.util.failpoints import failpoint

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from kapi.util.failpoints import Failpoint

__all__ = ["Inserter", "Row", "Writer", "insert_rows"]

# id, key, create_revision, expires_at, value: the columns of the log.
Row = tuple[int, str, int, float | None, bytes | None]

# Rows of one INSERT; beyond that several share an explicit transaction.
_ROWS_PER_STATEMENT = 250
_INSERT = "INSERT INTO log (id, key, create_revision, expires_at, value) VALUES "
_INSERTS = [
    _INSERT + ", ".join(["(?, ?, ?, ?, ?)"] * count) for count in range(_ROWS_PER_STATEMENT + 1)
]


# How long the loop stands still at most: until the thread has begun (it takes 50 microseconds
# unless the machine is overloaded), and for a thread that may be waiting to report the end.
_BEGIN_SECONDS = 0.002
_END_SECONDS = 0.00005
# When the loop looks for the end of a job, and when again on a disk that takes its time.
_FIRST_LOOK_SECONDS = 0.001
_LAST_LOOK_SECONDS = 0.008


class _Done(Protocol):
    def __call__(self, error: StorageError | None) -> None: ...


def insert_rows(
    connection: sqlite3.Connection, rows: Sequence[Row], half_written: Failpoint | None = None
) -> None:
    """Append rows to the log, all or none, with one fsync.

    A statement outside a transaction is a transaction: the usual batch is a single call, in
    which SQLite works without the interpreter lock from beginning to end.
    """
    if len(rows) <= _ROWS_PER_STATEMENT:
        _insert(connection, rows)
        return
    connection.execute("BEGIN IMMEDIATE")
    for start in range(0, len(rows), _ROWS_PER_STATEMENT):
        _insert(connection, rows[start : start + _ROWS_PER_STATEMENT])
        if half_written is not None:
            half_written()
    connection.execute("COMMIT")


class Inserter:
    """``insert_rows`` with the places where a crash is most telling."""

    def __init__(self) -> None:
        self._before = failpoint("sqlite-before-commit")
        self._half_written = failpoint("sqlite-half-written")
        self._after = failpoint("sqlite-after-commit")

    def insert(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Append rows to the log, all or none."""
        self._before()
        insert_rows(connection, rows, self._half_written)
        self._after()


def _insert(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    parameters: list[object] = []
    for row in rows:
        parameters.extend(row)
    connection.execute(_INSERTS[len(rows)], parameters)


class _Job:
    """Work for the thread. Both locks are held until what they are named after has happened."""

    __slots__ = ("begun", "done", "ended", "error", "reported", "work")

    def __init__(self, work: Callable[[sqlite3.Connection], None], done: _Done) -> None:
        self.work = work
        self.done = done
        self.error: StorageError | None = None
        self.reported = False
        self.begun = threading.Lock()
        self.begun.acquire()
        self.ended = threading.Lock()
        self.ended.acquire()


class Writer:
    """Runs jobs on its thread in the order in which they are submitted."""

    def __init__(
        self, connection: sqlite3.Connection, path: str, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._connection = connection
        self._path = path
        self._loop = loop
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        # Jobs that were submitted and not reported; the first one is running.
        self._open: deque[_Job] = deque()
        self._look: asyncio.TimerHandle | None = None
        # A daemon, so that a server that is not closed properly can still end; what was
        # acknowledged is on disk.
        self._thread = threading.Thread(target=self._run, name="kapi-sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[sqlite3.Connection], None], done: _Done) -> None:
        """Run a job; ``done`` is called on the event loop with the error, None on success.

        A job that fails leaves nothing behind: its transaction is rolled back.
        """
        job = _Job(work, done)
        self._open.append(job)
        self._jobs.put(job)
        if len(self._open) == 1:
            job.begun.acquire(timeout=_BEGIN_SECONDS)
            self._look_later(_FIRST_LOOK_SECONDS)

    def stop(self) -> None:
        """Finish the jobs that were submitted and close the connection; blocks until then."""
        self._jobs.put(None)
        self._thread.join()

    def _look_later(self, seconds: float) -> None:
        self._look = self._loop.call_later(seconds, self._look_for_end, seconds)

    def _look_for_end(self, waited: float) -> None:
        self._look = None
        job = self._open[0]
        if job.ended.acquire(timeout=_END_SECONDS):
            self._report(job)
        else:
            self._look_later(min(waited * 2, _LAST_LOOK_SECONDS))

    def _report(self, job: _Job) -> None:
        """Tell of a job that has ended; the thread and the loop both notice, the first counts."""
        if job.reported:
            return
        job.reported = True
        self._open.popleft()
        if self._look is not None:
            self._look.cancel()
            self._look = None
        if self._open:
            self._look_later(_FIRST_LOOK_SECONDS)
        job.done(job.error)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.begun.release()
            job.error = self._attempt(job.work)
            job.ended.release()
            try:
                self._loop.call_soon_threadsafe(self._report, job)
            except RuntimeError:
                break  # the loop is gone, and with it everybody who could wait
        self._connection.close()

    def _attempt(self, work: Callable[[sqlite3.Connection], None]) -> StorageError | None:
        try:
            work(self._connection)
        except Exception as error:  # noqa: BLE001 - whoever waits must be told, whatever it is
            self._roll_back()
            if isinstance(error, StorageError):
                return error
            if isinstance(error, sqlite3.Error):
                return translated(error, self._path)
            return Unavailable(f"{self._path}: {error!r}")
        return None

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                # SQLite rolls back by itself on the errors that make this fail.
                return
