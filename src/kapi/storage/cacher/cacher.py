"""Cacher: the current objects of one resource and their recent changes, from which all is read.

It loads the keys under one prefix from an engine, follows the engine's changes, and serves get,
list and watch without touching the engine. Everything happens on one event loop: an embedded
engine hands over a change before the writer that made it continues, so a write is always seen by
the next read.

Methods that are not coroutines answer from the state as it is; call ``await ready()`` once
before them. Reads that must see every write of every server call ``consistent`` or ``wait_for``.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kapi.storage.cacher.bookmarks import Bookmarks
from kapi.storage.cacher.change import Change, WatchEvent, initial_events, past_events
from kapi.storage.cacher.fanout import Fanout
from kapi.storage.cacher.history import History
from kapi.storage.cacher.snapshot import Snapshot
from kapi.storage.cacher.watcher import Watcher
from kapi.storage.engine import FIRST_REVISION, prefix_end, scope_range
from kapi.storage.errors import (
    Closed,
    Corrupt,
    FutureRevision,
    RevisionCompacted,
    StorageError,
    Unavailable,
)
from kapi.util.clock import SystemClock
from kapi.util.ids import RandomIDs

if TYPE_CHECKING:
    from kapi.storage.cacher.change import Predicate
    from kapi.storage.cacher.codec import Codec
    from kapi.storage.cacher.entry import Entry
    from kapi.storage.engine import Engine, Event, EventBatch, Subscription
    from kapi.util.clock import Clock
    from kapi.util.ids import IDSource

__all__ = ["CacheSizes", "Cacher", "CacherOptions", "ListResult"]

# Keys read at a time while a cache loads, and entries decoded before others get a turn (10 ms).
_PAGE_KEYS = 5000
_DECODED_AT_ONCE = 500
# Rewound states kept for the next pages of a list; each costs two lists of pointers.
_MAX_SNAPSHOTS = 4


@dataclass(frozen=True, slots=True)
class CacherOptions:
    """Bounds of one cache.

    ``history_changes`` and ``history_bytes`` bound the changes kept for watches that start in
    the past. ``queue_limit`` is how many events may wait for one watcher. ``replay_revisions``
    is how far before its start a cache replays changes, so that clients continue their watches
    over a restart. ``wait_seconds`` bounds the wait for a revision that is not there yet.
    """

    history_changes: int = 10_000
    history_bytes: int = 16 * 1024 * 1024
    queue_limit: int = 1_000
    bookmark_seconds: float = 60.0
    replay_revisions: int = 1_000
    wait_seconds: float = 3.0


class ListResult(NamedTuple):
    """A page: the selected entries in key order, as of ``revision``.

    ``remaining`` counts the keys of the scope after the page, selected or not: the list goes on
    when it is not 0.
    """

    entries: list[Entry]
    remaining: int
    revision: int


class CacheSizes(NamedTuple):
    """How much one cache holds, and how many changes it was told of."""

    capacity: int
    revision: int
    watchers: int
    history_changes: int
    history_bytes: int
    events_received: int


class Cacher:
    """The watch cache of the keys under ``prefix`` (ends in "/").

    A ``scope`` argument narrows to a namespace (a key prefix that ends in "/") or to one object
    (its key); empty means the whole resource.
    """

    def __init__(
        self,
        engine: Engine,
        prefix: str,
        codec: Codec,
        options: CacherOptions | None = None,
        *,
        clock: Clock | None = None,
        ids: IDSource | None = None,
    ) -> None:
        self.prefix = prefix
        self._engine = engine
        self._codec = codec
        self._options = options or CacherOptions()
        self._clock = clock or SystemClock()
        self._subscription: Subscription | None = None
        # Why the engine ended the last subscription.
        self._ended: StorageError | None = None
        self._starting: asyncio.Task[None] | None = None
        self._closed = False
        self._index: dict[str, Entry] = {}
        self._current = Snapshot([], [])
        self._history = self._new_history(FIRST_REVISION)
        self._snapshots: dict[int, Snapshot] = {}
        self._events_received = 0
        self._fanout = Fanout(prefix)
        self._bookmarks = Bookmarks(
            self._options.bookmark_seconds,
            self._clock,
            ids or RandomIDs(),
            lambda: self.revision,
        )

    # Life

    async def ready(self) -> None:
        """Load the cache if it is not loaded; at once when it is.

        Raises:
            StorageError: the engine could not be read, or a stored value is Corrupt.
        """
        while self._subscription is None:
            if self._closed:
                raise Closed
            if self._starting is None:
                self._starting = asyncio.create_task(self._start())
                self._starting.add_done_callback(self._started)
            # Shielded: a client that goes away must not stop the load that others wait for.
            await asyncio.shield(self._starting)

    async def close(self) -> None:
        """End all watchers and stop following the engine."""
        self._closed = True
        if self._starting is not None:
            self._starting.cancel()
        if self._subscription is not None:
            self._subscription.cancel()
        self._reset(None)

    def end_watches(self) -> None:
        """End all watchers; everything else goes on."""
        self._fanout.end_all(None)

    def _started(self, task: asyncio.Task[None]) -> None:
        self._starting = None
        if not task.cancelled():
            task.exception()  # seen by whoever waits in ready()

    async def _start(self) -> None:
        newest = await self._engine.current_revision()
        # Revision 1 is the empty store: no client has it from a store that was set up.
        first = max(newest - self._options.replay_revisions, min(newest, FIRST_REVISION + 1))
        with_past = True
        while True:
            try:
                await self._load(first)
                return
            except RevisionCompacted as error:
                if error.compacted > first:
                    first = error.compacted
                else:
                    first = await self._engine.current_revision()
            except Corrupt:
                # What cannot be read any more may be the past only, as after a change of keys.
                if not with_past:
                    raise
                with_past = False
                first = await self._engine.current_revision()

    async def _load(self, revision: int) -> None:
        entries = await self._read(revision)
        keys = [entry.key for entry in entries]
        self._index = dict(zip(keys, entries, strict=True))
        self._current = Snapshot(keys, entries)
        self._history = self._new_history(revision)
        self._snapshots = {}
        self._ended = None
        subscription = await self._engine.watch(self.prefix, revision + 1, self)
        if self._ended is not None:  # while the past was replayed: a value cannot be read
            raise self._ended
        self._subscription = subscription

    async def _read(self, revision: int) -> list[Entry]:
        """All entries as of a revision, a page at a time: others get their turns in between."""
        decode = self._codec.decode
        entries: list[Entry] = []
        start, end = self.prefix, prefix_end(self.prefix)
        more = True
        while more:
            page = await self._engine.range(start, end, limit=_PAGE_KEYS, revision=revision)
            for item in page.items:
                entry = decode(item.key, item.value, item.mod_revision)
                entry.create_revision = item.create_revision
                entries.append(entry)
                if not len(entries) % _DECODED_AT_ONCE:
                    await asyncio.sleep(0)
            more = page.more
            if more:
                start = page.items[-1].key + "\0"
        return entries

    def _new_history(self, floor: int) -> History:
        return History(floor, self._options.history_changes, self._options.history_bytes)

    def _reset(self, error: StorageError | None) -> None:
        self._subscription = None
        self._bookmarks.close()
        self._index = {}
        self._current = Snapshot([], [])
        self._fanout.end_all(error)

    # Following the engine

    def deliver(self, batch: EventBatch) -> bool:
        """Apply changes and hand them to the watchers; called by the engine."""
        for event in batch.events:
            self._fanout.publish(self._apply(event))
        self._events_received += len(batch.events)
        return True

    def closed(self, error: StorageError) -> None:
        """Forget everything: the next ``ready`` loads anew; called by the engine."""
        self._ended = error
        self._reset(error)

    def _apply(self, event: Event) -> Change:
        kv = event.kv
        key = kv.key
        previous = self._index.get(key)
        if event.type == "PUT":
            entry = self._codec.decode(key, kv.value, kv.mod_revision)
            entry.create_revision = kv.create_revision
            self._index[key] = entry
            self._current.put(entry)
            change = Change(key, kv.mod_revision, entry, previous)
        else:
            self._index.pop(key, None)
            self._current.remove(key)
            change = Change(key, kv.mod_revision, None, previous)
        self._history.append(change)
        return change

    # Reading

    @property
    def is_ready(self) -> bool:
        """Whether the cache is loaded."""
        return self._subscription is not None

    def sizes(self) -> CacheSizes:
        """How much the cache holds now."""
        return CacheSizes(
            self._options.history_changes,
            self.revision,
            len(self._fanout),
            len(self._history),
            self._history.bytes,
            self._events_received,
        )

    def sample(self, count: int) -> list[Entry]:
        """About so many of the entries, from all over the cache."""
        entries = self._current.entries
        return entries[:: max(len(entries) // count, 1)]

    @property
    def revision(self) -> int:
        """The newest revision whose changes are all applied here."""
        return self._followed().revision

    @property
    def last_change(self) -> int:
        """The revision of the newest change applied here: while it stays, so does every answer."""
        return self._history.last_revision

    def changes_since(self, revision: int) -> list[Change]:
        """The changes after a revision, oldest first; see ``last_change``.

        Raises:
            RevisionCompacted: changes after that revision are not kept any more.
        """
        return self._history.since(revision)

    def get(self, key: str) -> Entry | None:
        """The object of a key now."""
        if self._subscription is None:
            self._followed()
        return self._index.get(key)

    def list(
        self,
        scope: str = "",
        *,
        predicate: Predicate | None = None,
        limit: int = 0,
        start_after: str = "",
    ) -> ListResult:
        """The objects of a scope now, at most ``limit`` (0: all), after a key."""
        revision = self.revision
        entries, remaining = self._current.page(scope or self.prefix, start_after, limit, predicate)
        return ListResult(entries, remaining, revision)

    async def list_at(
        self,
        revision: int,
        scope: str = "",
        *,
        predicate: Predicate | None = None,
        limit: int = 0,
        start_after: str = "",
    ) -> ListResult:
        """The objects of a scope exactly as of a revision.

        Raises:
            RevisionCompacted: neither the history nor the engine reaches back so far.
            FutureRevision: the revision was not reached within the bounded wait.
        """
        await self.wait_for(revision)
        scope = scope or self.prefix
        snapshot = self._snapshot_at(revision)
        if snapshot is not None:
            entries, remaining = snapshot.page(scope, start_after, limit, predicate)
            return ListResult(entries, remaining, revision)
        return await self._list_from_engine(revision, scope, predicate, limit, start_after)

    def count(self, scope: str = "") -> int:
        """How many objects a scope has now."""
        self._followed()
        return self._current.count(scope or self.prefix)

    @property
    def is_loaded(self) -> bool:
        """Whether there is anything to read; not before the load, nor while the store is lost."""
        return self._subscription is not None

    @property
    def is_current(self) -> bool:
        """Whether every acknowledged change is surely applied here, so that nobody need wait."""
        subscription = self._subscription
        return subscription is not None and subscription.is_current

    async def wait_for(self, revision: int) -> None:
        """Wait until everything up to ``revision`` is applied here.

        Raises:
            FutureRevision: it was not within the bounded wait.
        """
        subscription = self._followed()
        if subscription.revision < revision and not await subscription.wait_for(
            revision, self._options.wait_seconds
        ):
            raise FutureRevision(revision, subscription.revision)

    async def consistent(self) -> None:
        """Wait until every write that was acknowledged anywhere before this call is seen here."""
        await self.wait_for(await self._engine.current_revision())

    def _followed(self) -> Subscription:
        subscription = self._subscription
        if subscription is None:
            raise (
                Closed if self._closed else Unavailable(f"the cache of {self.prefix} is not loaded")
            )
        return subscription

    def _snapshot_at(self, revision: int) -> Snapshot | None:
        if revision >= self._history.last_revision:
            return self._current
        found = self._snapshots.pop(revision, None)
        if found is None:
            if revision < self._history.floor:
                return None
            found = self._current.rewound(reversed(self._history.since(revision)))
        self._snapshots[revision] = found  # now the most recently used
        if len(self._snapshots) > _MAX_SNAPSHOTS:
            del self._snapshots[next(iter(self._snapshots))]
        return found

    async def _list_from_engine(
        self, revision: int, scope: str, predicate: Predicate | None, limit: int, start_after: str
    ) -> ListResult:
        start, end = scope_range(scope)
        if start_after:
            start = max(start, start_after + "\0")
        found = await self._engine.range(start, end, revision=revision)
        decode = self._codec.decode
        keys = [item.key for item in found.items]
        entries = [decode(item.key, item.value, item.mod_revision) for item in found.items]
        page, remaining = Snapshot(keys, entries).page(scope, "", limit, predicate)
        return ListResult(page, remaining, revision)

    # Watching

    def watch(
        self,
        scope: str = "",
        *,
        after: int | None = None,
        predicate: Predicate | None = None,
        bookmarks: bool = False,
        initial_events_end: bool = False,
        timeout_seconds: float | None = None,
        queue_limit: int | None = None,
    ) -> Watcher:
        """Follow a scope: the changes after a revision, or (``after`` None) first what exists.

        ``initial_events_end`` adds the bookmark that ends the initial events. ``bookmarks`` asks
        for the periodic ones; ``timeout_seconds`` tells when the caller will end the watch, so
        that one comes shortly before. A revision in the future is accepted: events begin after it.

        Raises:
            RevisionCompacted: changes after that revision are not kept any more.
        """
        scope = scope or self.prefix
        revision = self.revision
        if after is None:
            events = initial_events(self._current.page(scope, "", 0, predicate)[0])
        else:
            events = past_events(self._history.since(after), scope, predicate)
        if initial_events_end:
            events.append(WatchEvent("BOOKMARK", None, revision, initial_events_end=True))
        watcher = Watcher(
            scope,
            predicate,
            revision if after is None else max(after, revision),
            events,
            self._options.queue_limit if queue_limit is None else queue_limit,
            self._fanout.remove,
        )
        self._fanout.add(watcher)
        if bookmarks:
            if timeout_seconds is not None:
                watcher.deadline = self._clock.monotonic() + timeout_seconds
            self._bookmarks.add(watcher)
        return watcher

    def send_due_bookmarks(self) -> None:
        """Send the bookmarks whose time has come; a timer calls this, a test may."""
        self._bookmarks.send_due()
