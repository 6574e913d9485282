"""Writer: the thread that owns the writing connection.

It knows nothing of transactions or revisions. It runs one job after the other, each a function of
the connection, and reports the result on the event loop. What is in a job was decided on the
loop, so that the thread needs the interpreter for moments only, also on a busy server.
"""

from __future__ import annotations

import sqlite3
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol

from kapi.storage.errors import StorageError, Unavailable
from kapi.storage.sqlite.database import translated

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

__all__ = ["Row", "Writer", "insert_rows"]

# id, key, create_revision, expires_at, value: the columns of the log.
Row = tuple[int, str, int, float | None, bytes | None]

# Rows of one INSERT; beyond that several share an explicit transaction.
_ROWS_PER_STATEMENT = 64
_INSERT = "INSERT INTO log (id, key, create_revision, expires_at, value) VALUES "
_INSERTS = [
    _INSERT + ", ".join(["(?, ?, ?, ?, ?)"] * count) for count in range(_ROWS_PER_STATEMENT + 1)
]


class _Done(Protocol):
    def __call__(self, error: StorageError | None) -> None: ...


def insert_rows(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
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
    connection.execute("COMMIT")


def _insert(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    parameters: list[object] = []
    for row in rows:
        parameters.extend(row)
    connection.execute(_INSERTS[len(rows)], parameters)


class Writer:
    """Runs jobs on its thread in the order in which they are submitted."""

    def __init__(
        self, connection: sqlite3.Connection, path: str, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._connection = connection
        self._path = path
        self._loop = loop
        self._jobs: SimpleQueue[tuple[Callable[[sqlite3.Connection], None], _Done] | None] = (
            SimpleQueue()
        )
        # A daemon, so that a server that is not closed properly can still end; what was
        # acknowledged is on disk.
        self._thread = threading.Thread(target=self._run, name="kapi-sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[sqlite3.Connection], None], done: _Done) -> None:
        """Run a job; ``done`` is called on the event loop with the error, None on success.

        A job that fails leaves nothing behind: its transaction is rolled back.
        """
        self._jobs.put((work, done))

    def stop(self) -> None:
        """Finish the jobs that were submitted and close the connection; blocks until then."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, done = job
            error = self._attempt(work)
            try:
                self._loop.call_soon_threadsafe(done, error)
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
