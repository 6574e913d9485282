"""FileLock: one server at a time has a database open."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kapi.storage.errors import Locked, Unavailable

if sys.platform == "win32":  # pragma: no cover
    import msvcrt
else:
    import fcntl

__all__ = ["FileLock"]


class FileLock:
    """A lock file beside the database that the operating system frees when the process ends.

    SQLite's own locks last for a transaction only; two servers that write in turn would each
    serve a cache that misses the other's writes.
    """

    def __init__(self, database: str) -> None:
        self._database = database
        self._path = Path(database + ".lock")
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, creating the folder when it is not there.

        Raises:
            Locked: another server has it.
            Unavailable: the lock file cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Unavailable(f"cannot open {self._path}: {error.strerror}") from error
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            raise Locked(self._database, self._owner()) from None
        if sys.platform != "win32":  # there a locked file cannot be read by the one kept out
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Free the lock; the file stays, since removing it could free another's."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _owner(self) -> str:
        try:
            return self._path.read_text().strip()
        except OSError:
            return ""


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":  # pragma: no cover
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
