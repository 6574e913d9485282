"""RelocatedEngine: an engine in which all keys stand under another prefix.

here     /registry/pods/default/a
there    /clusters/blue/pods/default/a
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.storage.engine import (
    Compare,
    Delete,
    Engine,
    Event,
    EventBatch,
    KeyValue,
    Put,
    RangeResult,
    prefix_end,
)
from kapi.storage.errors import CompareFailed, TooLarge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.storage.engine import Operation, Receiver, Subscription
    from kapi.storage.errors import StorageError

__all__ = ["RelocatedEngine"]


class _Prefixes:
    """Both prefixes, each ending in a slash."""

    def __init__(self, here: str, there: str) -> None:
        self.here = here
        self.there = there

    def out(self, key: str) -> str:
        """A key as it is stored."""
        if not key.startswith(self.here):
            raise ValueError(f"{key!r} is not under {self.here!r}")
        return self.there + key[len(self.here) :]

    def out_end(self, end: str) -> str:
        """The end of a range as it is stored."""
        return prefix_end(self.there) if end == prefix_end(self.here) else self.out(end)

    def back(self, kv: KeyValue) -> KeyValue:
        """A stored key as it is called here."""
        return kv._replace(key=self.here + kv.key[len(self.there) :])


class _Receiver:
    """Passes on what is delivered under the names that keys have here."""

    def __init__(self, receiver: Receiver, prefixes: _Prefixes) -> None:
        self._receiver = receiver
        self._prefixes = prefixes

    def deliver(self, batch: EventBatch) -> bool:
        back = self._prefixes.back
        events = [
            Event(type_, back(kv), None if previous is None else back(previous))
            for type_, kv, previous in batch.events
        ]
        return self._receiver.deliver(EventBatch(batch.revision, events))

    def closed(self, error: StorageError) -> None:
        self._receiver.closed(error)


class RelocatedEngine(Engine):
    """Another engine, whose keys ``there`` are called ``here``; owns it."""

    def __init__(self, engine: Engine, here: str, there: str) -> None:
        self._engine = engine
        self._prefixes = _Prefixes(here, there)

    @property
    def revision(self) -> int:
        """The newest revision that this process has been told of."""
        return self._engine.revision

    @property
    def problem(self) -> str:
        """Why the store does not answer just now."""
        return self._engine.problem

    async def current_revision(self) -> int:
        """The newest committed revision."""
        return await self._engine.current_revision()

    async def txn(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Apply all operations in one new revision if all comparisons hold."""
        out = self._prefixes.out
        try:
            return await self._engine.txn(
                [Compare(out(key), revision) for key, revision in compares],
                [
                    Put(out(each.key), each.value, each.ttl_seconds)
                    if isinstance(each, Put)
                    else Delete(out(each.key))
                    for each in operations
                ],
            )
        except CompareFailed as error:
            current = None if error.current is None else self._prefixes.back(error.current)
            raise CompareFailed(self._key(error.key), error.expected, current) from None
        except TooLarge as error:
            raise TooLarge(self._key(error.key), error.size, error.limit) from None

    def _key(self, stored: str) -> str:
        return self._prefixes.here + stored[len(self._prefixes.there) :]

    async def get(self, key: str, *, revision: int = 0) -> KeyValue | None:
        """One key now, or as of a revision."""
        found = await self._engine.get(self._prefixes.out(key), revision=revision)
        return None if found is None else self._prefixes.back(found)

    async def range(
        self, start: str, end: str, *, limit: int = 0, revision: int = 0
    ) -> RangeResult:
        """The keys in ``[start, end)`` in order, as of ``revision``."""
        found = await self._engine.range(
            self._prefixes.out(start), self._prefixes.out_end(end), limit=limit, revision=revision
        )
        return found._replace(items=[self._prefixes.back(item) for item in found.items])

    async def count(self, start: str, end: str, *, revision: int = 0) -> int:
        """How many keys ``range`` would find without a limit."""
        return await self._engine.count(
            self._prefixes.out(start), self._prefixes.out_end(end), revision=revision
        )

    async def watch(self, prefix: str, from_revision: int, receiver: Receiver) -> Subscription:
        """Deliver every change of keys under ``prefix`` from ``from_revision`` on, in order."""
        return await self._engine.watch(
            self._prefixes.out(prefix), from_revision, _Receiver(receiver, self._prefixes)
        )

    async def compact(self, revision: int) -> None:
        """Forget states before ``revision`` and changes up to it."""
        await self._engine.compact(revision)

    async def close(self) -> None:
        """Close the other engine."""
        await self._engine.close()
