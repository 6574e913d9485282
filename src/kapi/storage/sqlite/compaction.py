"""Compaction: deletes the rows that no readable revision needs, a window at a time.

A row up to the compacted revision is not needed when a newer row of the same key is there too, or
when it is a deletion. Windows go upward, so an older row of a deleted key is gone before the
deletion itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.storage.sqlite.reader import first_id

if TYPE_CHECKING:
    import sqlite3

    from kapi.util.failpoints import Failpoint

__all__ = ["compaction_step"]

# Rows looked at in one step: some milliseconds of the writer's time between two group commits.
_ROWS_PER_STEP = 1000

_WINDOW = (
    "SELECT max(id), count(*) FROM (SELECT id FROM log WHERE id > ? AND id < ? ORDER BY id LIMIT ?)"
)
_DELETE = (
    "DELETE FROM log WHERE id IN (SELECT id FROM log AS old WHERE id > ? AND id <= ?"
    " AND (value IS NULL OR EXISTS (SELECT 1 FROM log AS newer"
    " WHERE newer.key = old.key AND newer.id > old.id AND newer.id < ?)))"
)


def compaction_step(
    connection: sqlite3.Connection, cursor: int, revision: int, half_done: Failpoint
) -> int | None:
    """Compact one window after the row ``cursor``; the next cursor, None at the end."""
    end_id = first_id(revision + 1)
    connection.execute("BEGIN IMMEDIATE")
    if cursor == 0:
        # From here on nobody reads below, also if the rest has to wait for the next time.
        connection.execute("UPDATE meta SET value = ? WHERE name = 'compacted'", (revision,))
    last, count = connection.execute(_WINDOW, (cursor, end_id, _ROWS_PER_STEP)).fetchone()
    if count:
        connection.execute(_DELETE, (cursor, last, end_id))
    half_done()
    connection.execute("COMMIT")
    return last if count == _ROWS_PER_STEP else None
