"""EventStream: a watch that is read at the reader's pace, from a bounded buffer.

When the reader falls behind, the stream leaves the engine's live delivery and, once the buffer
has been read, takes the rest from the engine's log. Nothing is lost and nothing piles up, unless
compaction removes what was not read yet.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kapi.storage.engine import EventBatch

if TYPE_CHECKING:
    from kapi.storage.engine import Engine, Event, Subscription
    from kapi.storage.errors import StorageError

__all__ = ["EventStream"]

_DEFAULT_MAX_EVENTS = 10_000


class EventStream:
    """``async for batch in stream``; read by one task, ended with ``close``."""

    def __init__(
        self,
        engine: Engine,
        prefix: str,
        from_revision: int,
        *,
        max_events: int = _DEFAULT_MAX_EVENTS,
    ) -> None:
        self._engine = engine
        self._prefix = prefix
        self._next_revision = from_revision or engine.revision + 1
        self._max_events = max_events
        self._events: list[Event] = []
        self._subscription: Subscription | None = None
        self._error: StorageError | None = None
        self._closed = False
        self._dropped = False
        self._wake = asyncio.Event()

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> EventBatch:
        """All events that are ready, at least one.

        Raises:
            RevisionCompacted: what comes next was compacted away.
            StorageError: the engine ended the watch; what was buffered has been returned before.
        """
        while not self._events:
            if self._closed:
                raise StopAsyncIteration
            if self._error is not None:
                raise self._error
            self._wake.clear()
            if self._subscription is None:
                await self._subscribe()
            if not self._events and self._subscription is not None:
                await self._wake.wait()
        events, self._events = self._events, []
        return EventBatch(self._next_revision - 1, events)

    def close(self) -> None:
        """End the stream; the reader still gets what is buffered."""
        self._closed = True
        self._wake.set()
        if self._subscription is not None:
            self._subscription.cancel()

    def deliver(self, batch: EventBatch) -> bool:
        """Buffer a batch, or leave live delivery when there is no room; called by the engine."""
        if self._events and len(self._events) + len(batch.events) > self._max_events:
            self._subscription = None
            self._dropped = True
            return False
        self._events += batch.events
        self._next_revision = batch.revision + 1
        self._wake.set()
        return not self._closed

    def closed(self, error: StorageError) -> None:
        """Remember why the engine ended the watch; called by the engine."""
        self._error = error
        self._wake.set()

    async def _subscribe(self) -> None:
        self._dropped = False
        subscription = await self._engine.watch(self._prefix, self._next_revision, self)
        # Replaying the past may have filled the buffer already.
        if not self._dropped:
            self._subscription = subscription
