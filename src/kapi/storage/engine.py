"""Engine: the key-value store under the API server, in the shape of etcd.

One global revision counts transactions: an empty store is at revision 1, the first write makes 2.
Keys are text ordered by code point, values are bytes. Every state since the last compaction can
be read, and every change after it can be replayed. This module owns the vocabulary; ``memory`` is
its executable specification.

    revision 1   (empty)
    revision 2   PUT a=1            a: create 2, mod 2
    revision 3   PUT a=2, PUT b=1   a: create 2, mod 3   b: create 3, mod 3
    revision 4   DELETE a           b
    compact(3)   states 3 and 4 can be read, changes after 3 can be watched
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.storage.errors import StorageError

__all__ = [
    "FIRST_REVISION",
    "Compare",
    "Delete",
    "Engine",
    "Event",
    "EventBatch",
    "EventType",
    "KeyValue",
    "Operation",
    "Put",
    "RangeResult",
    "Receiver",
    "Subscription",
    "prefix_end",
    "scope_range",
]

# The revision of a store that nobody has written to, as in etcd: 0 stays free to mean "any".
FIRST_REVISION = 1

EventType = Literal["PUT", "DELETE"]


class KeyValue(NamedTuple):
    """One key at one revision. ``expires_at`` is a Unix time, None when the key stays."""

    key: str
    value: bytes
    create_revision: int
    mod_revision: int
    expires_at: float | None = None


class Event(NamedTuple):
    """One change of one key.

    ``kv`` is the key after the change; of a deleted key it has an empty value, create_revision 0
    and the deletion's mod_revision. ``previous`` is the key before it, None when it did not exist.
    """

    type: EventType
    kv: KeyValue
    previous: KeyValue | None

    @property
    def key(self) -> str:
        """The key that changed."""
        return self.kv.key

    @property
    def value(self) -> bytes:
        """The value after the change, empty for a deletion."""
        return self.kv.value

    @property
    def prev_value(self) -> bytes | None:
        """The value before the change, None when the key did not exist."""
        return None if self.previous is None else self.previous.value

    @property
    def mod_revision(self) -> int:
        """The revision of the change."""
        return self.kv.mod_revision

    @property
    def create_revision(self) -> int:
        """The revision that created the key, 0 for a deletion."""
        return self.kv.create_revision


class EventBatch(NamedTuple):
    """Events in revision order; everything up to ``revision`` is delivered with this batch.

    A transaction is never split over two batches. A batch without events reports progress.
    """

    revision: int
    events: Sequence[Event]


class Compare(NamedTuple):
    """A condition of a transaction: the key is at this mod_revision (0: does not exist)."""

    key: str
    mod_revision: int


class Put(NamedTuple):
    """Write a key; with ``ttl_seconds`` it is deleted by the engine after that time."""

    key: str
    value: bytes
    ttl_seconds: float | None = None


class Delete(NamedTuple):
    """Delete a key; no change when it does not exist."""

    key: str


Operation = Put | Delete


class RangeResult(NamedTuple):
    """Keys in order as of ``revision``; ``more`` tells that the limit cut the range short."""

    items: list[KeyValue]
    more: bool
    revision: int


class Receiver(Protocol):
    """Who is told of changes. Both methods are called on the event loop and must not block."""

    def deliver(self, batch: EventBatch) -> bool:
        """Take a batch; False ends the subscription, nothing of the batch counts as taken."""
        ...

    def closed(self, error: StorageError) -> None:
        """The engine ended the subscription; no further call follows."""
        ...


class Subscription(Protocol):
    """A running watch."""

    @property
    def revision(self) -> int:
        """Every event up to this revision has been delivered."""
        ...

    @property
    def is_current(self) -> bool:
        """Whether every acknowledged change is surely delivered: nobody needs to be asked.

        False where others write to the store.
        """
        ...

    async def wait_for(self, revision: int, timeout_seconds: float) -> bool:
        """Wait until ``revision`` is delivered; False when the time is over first."""
        ...

    def cancel(self) -> None:
        """End the watch; the receiver is not called any more, not even ``closed``."""
        ...


class Engine(Protocol):
    """A store. Methods are called on the event loop that opened it, from any number of tasks.

    Every method raises Closed after ``close``, Unavailable when the store cannot be reached.
    """

    @property
    def revision(self) -> int:
        """The newest revision that this process has been told of. Never goes back."""
        ...

    @property
    def problem(self) -> str:
        """Why the store does not answer just now, as far as is known; empty when it does."""
        return ""

    def is_stale(self, key: str) -> bool:
        """Whether a value is stored in another form than writing it now would give it."""
        return False

    async def current_revision(self) -> int:
        """The newest committed revision of the whole store (a linearizable read)."""
        ...

    async def txn(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Apply all operations in one new revision if all comparisons hold; its revision.

        When it returns the change is durable, and receivers in this process on an embedded
        engine have it. A transaction that changes nothing makes no revision and returns the
        current one. A key may stand in one operation only.

        Raises:
            CompareFailed: a comparison does not hold; nothing is written.
            TooLarge: a value exceeds the limit.
            DiskFull: there is no space; nothing is written.
        """
        ...

    async def put(
        self,
        key: str,
        value: bytes,
        *,
        mod_revision: int | None = None,
        ttl_seconds: float | None = None,
    ) -> int:
        """Write one key, if ``mod_revision`` is given only over that version (0: create)."""
        compares = () if mod_revision is None else (Compare(key, mod_revision),)
        return await self.txn(compares, (Put(key, value, ttl_seconds),))

    async def delete(self, key: str, *, mod_revision: int | None = None) -> int:
        """Delete one key, if ``mod_revision`` is given only that version."""
        compares = () if mod_revision is None else (Compare(key, mod_revision),)
        return await self.txn(compares, (Delete(key),))

    async def get(self, key: str, *, revision: int = 0) -> KeyValue | None:
        """One key now, or as of a revision; errors as ``range``."""
        ...

    async def range(
        self, start: str, end: str, *, limit: int = 0, revision: int = 0
    ) -> RangeResult:
        """The keys in ``[start, end)`` in order, at most ``limit`` (0: all), as of ``revision``.

        Revision 0 is now. An empty ``end`` means to the last key.

        Raises:
            RevisionCompacted: the revision was compacted away.
            FutureRevision: the revision does not exist yet.
        """
        ...

    async def count(self, start: str, end: str, *, revision: int = 0) -> int:
        """How many keys ``range`` would find without a limit."""
        ...

    async def watch(self, prefix: str, from_revision: int, receiver: Receiver) -> Subscription:
        """Deliver every change of keys under ``prefix`` from ``from_revision`` on, in order.

        The prefix is empty or ends in "/". Revision 0 means changes after now. Past changes are
        delivered before this returns. A revision in the future is waited for.

        Raises:
            RevisionCompacted: changes from that revision on are not kept any more.
        """
        ...

    async def compact(self, revision: int) -> None:
        """Forget states before ``revision`` and changes up to it.

        ``revision`` itself stays readable. Compacting again what is compacted does nothing.

        Raises:
            FutureRevision: the revision does not exist yet.
        """
        ...

    async def close(self) -> None:
        """Finish the writes under way, end all watches with Closed and free everything."""
        ...


def prefix_end(prefix: str) -> str:
    """The end of the range that holds exactly the keys starting with ``prefix``.

    The empty text, which means to the last key, for the empty prefix.
    """
    return prefix[:-1] + chr(ord(prefix[-1]) + 1) if prefix else ""


def scope_range(scope: str) -> tuple[str, str]:
    """The keys of a scope: a prefix that ends in "/", everything (""), or else one key."""
    if not scope or scope.endswith("/"):
        return scope, prefix_end(scope)
    return scope, scope + "\0"
