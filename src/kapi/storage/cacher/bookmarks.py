"""Bookmarks: events that only tell a watcher how far it has seen.

Sent about every minute, at different moments to different watchers, and shortly before a watch
times out, so that a client that comes back continues from a recent resourceVersion. Implements
"Watch bookmarks" of the Kubernetes API concepts.
"""

from __future__ import annotations

import asyncio
import heapq
from typing import TYPE_CHECKING

from kapi.storage.cacher.change import WatchEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.storage.cacher.watcher import Watcher
    from kapi.util.clock import Clock
    from kapi.util.ids import IDSource

__all__ = ["Bookmarks"]

# How long before the end of a watch its last bookmark is sent.
_BEFORE_DEADLINE_SECONDS = 2.0
# A quarter of the interval is drawn at random, so that watchers do not all wake at once.
_JITTER_PARTS = 4


class Bookmarks:
    """Which watcher gets its next bookmark when."""

    def __init__(
        self, interval_seconds: float, clock: Clock, ids: IDSource, revision: Callable[[], int]
    ) -> None:
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._ids = ids
        self._revision = revision
        self._due: list[tuple[float, int, Watcher]] = []
        self._sequence = 0
        self._timer: asyncio.TimerHandle | None = None
        self._last: WatchEvent | None = None

    def add(self, watcher: Watcher) -> None:
        """Send bookmarks to this watcher until it is closed."""
        self._schedule(watcher, self._clock.monotonic())
        self._arm()

    def send_due(self) -> None:
        """Send the bookmarks whose time has come; called by a timer."""
        now = self._clock.monotonic()
        due = self._due
        while due and due[0][0] <= now:
            watcher = heapq.heappop(due)[2]
            if not watcher.closed:
                # A watcher without room has enough to read and gets the next one.
                watcher.add(self._bookmark())
                self._schedule(watcher, now)
        self._arm()

    def close(self) -> None:
        """Stop the timer and forget the watchers."""
        self._due.clear()
        self._arm()

    def _bookmark(self) -> WatchEvent:
        revision = self._revision()
        if self._last is None or self._last.revision != revision:
            self._last = WatchEvent("BOOKMARK", None, revision)
        return self._last

    def _schedule(self, watcher: Watcher, now: float) -> None:
        jitter = self._ids.below(1000) / 1000 / _JITTER_PARTS
        at = now + self._interval_seconds * (1 + jitter)
        if watcher.deadline is not None:
            before_end = watcher.deadline - _BEFORE_DEADLINE_SECONDS
            if now >= before_end:
                return  # the last one was sent, or the watch is too short for any
            at = min(at, before_end)
        self._sequence += 1
        heapq.heappush(self._due, (at, self._sequence, watcher))

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._due and self._due[0][2].closed:
            heapq.heappop(self._due)
        if self._due:
            delay = max(self._due[0][0] - self._clock.monotonic(), 0.0)
            self._timer = asyncio.get_running_loop().call_later(delay, self.send_due)
