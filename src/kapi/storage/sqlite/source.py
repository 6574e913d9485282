"""DatabaseSource: a database file as it is now, also while a server is writing to it.

A read transaction of SQLite sees one state of the write-ahead log. The server that has the file
open goes on; only its log cannot be reused until the transaction ends.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from kapi.storage.errors import Unavailable
from kapi.storage.snapshot.source import PAGE_KEYS
from kapi.storage.sqlite.database import (
    check_application,
    connect_reader,
    newest_revision,
    translated,
)
from kapi.storage.sqlite.reader import read_count, read_range

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from kapi.storage.engine import KeyValue

__all__ = ["DatabaseSource"]


class DatabaseSource:
    """Made by ``open``; ``close`` ends the read transaction."""

    def __init__(self, path: str, connection: sqlite3.Connection, revision: int, keys: int) -> None:
        self._path = path
        self._connection = connection
        self.revision = revision
        self.keys = keys

    @classmethod
    def open(cls, path: str) -> DatabaseSource:
        """Stand still at the newest revision; no lock is needed.

        Raises:
            Corrupt, SchemaMismatch: it is not a database of this version of kapi.
            Unavailable: there is no such file, or it cannot be read.
        """
        if not Path(path).exists():
            raise Unavailable(f"there is no database {path}")
        try:
            connection = connect_reader(path)
            try:
                check_application(connection, path)
                connection.execute("BEGIN")
                revision = newest_revision(connection)
                keys = read_count(connection, "", "", revision)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise translated(error, path) from error
        return cls(path, connection, revision, keys)

    async def pages(self) -> AsyncIterator[Sequence[KeyValue]]:
        """The keys in order."""
        start = ""
        while True:
            items = await asyncio.to_thread(self._page, start)
            if not items:
                return
            yield items
            start = items[-1].key + "\0"

    def close(self) -> None:
        """End the read transaction."""
        with closing(self._connection):
            self._connection.execute("ROLLBACK")

    def _page(self, start: str) -> list[KeyValue]:
        try:
            return read_range(self._connection, start, "", PAGE_KEYS, self.revision)
        except sqlite3.Error as error:
            raise translated(error, self._path) from error
