"""Checkpointer: moves the write-ahead log into the database file while writes go on.

SQLite would do it at the end of some commit, which then takes many times longer than others. A
second connection can copy the same pages beside the writer. The writer's own checkpoint stays as
the bound of the log's size; by then little is left for it to copy.
"""

from __future__ import annotations

import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from kapi.storage.sqlite.database import connect_checkpointer
from kapi.util.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from kapi.storage.sqlite.writer import Row

__all__ = ["Checkpointer"]

_log = logging.getLogger(__name__)

# Rows between two checkpoints; each costs the log some pages of 4 KiB.
_ROWS_BETWEEN = 1000


class Checkpointer:
    """Counts what is written and copies it in a thread of its own."""

    def __init__(self, path: str) -> None:
        self._connection = connect_checkpointer(path)
        self._thread = ThreadPoolExecutor(1, "kapi-sqlite-checkpoint")
        self._running: Future[None] | None = None
        self._rows = 0
        self._before = failpoint("sqlite-before-checkpoint")
        self._after = failpoint("sqlite-after-checkpoint")

    def wrote(self, rows: Sequence[Row]) -> None:
        """Rows were handed to the writer; begin a checkpoint when they are enough."""
        self._rows += len(rows)
        if self._rows < _ROWS_BETWEEN or (self._running and not self._running.done()):
            return
        self._rows = 0
        self._running = self._thread.submit(self._checkpoint)

    def close(self) -> None:
        """Wait for a checkpoint under way; blocks until then."""
        self._thread.shutdown()
        self._connection.close()

    def _checkpoint(self) -> None:
        self._before()
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:
            # Nothing is lost: the log keeps what was not copied, the writer copies it later.
            _log.warning("a checkpoint failed: %s", error)
        self._after()
