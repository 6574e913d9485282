"""The database file: its schema, how connections are opened, what its errors mean.

One table holds every change that has not been compacted away, in revision order. The newest row
of a key is its state; a row without a value is a deletion.

    id               revision * 4096 + position in the transaction
    key              text, indexed
    create_revision  0 for a deletion
    expires_at       Unix time or NULL
    value            bytes, NULL for a deletion; last, so that the rest is read without it
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from kapi.storage.engine import FIRST_REVISION
from kapi.storage.errors import Corrupt, DiskFull, IOFailed, SchemaMismatch, Unavailable

if TYPE_CHECKING:
    from kapi.storage.errors import StorageError

__all__ = [
    "POSITION_BITS",
    "Durability",
    "Opened",
    "check_application",
    "connect_checkpointer",
    "connect_reader",
    "connect_writer",
    "newest_revision",
    "prepare",
    "translated",
]

# "full": an acknowledged write survives a power failure. "relaxed": it survives the end of the
# process in any way, but a power failure or kernel crash may take the last moments with it (the
# file stays sound); writes are several times faster on disks that are slow to flush.
Durability: TypeAlias = Literal["full", "relaxed"]

# Room for 4096 operations in a transaction; etcd allows 128 unless told otherwise.
POSITION_BITS = 12

_APPLICATION_ID = 0x6B617069  # "kapi"
_SCHEMA_VERSION = 1

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    create_revision INTEGER NOT NULL,
    expires_at REAL,
    value BLOB
);
CREATE INDEX log_key ON log (key);
CREATE INDEX log_expires_at ON log (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('compacted', {FIRST_REVISION});
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_SCHEMA_VERSION};
COMMIT;
"""  # noqa: S608 - numbers of this module only

# Pages (4 KiB) in the write-ahead log before the writer itself moves them into the main file.
_CHECKPOINT_PAGES = 8000
_CACHE_KIBIBYTES = 16 * 1024
# SQLite itself waits so long for a lock that another of our connections holds for a moment.
_BUSY_SECONDS = 5.0


class Opened(NamedTuple):
    """What an engine needs to know of a database that it opens."""

    revision: int
    compacted: int
    # (key, expires_at, revision) of every key that is to expire.
    expiring: list[tuple[str, float, int]]


def connect_writer(path: str, durability: Durability) -> sqlite3.Connection:
    """The one connection that writes."""
    connection = _connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'NORMAL'}")
    # On macOS an fsync does not reach the disk; elsewhere this changes nothing.
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    return connection


def connect_checkpointer(path: str) -> sqlite3.Connection:
    """A connection that copies the write-ahead log."""
    connection = _connect(path)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA checkpoint_fullfsync = ON")
    return connection


def connect_reader(path: str) -> sqlite3.Connection:
    """A connection that cannot write."""
    connection = _connect(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
    return connection


def prepare(
    path: str,
    durability: Durability,
    *,
    check_integrity: bool,
    first_revision: int = FIRST_REVISION,
) -> Opened:
    """Create the database if it is not there, check it, and read where it stands.

    A new database begins at ``first_revision``.

    Raises:
        Corrupt: the file is damaged or is no database of kapi.
        SchemaMismatch: it was written by a newer version.
        DiskFull, Unavailable: it cannot be opened.
    """
    try:
        file = Path(path)
        is_new = not file.exists() or file.stat().st_size == 0
        with closing(connect_writer(path, durability)) as connection:
            if is_new:
                connection.executescript(_SCHEMA)
                if first_revision != FIRST_REVISION:
                    connection.execute("UPDATE meta SET value = ?", (first_revision,))
            else:
                _check(connection, path, check_integrity=check_integrity)
            return _opened(connection)
    except sqlite3.Error as error:
        raise translated(error, path) from error
    except OSError as error:
        raise Unavailable(f"cannot open {path}: {error.strerror}") from error


def _check(connection: sqlite3.Connection, path: str, *, check_integrity: bool) -> None:
    check_application(connection, path)
    if check_integrity:
        problems = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
        if problems != ["ok"]:
            raise _corrupt(path, "; ".join(problems).replace("\n", "; "))


def check_application(connection: sqlite3.Connection, path: str) -> None:
    """Refuse a database of another program or a newer version: Corrupt, SchemaMismatch."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != _APPLICATION_ID:
        raise Corrupt(f"{path} is an SQLite database, but not one of kapi")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != _SCHEMA_VERSION:
        raise SchemaMismatch(path, version, _SCHEMA_VERSION)


def newest_revision(connection: sqlite3.Connection) -> int:
    """The newest revision that is committed."""
    (last,) = connection.execute("SELECT max(id) FROM log").fetchone()
    # Compaction may have taken the newest rows, when they were deletions.
    return max(_compacted(connection), 0 if last is None else last >> POSITION_BITS)


def _compacted(connection: sqlite3.Connection) -> int:
    query = "SELECT value FROM meta WHERE name = 'compacted'"
    compacted: int = connection.execute(query).fetchone()[0]
    return compacted


def _opened(connection: sqlite3.Connection) -> Opened:
    expiring = connection.execute(
        "SELECT key, expires_at, id >> ? FROM log WHERE expires_at IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM log AS newer WHERE newer.key = log.key AND newer.id > log.id)",
        (POSITION_BITS,),
    ).fetchall()
    return Opened(newest_revision(connection), _compacted(connection), expiring)


def translated(error: sqlite3.Error, path: str) -> StorageError:
    """What an SQLite error means for the one who asked."""
    # The low byte is the primary code; the others tell the place.
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(path)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _corrupt(path, str(error))
    if code == sqlite3.SQLITE_IOERR:
        return IOFailed(f"{path}: {error}")
    return Unavailable(f"{path}: {error}")


def _corrupt(path: str, detail: str) -> Corrupt:
    return Corrupt(
        f"{path} is damaged ({detail}). Restore it from a backup,"
        " or move it and its -wal file away to start with an empty store"
    )
