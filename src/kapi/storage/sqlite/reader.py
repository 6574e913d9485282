"""Reader: what is read from the database file, in SQL.

Every function takes a connection and reads one consistent state in one statement. A revision
bounds the rows by id; the newest row of a key under the bound is the key at that revision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.storage.engine import Event, KeyValue
from kapi.storage.sqlite.database import POSITION_BITS

if TYPE_CHECKING:
    import sqlite3

    from kapi.storage.sqlite.writer import Row

__all__ = ["read_changes", "read_count", "read_key", "read_range"]

_KEY = (
    "SELECT id, key, create_revision, expires_at, value FROM log"
    " WHERE key = ? AND id < ? ORDER BY id DESC LIMIT 1"
)
# The inner query runs over the index alone and in key order, so a limit ends it early. CROSS
# JOIN keeps SQLite from turning the two around.
_NEWEST = (
    "(SELECT max(id) AS newest_id FROM log WHERE key >= ?{} AND id < ?"
    " GROUP BY key ORDER BY key) CROSS JOIN log ON id = newest_id WHERE value IS NOT NULL"
)
_RANGE = f"SELECT id, key, create_revision, expires_at, value FROM {_NEWEST} LIMIT ?"  # noqa: S608
_COUNT = f"SELECT count(*) FROM {_NEWEST}"  # noqa: S608
# The plus sign keeps SQLite from walking the index of keys: the rows are wanted by id.
_CHANGES = (
    "SELECT id, key, create_revision, expires_at, value FROM log"
    " WHERE id >= ? AND id < ? AND +key >= ?{} ORDER BY id LIMIT ?"
)
_UP_TO = " AND {}key < ?"

_NO_LIMIT = -1


def first_id(revision: int) -> int:
    """The smallest id that a row of this revision can have."""
    return revision << POSITION_BITS


def read_key(connection: sqlite3.Connection, key: str, before_id: int) -> KeyValue | None:
    """A key as of the rows before an id."""
    # All rows are fetched, though it is one: a statement that is not finished holds its snapshot.
    for row in connection.execute(_KEY, (key, before_id)).fetchall():
        return _key_value(row)
    return None


def read_range(
    connection: sqlite3.Connection, start: str, end: str, limit: int, revision: int
) -> list[KeyValue]:
    """The keys in ``[start, end)`` in order as of a revision; limit 0 is all."""
    bounds = (start, end) if end else (start,)
    rows = connection.execute(
        _RANGE.format(_UP_TO.format("") if end else ""),
        (*bounds, first_id(revision + 1), limit or _NO_LIMIT),
    ).fetchall()
    return [
        KeyValue(key, value, created, row_id >> POSITION_BITS, expires_at)
        for row_id, key, created, expires_at, value in rows
    ]


def read_count(connection: sqlite3.Connection, start: str, end: str, revision: int) -> int:
    """How many keys are in ``[start, end)`` as of a revision."""
    bounds = (start, end) if end else (start,)
    found = connection.execute(
        _COUNT.format(_UP_TO.format("") if end else ""), (*bounds, first_id(revision + 1))
    ).fetchall()
    count: int = found[0][0]
    return count


def read_changes(
    connection: sqlite3.Connection,
    to_revision: int,
    *,
    start: str,
    end: str,
    from_revision: int,
    limit: int,
) -> tuple[list[Event], int]:
    """Changes in order, and the revision up to which they are complete.

    About ``limit`` of them: the last revision is always whole.
    """
    bounds = (start, end) if end else (start,)
    sql = _CHANGES.format(_UP_TO.format("+") if end else "")
    end_id = first_id(to_revision + 1)
    rows = connection.execute(sql, (first_id(from_revision), end_id, *bounds, limit)).fetchall()
    if len(rows) < limit:
        return [_event(connection, row) for row in rows], to_revision
    last_id = rows[-1][0]
    complete = last_id >> POSITION_BITS
    rows += connection.execute(
        sql, (last_id + 1, first_id(complete + 1), *bounds, _NO_LIMIT)
    ).fetchall()
    return [_event(connection, row) for row in rows], complete


def _event(connection: sqlite3.Connection, row: Row) -> Event:
    row_id, key, created, expires_at, value = row
    revision = row_id >> POSITION_BITS
    previous = read_key(connection, key, row_id)
    if value is None:
        return Event("DELETE", KeyValue(key, b"", 0, revision), previous)
    return Event("PUT", KeyValue(key, value, created, revision, expires_at), previous)


def _key_value(row: Row) -> KeyValue | None:
    row_id, key, created, expires_at, value = row
    if value is None:
        return None
    return KeyValue(key, value, created, row_id >> POSITION_BITS, expires_at)
