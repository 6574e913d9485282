"""StorageError: what the store can fail with, without a word of HTTP.

The registry translates these into Status errors in one place; nothing in this package knows
status codes. Each class carries what the translation needs as attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.storage.engine import KeyValue

__all__ = [
    "Closed",
    "CompareFailed",
    "Corrupt",
    "DiskFull",
    "FutureRevision",
    "IOFailed",
    "KeyExists",
    "KeyNotFound",
    "Locked",
    "RevisionCompacted",
    "SchemaMismatch",
    "SlowConsumer",
    "StorageError",
    "TooLarge",
    "Unavailable",
]


class StorageError(Exception):
    """A request that the store could not serve."""


class KeyExists(StorageError):
    """A create found the key taken."""

    def __init__(self, key: str, revision: int) -> None:
        super().__init__(f"key {key!r} exists since revision {revision}")
        self.key = key
        self.revision = revision


class KeyNotFound(StorageError):
    """The key does not exist at the revision that was read."""

    def __init__(self, key: str, revision: int) -> None:
        super().__init__(f"key {key!r} does not exist at revision {revision}")
        self.key = key
        self.revision = revision


class CompareFailed(StorageError):
    """A transaction's comparison did not hold; nothing was written.

    ``current`` is the key as it is now (None when it does not exist) and ``expected`` the
    mod_revision that was asked for (0: the key must not exist).
    """

    def __init__(self, key: str, expected: int, current: KeyValue | None) -> None:
        found = current.mod_revision if current is not None else 0
        super().__init__(f"key {key!r} is at revision {found}, not at {expected}")
        self.key = key
        self.expected = expected
        self.current = current


class RevisionCompacted(StorageError):
    """The revision is older than what the store keeps: list anew.

    ``compacted`` is the oldest revision that can still be read, 0 when the engine does not say.
    """

    def __init__(self, revision: int, compacted: int) -> None:
        super().__init__(f"revision {revision} is too old, the oldest is {compacted}")
        self.revision = revision
        self.compacted = compacted


class FutureRevision(StorageError):
    """The revision has not been reached, also after waiting for it."""

    def __init__(self, revision: int, current: int) -> None:
        super().__init__(f"revision {revision} is in the future, the newest is {current}")
        self.revision = revision
        self.current = current


class TooLarge(StorageError):
    """A value exceeds the engine's limit."""

    def __init__(self, key: str, size: int, limit: int) -> None:
        super().__init__(f"the value of key {key!r} has {size} bytes, {limit} are allowed")
        self.key = key
        self.size = size
        self.limit = limit


class Unavailable(StorageError):
    """The store cannot answer now; the same request may succeed later."""


class Closed(Unavailable):
    """The store was closed."""

    def __init__(self) -> None:
        super().__init__("the store is closed")


class DiskFull(Unavailable):
    """The write was refused because the disk is full; reads still work."""

    def __init__(self, path: str) -> None:
        super().__init__(f"no space is left on the disk that holds {path}")
        self.path = path


class IOFailed(Unavailable):
    """The disk failed; whether what was being written is stored is not known."""


class SlowConsumer(StorageError):
    """A watcher did not take its events in time and was closed.

    Nothing was dropped from the middle: everything up to ``revision`` was delivered and a new
    watch from there continues without a gap.
    """

    def __init__(self, revision: int) -> None:
        super().__init__(f"the watcher was too slow and was closed after revision {revision}")
        self.revision = revision


class Corrupt(StorageError):
    """Stored data cannot be read; an operator has to look at it."""


class Locked(StorageError):
    """Another process has the database open."""

    def __init__(self, path: str, owner: str) -> None:
        by = f" by process {owner}" if owner else ""
        super().__init__(f"{path} is in use{by}: one server at a time may open a database")
        self.path = path
        self.owner = owner


class SchemaMismatch(StorageError):
    """The database file has a layout that this version does not know."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"{path} has storage schema {found}, this version of kapi knows schema {known}"
        )
        self.path = path
        self.found = found
        self.known = known
