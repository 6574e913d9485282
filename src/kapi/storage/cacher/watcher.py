"""Watcher: one client's bounded queue of events."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kapi.storage.errors import SlowConsumer

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.storage.cacher.change import Predicate, WatchEvent
    from kapi.storage.errors import StorageError

__all__ = ["Watcher"]


class Watcher:
    """Made by ``Cacher.watch``; read by one task with ``next``, ended with ``close``.

    When the queue is full the watcher is closed: the reader gets what is queued and then
    SlowConsumer, and can watch again from its last event without a gap.
    """

    __slots__ = (
        "_error",
        "_forget",
        "_loop",
        "_queue_limit",
        "after",
        "closed",
        "deadline",
        "limit",
        "predicate",
        "queue",
        "scope",
        "waiter",
    )

    def __init__(
        self,
        scope: str,
        predicate: Predicate | None,
        after: int,
        initial: list[WatchEvent],
        queue_limit: int,
        forget: Callable[[Watcher], None],
    ) -> None:
        self.scope = scope
        self.predicate = predicate
        # Events up to this revision are not for this watcher.
        self.after = after
        self.queue = initial
        self._queue_limit = queue_limit
        # The initial events come on top of what may wait.
        self.limit = queue_limit + len(initial)
        self.waiter: asyncio.Future[None] | None = None
        self.closed = False
        self.deadline: float | None = None
        self._error: StorageError | None = None
        self._forget = forget
        self._loop = asyncio.get_running_loop()

    async def next(self) -> list[WatchEvent]:
        """All events that are ready, at least one; an empty list when the watch has ended.

        Raises:
            SlowConsumer: the queue was full; what was queued has been returned before.
            StorageError: the cache lost its engine; what was queued has been returned before.
        """
        while not self.queue:
            if self.closed:
                if self._error is not None:
                    raise self._error
                return []
            # A reader that is cancelled leaves a future that is done and wakes nobody.
            self.waiter = self._loop.create_future()
            await self.waiter
        events, self.queue = self.queue, []
        self.limit = self._queue_limit
        return events

    def add(self, event: WatchEvent) -> bool:
        """Queue an event and wake the reader; False when there is no room."""
        queue = self.queue
        if len(queue) >= self.limit:
            return False
        queue.append(event)
        waiter = self.waiter
        if waiter is not None:
            self.waiter = None
            if not waiter.done():
                waiter.set_result(None)
        return True

    def close(self) -> None:
        """End the watch; the reader still gets what is queued."""
        if not self.closed:
            self._forget(self)
            self.end(None)

    def close_slow(self) -> None:
        """End the watch because the queue is full."""
        last = self.queue[-1].revision if self.queue else self.after
        self._forget(self)
        self.end(SlowConsumer(last))

    def end(self, error: StorageError | None) -> None:
        """Mark the watch ended and wake the reader; the cacher has forgotten it already."""
        if self.closed:
            return
        self.closed = True
        self._error = error
        waiter = self.waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
