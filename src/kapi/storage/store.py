"""Store: how the registry reads and writes the objects of one resource.

Writes go to the engine under a comparison, reads come from the watch cache. After a write
returns, the cache has it. Keys are whole keys (``/registry/pods/default/a``), values are stored
values as ``cacher.codec`` describes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from kapi.storage.cacher.cacher import Cacher
from kapi.storage.cacher.entry import Entry
from kapi.storage.engine import Compare, Delete, Put
from kapi.storage.errors import CompareFailed, KeyExists, KeyNotFound, StorageError, Unavailable
from kapi.storage.metrics import StorageMetrics
from kapi.util.metrics import stopwatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.storage.cacher.cacher import CacherOptions, ListResult
    from kapi.storage.cacher.change import Predicate
    from kapi.storage.cacher.codec import Codec
    from kapi.storage.cacher.watcher import Watcher
    from kapi.storage.engine import Engine, Operation
    from kapi.util.clock import Clock
    from kapi.util.ids import IDSource
    from kapi.util.metrics import Histogram

__all__ = ["Precondition", "Store", "Update", "Updated"]

# Raises whatever the caller wants to see when the object is not the one that was meant.
Precondition: TypeAlias = Callable[[Entry], None]

# Computes the new stored value from the current entry (None: the key does not exist). Returning
# None deletes the object. May be called again after a conflict, so it has no side effects.
Update: TypeAlias = Callable[[Entry | None], bytes | None]


class Updated(NamedTuple):
    """What an update did. ``entry`` of a deletion has the last content and the new revision."""

    entry: Entry
    change: Literal["created", "updated", "deleted", "unchanged"]


class Store:
    """One resource: an engine to write to and a cacher to read from."""

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
        self.cacher = Cacher(engine, prefix, codec, options, clock=clock, ids=ids)
        self._engine = engine
        self.codec = codec
        self.metrics = StorageMetrics()

    async def ready(self) -> None:
        """Load the cache if it is not loaded; the other coroutines do so themselves."""
        await self.cacher.ready()

    def end_watches(self) -> None:
        """End all watches; reads and writes go on."""
        self.cacher.end_watches()

    async def close(self) -> None:
        """End all watches; the engine stays open."""
        await self.cacher.close()

    async def create(
        self,
        key: str,
        value: bytes,
        *,
        ttl_seconds: float | None = None,
        guards: Sequence[Compare] = (),
    ) -> Entry:
        """Store a new object; ``guards`` must hold as well.

        Raises:
            KeyExists: the key is taken.
            TooLarge: the value exceeds the engine's limit.
            Unavailable: a guard does not hold any more.
        """
        await self.cacher.ready()
        compares = (Compare(key, 0), *guards)
        try:
            put = Put(key, value, ttl_seconds)
            revision = await self._txn(self.metrics.create, compares, put)
        except CompareFailed as error:
            if error.key != key:
                raise Unavailable(f"what {key!r} needs is not reserved any more") from error
            raise KeyExists(key, error.current.mod_revision if error.current else 0) from None
        return await self._written(key, value, revision, revision)

    async def get(self, key: str, *, not_older_than: int | None = None) -> Entry:
        """The object of a key.

        ``not_older_than`` None sees every acknowledged write, 0 is content with what is cached,
        another revision is waited for.

        Raises:
            KeyNotFound: there is none.
            FutureRevision: the revision was not reached within the bounded wait.
        """
        await self._fresh(not_older_than)
        entry = self.cacher.get(key)
        if entry is None:
            raise KeyNotFound(key, self.cacher.revision)
        return entry

    async def list(
        self,
        scope: str = "",
        *,
        predicate: Predicate | None = None,
        limit: int = 0,
        start_after: str = "",
        not_older_than: int | None = None,
        at_revision: int | None = None,
    ) -> ListResult:
        """The objects of a scope in key order, fresh as for ``get`` or exactly as of a revision.

        Raises:
            RevisionCompacted: ``at_revision`` is too old.
            FutureRevision: the revision was not reached within the bounded wait.
        """
        if at_revision is not None:
            await self.cacher.ready()
            return await self.cacher.list_at(
                at_revision, scope, predicate=predicate, limit=limit, start_after=start_after
            )
        await self._fresh(not_older_than)
        return self.cacher.list(scope, predicate=predicate, limit=limit, start_after=start_after)

    async def last_change(self) -> int:
        """The newest change that a read after this call would see."""
        await self._fresh(None)
        return self.cacher.last_change

    def is_stale(self, key: str) -> bool:
        """Whether an object should be written again though it does not change."""
        return self._engine.is_stale(key)

    async def count(self, scope: str = "") -> int:
        """How many objects a scope has."""
        await self.cacher.ready()
        return self.cacher.count(scope)

    async def watch(
        self,
        scope: str = "",
        *,
        after: int | None = None,
        predicate: Predicate | None = None,
        bookmarks: bool = False,
        initial_events_end: bool = False,
        not_older_than: int | None = 0,
        timeout_seconds: float | None = None,
    ) -> Watcher:
        """Follow a scope as ``Cacher.watch``; ``not_older_than`` is how fresh the start is.

        Raises:
            RevisionCompacted: changes after ``after`` are not kept any more.
            FutureRevision: the initial state was not reached within the bounded wait.
        """
        await self._fresh(not_older_than)
        return self.cacher.watch(
            scope,
            after=after,
            predicate=predicate,
            bookmarks=bookmarks,
            initial_events_end=initial_events_end,
            timeout_seconds=timeout_seconds,
        )

    async def delete(self, key: str, precondition: Precondition | None = None) -> Entry:
        """Remove an object; its last content with the revision of the deletion.

        Raises:
            KeyNotFound: there is none.
        """

        def update(entry: Entry | None) -> None:
            assert entry is not None
            if precondition is not None:
                precondition(entry)

        return (await self.guaranteed_update(key, update)).entry

    async def replace(
        self,
        current: Entry,
        value: bytes | None,
        *,
        ttl_seconds: float | None = None,
        guards: Sequence[Compare] = (),
    ) -> Entry:
        """Write over exactly this version of an object; None deletes it. ``guards`` must hold too.

        Raises:
            CompareFailed: somebody else wrote in between, or a guard does not hold any more.
            TooLarge: the value exceeds the engine's limit.
        """
        return (await self._write(current.key, current, value, ttl_seconds, guards)).entry

    async def guaranteed_update(
        self,
        key: str,
        update: Update,
        *,
        create_missing: bool = False,
        ttl_seconds: float | None = None,
    ) -> Updated:
        """Read, compute and write, again from the start whenever somebody else wrote in between.

        ``update`` checks preconditions by raising, gets None for a missing key if
        ``create_missing``, and returns the new value, or None to delete the object. A value
        equal to the stored one is not written: no new revision, no event.

        Raises:
            KeyNotFound: there is no such object and ``create_missing`` is not set.
            TooLarge: the value exceeds the engine's limit.
        """
        await self.cacher.ready()
        current = self.cacher.get(key)
        while True:
            try:
                value = self._computed(key, current, update, create_missing=create_missing)
            except Exception:
                # On an engine that other servers write to, the judgement may be about the past.
                await self.cacher.consistent()
                fresh = self.cacher.get(key)
                if fresh is current:
                    raise
                current = fresh
                continue
            if current is not None and value is not None and self._holds(current, value):
                return Updated(current, "unchanged")
            try:
                return await self._write(key, current, value, ttl_seconds)
            except CompareFailed as error:
                current = self._found(error)

    def _holds(self, current: Entry, value: bytes) -> bool:
        return current.holds(value) and not self._engine.is_stale(current.key)

    def _computed(
        self, key: str, current: Entry | None, update: Update, *, create_missing: bool
    ) -> bytes | None:
        if current is None and not create_missing:
            raise KeyNotFound(key, self.cacher.revision)
        value = update(current)
        if value is None and current is None:
            raise KeyNotFound(key, self.cacher.revision)
        return value

    async def _write(
        self,
        key: str,
        current: Entry | None,
        value: bytes | None,
        ttl_seconds: float | None,
        guards: Sequence[Compare] = (),
    ) -> Updated:
        operation: Operation = Delete(key) if value is None else Put(key, value, ttl_seconds)
        expected = current.revision if current is not None else 0
        metrics = self.metrics
        histogram = metrics.delete if value is None else metrics.update
        compares = (Compare(key, expected), *guards)
        revision = await self._txn(histogram if expected else metrics.create, compares, operation)
        if value is None:
            assert current is not None
            await self._seen(revision)
            return Updated(current.at(revision), "deleted")
        created = current.create_revision if current is not None else revision
        entry = await self._written(key, value, revision, created)
        return Updated(entry, "updated" if current is not None else "created")

    async def _txn(
        self, histogram: Histogram, compares: Sequence[Compare], operation: Operation
    ) -> int:
        start = stopwatch()
        try:
            revision = await self._engine.txn(compares, (operation,))
        except CompareFailed:
            histogram.observe(stopwatch() - start)
            raise
        except StorageError:
            self.metrics.errors += 1
            raise
        histogram.observe(stopwatch() - start)
        return revision

    async def _written(self, key: str, value: bytes, revision: int, created: int) -> Entry:
        entry = self.cacher.get(key) if await self._seen(revision) else None
        if entry is None or entry.revision != revision:
            # Somebody changed it again already; this answer shows what this write stored.
            entry = self.codec.decode(key, value, revision)
            entry.create_revision = created
        return entry

    async def _seen(self, revision: int) -> bool:
        """Whether the cache has a write, as it should; the write is durable also if not."""
        if self.cacher.is_current:
            return True
        try:
            await self.cacher.wait_for(revision)
        except StorageError:
            return False  # the cache was just lost, or a remote engine is slow to tell
        return True

    def _found(self, error: CompareFailed) -> Entry | None:
        found = error.current
        if found is None:
            return None
        cached = self.cacher.get(found.key)
        if cached is not None and cached.revision == found.mod_revision:
            return cached
        entry = self.codec.decode(found.key, found.value, found.mod_revision)
        entry.create_revision = found.create_revision
        return entry

    async def _fresh(self, not_older_than: int | None) -> None:
        cacher = self.cacher
        if not not_older_than and cacher.is_current:
            return
        await cacher.ready()
        if not_older_than is None:
            await cacher.consistent()
        elif not_older_than:
            await cacher.wait_for(not_older_than)
