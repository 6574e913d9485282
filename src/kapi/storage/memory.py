"""MemoryEngine: the executable specification of an engine, and the store of throw-away servers.

The state is an ordered map that is never changed and the past a log that is only appended to, so
``fork`` hands out the whole store, past included, by sharing both. An old revision is read by
undoing the changes since then on a map that was kept.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from kapi.storage.engine import (
    FIRST_REVISION,
    Delete,
    Engine,
    Event,
    EventBatch,
    KeyValue,
    RangeResult,
)
from kapi.storage.errors import Closed, CompareFailed, FutureRevision, RevisionCompacted
from kapi.storage.expiry import Expiry, ExpiryTimer
from kapi.storage.ordered_map import OrderedMap
from kapi.storage.shared_log import SharedLog
from kapi.storage.subscriptions import Subscriptions
from kapi.storage.transaction import DEFAULT_MAX_VALUE_BYTES, check_operations, evaluate
from kapi.util.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.storage.engine import Compare, Operation, Receiver, Subscription
    from kapi.util.clock import Clock

__all__ = ["MemoryEngine"]

# Past events handed to a receiver in one batch.
_REPLAY_BATCH_EVENTS = 1000

# Every so many revisions the state is kept; those between are found by undoing changes. Keeping
# each one would double the cost of a write in garbage collection.
_KEPT_STATE_INTERVAL = 256


class _Commit(NamedTuple):
    """One revision: what changed and, at some revisions, the state after it."""

    events: Sequence[Event]
    state: OrderedMap[str, KeyValue] | None


class MemoryEngine(Engine):
    """A store that ends with the process."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        max_value_bytes: int = DEFAULT_MAX_VALUE_BYTES,
    ) -> None:
        self._clock = clock or SystemClock()
        self._max_value_bytes = max_value_bytes
        self._state: OrderedMap[str, KeyValue] = OrderedMap()
        # The first commit in the log is the compacted revision's, whose changes do not count.
        self._commits: SharedLog[_Commit] = SharedLog(FIRST_REVISION)
        self._commits.append(_Commit((), self._state))
        self._start(FIRST_REVISION, Expiry())

    def _start(self, revision: int, expiry: Expiry) -> None:
        self._closed = False
        # The last old state that was read: pages of a list, and caches that load, ask again.
        self._last_read: tuple[int, OrderedMap[str, KeyValue]] | None = None
        self._subscriptions = Subscriptions(revision)
        self._expiry = expiry
        self._timer = ExpiryTimer(expiry, self._clock, self.expire)

    def fork(self) -> MemoryEngine:
        """An independent store with the same state and past, in constant time.

        Watches stay with the original. A closed store can be forked.
        """
        other = MemoryEngine.__new__(MemoryEngine)
        other._clock = self._clock  # noqa: SLF001 - its own class
        other._max_value_bytes = self._max_value_bytes  # noqa: SLF001
        other._state = self._state  # noqa: SLF001
        other._commits = self._commits.copy()  # noqa: SLF001
        other._start(self._subscriptions.revision, self._expiry.copy())  # noqa: SLF001
        other._last_read = self._last_read  # noqa: SLF001
        return other

    @property
    def revision(self) -> int:
        """The newest revision."""
        return self._subscriptions.revision

    async def current_revision(self) -> int:
        """The newest revision."""
        self._check_open()
        return self._subscriptions.revision

    async def txn(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Apply all operations in one new revision if all comparisons hold."""
        self._check_open()
        check_operations(operations, self._max_value_bytes)
        revision = self._subscriptions.revision + 1
        state = self._state
        events = evaluate(compares, operations, state.get, revision, self._clock.now())
        if not events:
            return revision - 1
        for event in events:
            kv = event.kv
            state = state.put(kv.key, kv) if event.type == "PUT" else state.remove(kv.key)
        self._state = state
        kept = None if revision % _KEPT_STATE_INTERVAL else state
        self._commits.append(_Commit(events, kept))
        self._expiry.follow(events)
        self._timer.arm()
        self._subscriptions.committed(revision, events)
        return revision

    async def get(self, key: str, *, revision: int = 0) -> KeyValue | None:
        """One key now, or as of a revision."""
        return self._state_at(revision).get(key)

    async def range(
        self, start: str, end: str, *, limit: int = 0, revision: int = 0
    ) -> RangeResult:
        """The keys in ``[start, end)`` in order, as of ``revision``."""
        found = self._state_at(revision).values(start, end or None)
        items = list(islice(found, limit + 1) if limit else found)
        more = bool(limit) and len(items) > limit
        if more:
            items.pop()
        return RangeResult(items, more, revision or self.revision)

    async def count(self, start: str, end: str, *, revision: int = 0) -> int:
        """How many keys ``range`` would find without a limit."""
        state = self._state_at(revision)
        return max((state.rank(end) if end else len(state)) - state.rank(start), 0)

    async def watch(self, prefix: str, from_revision: int, receiver: Receiver) -> Subscription:
        """Deliver every change of keys under ``prefix`` from ``from_revision`` on, in order."""
        self._check_open()
        newest = self._subscriptions.revision
        first = from_revision or newest + 1
        if first <= self._commits.first:
            raise RevisionCompacted(first, self._commits.first)
        subscription = self._subscriptions.add(prefix, first, receiver)
        events: list[Event] = []
        for commit in self._commits.since(first):
            events.extend(event for event in commit.events if event.kv.key.startswith(prefix))
            if len(events) >= _REPLAY_BATCH_EVENTS:
                subscription.deliver(EventBatch(events[-1].kv.mod_revision, events))
                events = []
                if not subscription.active:
                    return subscription
        if events:
            subscription.deliver(EventBatch(newest, events))
        self._timer.arm()
        return subscription

    async def compact(self, revision: int) -> None:
        """Forget states before ``revision`` and changes up to it."""
        self._check_open()
        if revision > self.revision:
            raise FutureRevision(revision, self.revision)
        self._commits.drop_before(revision)
        self._last_read = None

    async def expire(self) -> None:
        """Delete the keys whose time has come; a timer calls this, a test may."""
        for compare in self._expiry.due(self._clock.now()):
            try:
                await self.txn((compare,), (Delete(compare.key),))
            except CompareFailed:  # pragma: no cover - the expiry follows every change
                continue
            await asyncio.sleep(0)

    async def close(self) -> None:
        """End all watches with Closed."""
        self._closed = True
        self._timer.cancel()
        self._subscriptions.close()

    def _check_open(self) -> None:
        if self._closed:
            raise Closed

    def _state_at(self, revision: int) -> OrderedMap[str, KeyValue]:
        self._check_open()
        if not revision:
            return self._state
        if revision > self.revision:
            raise FutureRevision(revision, self.revision)
        if revision < self._commits.first:
            raise RevisionCompacted(revision, self._commits.first)
        if self._last_read is None or self._last_read[0] != revision:
            self._last_read = (revision, self._rebuilt(revision))
        return self._last_read[1]

    def _rebuilt(self, revision: int) -> OrderedMap[str, KeyValue]:
        later: list[Event] = []
        state = self._commits[revision].state
        if state is None:
            state = self._state
            for commit in self._commits.since(revision + 1):
                later.extend(commit.events)
                if commit.state is not None:
                    state = commit.state
                    break
        return _undone(state, later)


def _undone(state: OrderedMap[str, KeyValue], events: list[Event]) -> OrderedMap[str, KeyValue]:
    """The state before these events."""
    for event in reversed(events):
        previous = event.previous
        if previous is None:
            state = state.remove(event.kv.key)
        else:
            state = state.put(previous.key, previous)
    return state
