"""Expiry: which keys an embedded engine deletes when."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kapi.storage.engine import Compare
from kapi.storage.ordered_map import OrderedMap

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from kapi.storage.engine import Event
    from kapi.util.clock import Clock

__all__ = ["MAX_EXPIRED_AT_ONCE", "Expiry", "ExpiryTimer"]

# How many keys one run deletes, so that a crowd of expired events does not hold up requests.
MAX_EXPIRED_AT_ONCE = 500

# Runs are at least so far apart; a key lives up to this much longer than it has to.
_MIN_INTERVAL_SECONDS = 1.0


class Expiry:
    """Times to live in order; copied by sharing, as everything in a fork."""

    __slots__ = ("_due",)

    def __init__(self, due: OrderedMap[tuple[float, str], int] | None = None) -> None:
        # (expires_at, key) -> the mod_revision that this time belongs to.
        self._due: OrderedMap[tuple[float, str], int] = OrderedMap() if due is None else due

    def __len__(self) -> int:
        return len(self._due)

    @classmethod
    def of(cls, keys: Iterable[tuple[str, float, int]]) -> Expiry:
        """The times of stored keys: (key, expires_at, revision)."""
        due: OrderedMap[tuple[float, str], int] = OrderedMap()
        for key, expires_at, revision in keys:
            due = due.put((expires_at, key), revision)
        return cls(due)

    def copy(self) -> Expiry:
        """The same times, changed independently."""
        return Expiry(self._due)

    def follow(self, events: Iterable[Event]) -> None:
        """Keep up with committed changes."""
        for _, kv, previous in events:
            if previous is not None and previous.expires_at is not None:
                self._due = self._due.remove((previous.expires_at, previous.key))
            if kv.expires_at is not None:
                self._due = self._due.put((kv.expires_at, kv.key), kv.mod_revision)

    def next_time(self) -> float | None:
        """When the next key expires."""
        first = next(self._due.items(), None)
        return None if first is None else first[0][0]

    def due(self, now: float) -> list[Compare]:
        """Keys whose time has come, each with the version that has expired; not all at once."""
        found: list[Compare] = []
        for (expires_at, key), revision in self._due.items():
            if expires_at > now or len(found) == MAX_EXPIRED_AT_ONCE:
                break
            found.append(Compare(key, revision))
        return found


class ExpiryTimer:
    """Calls the engine when the next key expires."""

    def __init__(
        self, expiry: Expiry, clock: Clock, expire: Callable[[], Coroutine[None, None, None]]
    ) -> None:
        self._expiry = expiry
        self._clock = clock
        self._expire = expire
        self._timer: asyncio.TimerHandle | None = None
        self._run: asyncio.Task[None] | None = None

    def arm(self) -> None:
        """Run when the next key expires; does nothing while a run is planned or under way."""
        if not len(self._expiry) or self._timer is not None or self._run is not None:
            return
        expires_at = self._expiry.next_time()
        if expires_at is not None:
            delay = max(expires_at - self._clock.now(), _MIN_INTERVAL_SECONDS)
            self._timer = asyncio.get_running_loop().call_later(delay, self._start)

    def cancel(self) -> None:
        """Plan no more runs."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._run is not None:
            self._run.cancel()

    def _start(self) -> None:
        self._timer = None
        self._run = asyncio.create_task(self._expire())
        self._run.add_done_callback(self._ran)

    def _ran(self, run: asyncio.Task[None]) -> None:
        self._run = None
        if not run.cancelled():
            run.result()
            self.arm()
