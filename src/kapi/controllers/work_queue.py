"""WorkQueue: keys to work on, each by one worker at a time, retried with growing delays.

A key that is added while it waits is there once; one that is added while it is worked on is
worked on once more. Workers exist only while there is work.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Generic, TypeVar

from kapi.apimachinery.errors import StatusError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Iterable

__all__ = ["RetryLater", "WorkQueue"]

_LOG = logging.getLogger(__name__)

_FIRST_RETRY_SECONDS = 0.005
_LAST_RETRY_SECONDS = 60.0
# Doubling beyond this passes the longest delay anyway.
_MAX_DOUBLINGS = 16

Key = TypeVar("Key", bound="Hashable")


class RetryLater(Exception):
    """What a sync raises when it could do nothing now; nobody needs to know."""


class WorkQueue(Generic[Key]):
    """Calls ``sync`` for every key that is added, in order of arrival."""

    def __init__(
        self, sync: Callable[[Key], Awaitable[None]], *, workers: int = 1, name: str = ""
    ) -> None:
        self._sync = sync
        self._limit = workers
        self._name = name
        self._waiting: dict[Key, None] = {}
        self._active: set[Key] = set()
        self._again: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._running = False

    def start(self) -> None:
        """Begin to work; what was added before has been kept."""
        self._running = True
        self._spawn()

    def pause(self) -> None:
        """Keep what is added until ``start``; work under way goes on."""
        self._running = False

    async def stop(self) -> None:
        """Drop everything and end the workers."""
        self._running = False
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._waiting.clear()
        self._again.clear()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._workers.clear()

    @property
    def idle(self) -> bool:
        """Whether nothing waits, is worked on or is to be tried again."""
        return not (self._waiting or self._active or self._timers)

    def add(self, key: Key) -> None:
        """Work on a key soon."""
        if key in self._active:
            self._again.add(key)
            return
        self._waiting[key] = None
        if self._running and len(self._workers) < self._limit:
            self._spawn()

    def add_all(self, keys: Iterable[Key]) -> None:
        """Work on many keys soon."""
        for key in tuple(keys):
            self.add(key)

    def add_after(self, key: Key, seconds: float) -> None:
        """Work on a key later, unless that is planned already."""
        if key not in self._timers:
            loop = asyncio.get_running_loop()
            self._timers[key] = loop.call_later(seconds, self._due, key)

    def _due(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.add(key)

    def _spawn(self) -> None:
        while len(self._workers) < min(self._limit, len(self._waiting)):
            self._workers.add(asyncio.get_running_loop().create_task(self._work()))

    async def _work(self) -> None:
        try:
            while self._running and self._waiting:
                await self._next()
        finally:
            # At once: what is added from now on needs another worker.
            worker = asyncio.current_task()
            assert worker is not None
            self._workers.discard(worker)

    async def _next(self) -> None:
        key = next(iter(self._waiting))
        del self._waiting[key]
        self._active.add(key)
        try:
            await self._sync(key)
        except Exception as error:  # noqa: BLE001 - whatever fails is tried again
            self._failed(key, error)
        else:
            self._failures.pop(key, None)
        finally:
            self._active.discard(key)
        if key in self._again:
            self._again.discard(key)
            self._waiting[key] = None

    def _failed(self, key: Key, error: Exception) -> None:
        count = self._failures.get(key, 0)
        self._failures[key] = min(count + 1, _MAX_DOUBLINGS)
        expected = isinstance(error, (StatusError, RetryLater))
        level = logging.DEBUG if expected else logging.WARNING
        _LOG.log(level, "%s: %s failed: %s", self._name, key, error, exc_info=not expected)
        if self._running:
            delay = min(_FIRST_RETRY_SECONDS * 2**count, _LAST_RETRY_SECONDS)
            self.add_after(key, delay)
