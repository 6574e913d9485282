"""Subscriptions: how an embedded engine tells receivers of committed changes.

Shared by the engines that live in this process. Delivery is a plain call on the event loop, made
before the writer's await returns; that is what makes a write visible to the next read.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, ClassVar

from kapi.storage.engine import EventBatch
from kapi.storage.errors import Closed, StorageError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.storage.engine import Event, Receiver

__all__ = ["LocalSubscription", "Subscriptions"]

_log = logging.getLogger(__name__)

# Folders (key prefixes up to a slash) whose receivers are remembered; namespaces come and go.
_MAX_ROUTES = 4096

# Events that may arrive for a subscription while it still replays the past; beyond that it
# reads them from the store as well.
_MAX_BACKLOG = 10_000


class LocalSubscription:
    """A receiver's place in an engine of this process."""

    __slots__ = (
        "_backlog",
        "_delivered",
        "_owner",
        "active",
        "from_revision",
        "prefix",
        "receiver",
    )

    def __init__(
        self, owner: Subscriptions, prefix: str, from_revision: int, receiver: Receiver
    ) -> None:
        self._owner = owner
        self.prefix = prefix
        # The first revision that the receiver wants and has not got.
        self.from_revision = from_revision
        self.receiver = receiver
        self.active = True
        # Events that happened while the past is being replayed; None once that is done.
        self._backlog: list[Event] | None = None
        self._delivered = from_revision - 1

    @property
    def revision(self) -> int:
        """Every event up to this revision has been delivered."""
        if self._backlog is None and self.active:
            return self._owner.revision
        return self._delivered

    @property
    def is_current(self) -> bool:
        """Whether every acknowledged change is surely delivered."""
        return self.active and self._backlog is None and self._owner.knows_all

    async def wait_for(self, revision: int, timeout_seconds: float) -> bool:
        """Wait until ``revision`` is delivered; False when the time is over first."""
        if self.revision < revision:
            await self._owner.wait_for(revision, timeout_seconds)
        return self.revision >= revision

    def cancel(self) -> None:
        """End the watch."""
        self._owner.remove(self)

    def hold(self) -> None:
        """Collect what happens from now on until ``release``."""
        self._backlog = []

    def drop_held(self) -> None:
        """Forget what was collected: the owner delivers it from elsewhere."""
        self._backlog = None

    def release(self) -> bool:
        """Deliver what was collected; False when it was too much and must be read again."""
        backlog = self._backlog
        assert backlog is not None
        if len(backlog) > _MAX_BACKLOG:
            return False
        self._backlog = None
        if backlog:
            self.deliver(EventBatch(backlog[-1].kv.mod_revision, backlog))
        return True

    def deliver(self, batch: EventBatch) -> None:
        """Pass a batch on; a receiver that refuses or fails is out."""
        if self._backlog is not None:
            if len(self._backlog) <= _MAX_BACKLOG:
                self._backlog.extend(batch.events)
            return
        self.deliver_now(batch)

    def deliver_now(self, batch: EventBatch) -> None:
        """Pass a batch on also while others are being collected."""
        first = self.from_revision
        events = batch.events
        if events and events[0].kv.mod_revision < first:
            events = [event for event in events if event.kv.mod_revision >= first]
            if not events:
                return
            batch = EventBatch(batch.revision, events)
        try:
            wanted = self.receiver.deliver(batch)
        except Exception as error:  # noqa: BLE001 - the write that it is told of has succeeded
            _log.exception("a watch of %r is closed: its receiver failed", self.prefix)
            self._owner.remove(self)
            reason = error if isinstance(error, StorageError) else Unavailable(str(error))
            self.receiver.closed(reason)
            return
        if wanted:
            self._delivered = batch.revision
        else:
            self._owner.remove(self)


class Subscriptions:
    """The receivers of one engine, and the tasks that wait for a revision."""

    # Whether every change of the store is made through this process.
    knows_all: ClassVar[bool] = True

    def __init__(self, revision: int) -> None:
        self.revision = revision
        self._all: list[LocalSubscription] = []
        self._routes: dict[str, tuple[LocalSubscription, ...]] = {}
        self._waiting: list[tuple[int, asyncio.Future[bool]]] = []

    def add(self, prefix: str, from_revision: int, receiver: Receiver) -> LocalSubscription:
        """Deliver changes from now on; the caller replays the past."""
        if prefix and not prefix.endswith("/"):
            raise ValueError(f"a watched prefix ends in '/': {prefix!r}")
        subscription = LocalSubscription(self, prefix, from_revision, receiver)
        self._all.append(subscription)
        self._routes = {}
        return subscription

    def remove(self, subscription: LocalSubscription) -> None:
        """Deliver nothing more to it."""
        if subscription.active:
            subscription.active = False
            self._all.remove(subscription)
            self._routes = {}

    def committed(self, revision: int, events: Sequence[Event]) -> None:
        """Tell everybody of the changes up to a revision, then wake those who wait for it."""
        self.revision = revision
        if self._all and events:
            if len(events) == 1:
                batch = EventBatch(revision, events)
                for subscription in self._route(events[0].kv.key):
                    if subscription.active:
                        subscription.deliver(batch)
            else:
                self._deliver_each(revision, events)
        if self._waiting:
            self._wake()

    async def wait_for(self, revision: int, timeout_seconds: float) -> bool:
        """Wait until the engine reaches a revision; False when the time is over first."""
        if self.revision >= revision:
            return True
        reached: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiting = (revision, reached)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await reached
        except TimeoutError:
            return self.revision >= revision
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)

    @property
    def waits(self) -> bool:
        """Whether somebody waits for a revision."""
        return bool(self._waiting)

    def close(self) -> None:
        """End every subscription with Closed and every wait."""
        self.end_all(Closed())

    def end_all(self, error: StorageError) -> None:
        """End every subscription with an error, and every wait; new ones may follow."""
        subscriptions, self._all = self._all, []
        self._routes = {}
        for subscription in subscriptions:
            subscription.active = False
            subscription.receiver.closed(error)
        waiting, self._waiting = self._waiting, []
        for _, reached in waiting:
            if not reached.done():
                reached.set_result(False)

    def _deliver_each(self, revision: int, events: Sequence[Event]) -> None:
        parts: dict[LocalSubscription, list[Event]] = {}
        for event in events:
            for subscription in self._route(event.kv.key):
                parts.setdefault(subscription, []).append(event)
        for subscription, part in parts.items():
            if subscription.active:
                subscription.deliver(EventBatch(revision, part))

    def _route(self, key: str) -> tuple[LocalSubscription, ...]:
        folder = key[: key.rfind("/") + 1]
        route = self._routes.get(folder)
        if route is None:
            if len(self._routes) >= _MAX_ROUTES:
                self._routes.clear()
            route = tuple(each for each in self._all if folder.startswith(each.prefix))
            self._routes[folder] = route
        return route

    def _wake(self) -> None:
        due = [waiting for waiting in self._waiting if waiting[0] <= self.revision]
        if due:
            self._waiting = [waiting for waiting in self._waiting if waiting[0] > self.revision]
            for _, reached in due:
                if not reached.done():
                    reached.set_result(True)
