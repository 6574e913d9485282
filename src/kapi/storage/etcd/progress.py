"""How a reader learns that it has seen every write of every server.

It asks etcd for the newest revision (one request for all who ask at the same time) and waits
until the watch is there. Usually the events bring it there; only when the newest writes were to
keys that are not followed does somebody have to ask how far the watch is.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from kapi.storage.subscriptions import Subscriptions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["FollowedSubscriptions", "SharedRead"]

# As kube-apiserver: events usually arrive sooner.
_ASK_SECONDS = 0.1


class FollowedSubscriptions(Subscriptions):
    """Subscriptions to a remote store: whoever waits for a revision makes it be asked for."""

    knows_all: ClassVar[bool] = False

    def __init__(self, revision: int, ask: Callable[[], asyncio.Task[object]]) -> None:
        super().__init__(revision)
        self._ask = ask
        self._timer: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[object] | None = None

    async def wait_for(self, revision: int, timeout_seconds: float) -> bool:
        """Wait until a revision is delivered; False when the time is over first."""
        if self.revision >= revision:
            return True
        if self._timer is None:
            self._arm()
        return await super().wait_for(revision, timeout_seconds)

    async def wait_quietly(self, revision: int, timeout_seconds: float) -> bool:
        """``wait_for`` a revision whose event is known to be on its way."""
        return await super().wait_for(revision, timeout_seconds)

    def close(self) -> None:
        """End every subscription with Closed and every wait."""
        if self._timer is not None:
            self._timer.cancel()
        if self._asking is not None:
            self._asking.cancel()
        super().close()

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_ASK_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        if self.waits:
            if self._asking is None or self._asking.done():
                self._asking = self._ask()
            self._arm()


class SharedRead:
    """A read that serves everybody who asked before it began."""

    def __init__(self, read: Callable[[], Awaitable[int]]) -> None:
        self._read = read
        self._running: asyncio.Task[int] | None = None
        self._next: asyncio.Task[int] | None = None

    async def read(self) -> int:
        """The result of a read that begins after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running))
            # Also when nobody waits any more the error was seen.
            self._next.add_done_callback(_seen)
        return await asyncio.shield(self._next)

    async def _after(self, running: asyncio.Task[int] | None) -> int:
        if running is not None and not running.done():
            await asyncio.wait((running,))
        self._running, self._next = self._next, None
        return await self._read()


def _seen(task: asyncio.Task[int]) -> None:
    if not task.cancelled():
        task.exception()
