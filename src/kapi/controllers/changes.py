"""ChangeFeed: every change below ``/registry/``, told to controllers as it is committed.

One subscription serves all controllers and all resources, custom ones included. What exists is
told first, then every change in order, without a gap; when the engine ends the subscription the
feed starts over. Idle it costs nothing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from kapi.storage.engine import prefix_end
from kapi.storage.errors import Closed, StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.storage.engine import Engine, EventBatch, Subscription

__all__ = ["ChangeFeed", "Observer"]

_LOG = logging.getLogger(__name__)

_ROOT = "/registry/"
# Keys read at once while what exists is told: requests are served in between.
_PAGE = 500
_RETRY_SECONDS = 1.0
# Folders whose observers are remembered; namespaces come and go.
_MAX_ROUTES = 4096


class Observer(Protocol):
    """Who is told of changes; every method is called on the event loop and must not block."""

    def reset(self) -> None:
        """Forget everything: what exists is told anew."""
        ...

    def observe(self, key: str, value: bytes | None) -> None:
        """A key has this stored value now; None: it is gone."""
        ...

    def synced(self) -> None:
        """Everything that existed has been told; from now on it is changes."""
        ...


class ChangeFeed:
    """Tells observers of the keys under the prefixes that they name."""

    def __init__(self, engine: Engine, observers: Sequence[tuple[str, Observer]]) -> None:
        self._engine = engine
        self._observers = tuple(observers)
        self._routes: dict[str, tuple[Observer, ...]] = {}
        self._subscription: Subscription | None = None
        self._ended: asyncio.Future[StorageError] | None = None
        self._task: asyncio.Task[None] | None = None
        self.synced = False

    def start(self) -> None:
        """Begin in the background."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Tell nobody anything any more."""
        if self._subscription is not None:
            self._subscription.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                self._ended = asyncio.get_running_loop().create_future()
                await self._load()
                error = await self._ended
            except StorageError as failed:
                error = failed
            if isinstance(error, Closed):
                return
            _LOG.info("following changes starts over: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _load(self) -> None:
        engine = self._engine
        self.synced = False
        observers = list(dict.fromkeys(observer for _, observer in self._observers))
        for observer in observers:
            observer.reset()
        revision = await engine.current_revision()
        start, end, more = _ROOT, prefix_end(_ROOT), True
        while more:
            page = await engine.range(start, end, limit=_PAGE, revision=revision)
            for item in page.items:
                self._tell(item.key, item.value)
            more = page.more
            if more:
                start = page.items[-1].key + "\0"
                await asyncio.sleep(0)
        self._subscription = await engine.watch(_ROOT, revision + 1, self)
        self.synced = True
        for observer in observers:
            observer.synced()

    def deliver(self, batch: EventBatch) -> bool:
        """Pass changes on; called by the engine."""
        for event in batch.events:
            kv = event.kv
            self._tell(kv.key, kv.value if event.type == "PUT" else None)
        return True

    def closed(self, error: StorageError) -> None:
        """Start over; called by the engine."""
        self._subscription = None
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(error)

    def _tell(self, key: str, value: bytes | None) -> None:
        folder = key[: key.rfind("/") + 1]
        route = self._routes.get(folder)
        if route is None:
            if len(self._routes) >= _MAX_ROUTES:
                self._routes.clear()
            route = tuple(o for prefix, o in self._observers if folder.startswith(prefix))
            self._routes[folder] = route
        for observer in route:
            observer.observe(key, value)
