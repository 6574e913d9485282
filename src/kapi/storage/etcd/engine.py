"""EtcdEngine: the store in an etcd cluster, shared by any number of servers.

A write is one transaction: comparisons of mod revisions, the operations, and for the case that a
comparison fails a read of what is there instead. Changes of all servers, this one's included,
arrive through one watch (``follower``), so every process sees one order. Keys are kube-apiserver's.

What etcd takes for granted differs from an embedded engine in one point: a call can fail without
telling whether it was carried out. A write that is bound to its own comparison is then repeated,
since it takes effect at most once; when the repetition finds the comparison broken, nobody knows
by whom, and the caller is told so (Unavailable).
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from kapi.storage.engine import (
    FIRST_REVISION,
    Engine,
    EventBatch,
    KeyValue,
    Put,
    RangeResult,
    prefix_end,
)
from kapi.storage.errors import (
    Closed,
    CompareFailed,
    FutureRevision,
    RevisionCompacted,
    StorageError,
    TooLarge,
    Unavailable,
)
from kapi.storage.etcd.connections import Connections, EtcdTLS
from kapi.storage.etcd.follower import Follower, past_events
from kapi.storage.etcd.leases import Leases
from kapi.storage.etcd.messages import (
    compact_request,
    grant_request,
    granted_lease,
    key_range,
    range_answer,
    range_request,
    txn_answer,
    txn_request,
    version_of,
)
from kapi.storage.etcd.progress import FollowedSubscriptions, SharedRead
from kapi.storage.etcd.recent import RecentEvents
from kapi.storage.etcd.rpc_errors import LeaseGone, RequestTooLarge, RevisionGone, RevisionUnknown
from kapi.storage.transaction import DEFAULT_MAX_VALUE_BYTES, check_operations
from kapi.util.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.storage.engine import Compare, Event, Operation, Receiver, Subscription
    from kapi.storage.etcd.connections import Answer
    from kapi.storage.etcd.messages import RangeAnswer
    from kapi.storage.subscriptions import LocalSubscription
    from kapi.util.clock import Clock

__all__ = ["EtcdEngine", "EtcdTLS"]

_RANGE = "/etcdserverpb.KV/Range"
_TXN = "/etcdserverpb.KV/Txn"
_COMPACT = "/etcdserverpb.KV/Compact"
_GRANT = "/etcdserverpb.Lease/LeaseGrant"
_STATUS = "/etcdserverpb.Maintenance/Status"

# A cluster that starts together with its servers has so long to answer.
_OPEN_SECONDS = 20.0
# Caches begin so many revisions in the past (``CacherOptions.replay_revisions``).
_REPLAY_REVISIONS = 1_000
# Keys read in one go; more are read in pages of one revision.
_PAGE_KEYS = 2_000
_PAGE_SECONDS = 10.0
# A writer waits so long for the watch to show its write; it is durable before.
_SEEN_SECONDS = 2.0
_LEASE_ATTEMPTS = 3
# The key that is written to learn how far the watch is, where the server cannot be asked.
_PROGRESS_KEY = "kapi.dev/progress"


def _tells_progress(version: str) -> bool:
    """Whether a server's answer to a request for progress can be trusted (etcd issue 17507)."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if found is None:
        return False
    major, minor, patch = map(int, found.groups())
    if (major, minor) in ((3, 4), (3, 5)):
        return patch >= (31 if minor == 4 else 13)
    return (major, minor) > (3, 5)


class EtcdEngine(Engine):
    """Made by ``open``; belongs to the event loop that opened it."""

    def __init__(
        self, connections: Connections, prefix: str, revision: int, version: str, clock: Clock
    ) -> None:
        self.prefix = prefix
        self.version = version
        self._connections = connections
        self._range = key_range(prefix, prefix_end(prefix))
        self._told = revision
        # Nothing up to here can be read any more, as far as is known.
        self._compacted = FIRST_REVISION
        start = max(revision - _REPLAY_REVISIONS, FIRST_REVISION)
        self._recent = RecentEvents(start)
        self._subscriptions = FollowedSubscriptions(start, self._ask_for_progress)
        self._leases = Leases(self._grant, clock)
        self._newest = SharedRead(self._read_newest)
        self._follower = Follower(connections, *self._range, start, self)
        connections.on_turn = self._follower.move
        self._following = asyncio.create_task(self._follower.run())
        self._under_way = 0
        self._idle: asyncio.Event = asyncio.Event()
        self._closed = False

    @classmethod
    async def open(
        cls,
        endpoints: Sequence[str],
        *,
        prefix: str = "/registry/",
        tls: EtcdTLS | None = None,
        clock: Clock | None = None,
        open_seconds: float = _OPEN_SECONDS,
    ) -> EtcdEngine:
        """Connect to a cluster; changes are followed of the keys under ``prefix`` only.

        Raises:
            Unavailable: no member answers, or a watch is refused.
            ValueError: an endpoint is no URL.
            OSError: a file cannot be read.
        """
        clock = clock or SystemClock()
        connections = Connections(endpoints, tls or EtcdTLS(), clock)
        engine: EtcdEngine | None = None
        try:
            request = range_request(key_range(prefix, "")[0], count_only=True)
            answer = await connections.call(_RANGE, request, total_seconds=open_seconds)
            revision = range_answer(answer.data).revision
            status = await connections.call(_STATUS, b"")
            engine = cls(connections, prefix, revision, version_of(status.data), clock)
            async with asyncio.timeout(open_seconds):
                await engine._follower.accepted.wait()
        except BaseException as error:
            await (connections if engine is None else engine).close()
            if isinstance(error, TimeoutError):
                raise Unavailable("etcd does not accept a watch") from None
            raise
        return engine

    @property
    def revision(self) -> int:
        """The newest revision that this process has been told of."""
        return max(self._told, self._subscriptions.revision)

    @property
    def problem(self) -> str:
        """Why changes cannot be followed just now; empty when they are."""
        return self._follower.problem

    async def current_revision(self) -> int:
        """The newest revision of the cluster; calls at the same time share a request."""
        self._check_open()
        revision = await self._newest.read()
        self._told = max(self._told, revision)
        return revision

    async def _read_newest(self) -> int:
        answer = await self._connections.call(
            _RANGE, range_request(self._range[0], count_only=True)
        )
        return range_answer(answer.data).revision

    # Writing

    async def txn(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Apply all operations in one new revision if all comparisons hold."""
        self._check_open()
        check_operations(operations, DEFAULT_MAX_VALUE_BYTES)
        self._under_way += 1
        try:
            return await self._write(compares, operations)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _write(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        answer = await self._send(compares, operations)
        result = txn_answer(answer.data)
        self._told = max(self._told, result.revision)
        if not result.succeeded:
            raise _broken(compares, {item.key: item for item in result.found}, answer)
        if result.deleted or any(isinstance(each, Put) for each in operations):
            await self._subscriptions.wait_quietly(result.revision, _SEEN_SECONDS)
        return result.revision

    async def _send(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> Answer:
        attempts = _LEASE_ATTEMPTS
        while True:
            leases = {
                each.key: await self._leases.lease(each.ttl_seconds)
                for each in operations
                if isinstance(each, Put) and each.ttl_seconds is not None
            }
            try:
                return await self._connections.call(
                    _TXN,
                    txn_request(compares, operations, leases),
                    repeatable=_takes_effect_once(compares, operations),
                )
            except LeaseGone as error:
                self._leases.forget()
                attempts -= 1
                if not attempts:
                    raise Unavailable(f"etcd: {error}") from error
            except RequestTooLarge as error:
                largest = max((each for each in operations if isinstance(each, Put)), key=_size)
                raise TooLarge(largest.key, _size(largest), DEFAULT_MAX_VALUE_BYTES) from error

    async def _grant(self, ttl_seconds: int) -> int:
        # Repeated at worst, a lease without keys ends by itself.
        answer = await self._connections.call(_GRANT, grant_request(ttl_seconds))
        return granted_lease(answer.data)

    # Reading

    async def get(self, key: str, *, revision: int = 0) -> KeyValue | None:
        """One key now, or as of a revision."""
        answer = await self._read(range_request(key.encode(), revision=revision), revision)
        return answer.items[0] if answer.items else None

    async def range(
        self, start: str, end: str, *, limit: int = 0, revision: int = 0
    ) -> RangeResult:
        """The keys in ``[start, end)`` in order, as of ``revision``; large ranges in pages."""
        key, behind = key_range(start, end)
        items: list[KeyValue] = []
        at = revision
        while True:
            wanted = min(limit - len(items), _PAGE_KEYS) if limit else _PAGE_KEYS
            page = await self._read(
                range_request(key, behind, limit=wanted, revision=at), at, _PAGE_SECONDS
            )
            items += page.items
            at = at or page.revision
            if not page.more or len(items) == limit:
                return RangeResult(items, page.more, at)
            key = page.items[-1].key.encode() + b"\0"

    async def count(self, start: str, end: str, *, revision: int = 0) -> int:
        """How many keys ``range`` would find without a limit."""
        request = range_request(*key_range(start, end), revision=revision, count_only=True)
        return (await self._read(request, revision)).total

    async def _read(
        self, request: bytes, revision: int, attempt_seconds: float = 3.0
    ) -> RangeAnswer:
        self._check_open()
        try:
            answer = await self._connections.call(_RANGE, request, attempt_seconds=attempt_seconds)
        except RevisionGone:
            raise RevisionCompacted(revision, await self._oldest(revision)) from None
        except RevisionUnknown:
            raise FutureRevision(revision, await self.current_revision()) from None
        found = range_answer(answer.data)
        self._told = max(self._told, found.revision)
        return found

    async def _oldest(self, revision: int) -> int:
        """The oldest revision that can be read; etcd tells it to watches only."""
        if revision >= self._compacted:
            try:
                async for _ in past_events(self._connections, *self._range, 2, 2):
                    break
            except RevisionCompacted as error:
                self._compacted = max(self._compacted, error.compacted)
            except StorageError:
                return 0
        return self._compacted if self._compacted > revision else 0

    # Watching

    async def watch(self, prefix: str, from_revision: int, receiver: Receiver) -> Subscription:
        """Deliver every change of keys under ``prefix`` from ``from_revision`` on, in order."""
        self._check_open()
        if not prefix.startswith(self.prefix):
            raise ValueError(f"{prefix!r} is not under {self.prefix!r}")
        first = from_revision or self.revision + 1
        if first <= self._compacted:
            raise RevisionCompacted(first, self._compacted)
        subscription = self._subscriptions.add(prefix, first, receiver)
        try:
            if first <= self._subscriptions.revision:
                await self._replay(subscription)
        except BaseException:
            subscription.cancel()
            raise
        return subscription

    async def _replay(self, subscription: LocalSubscription) -> None:
        """Deliver the past: what is too old for this process from etcd, then the rest."""
        first = subscription.from_revision
        if first <= self._recent.floor:
            subscription.hold()
            while first <= self._recent.floor and subscription.active:
                first = await self._replay_from_etcd(subscription, first)
            # The watch of this process may still be behind what was read.
            subscription.from_revision = first
            # What was held is among the recent events as well.
            subscription.drop_held()
        events = self._recent.since(first, subscription.prefix)
        if events and subscription.active:
            subscription.deliver_now(EventBatch(self._subscriptions.revision, events))

    async def _replay_from_etcd(self, subscription: LocalSubscription, first: int) -> int:
        last = self._recent.last_revision
        if not last:
            # Without a change to end at, one has to be made.
            last = await self._touch()
        async for events in past_events(self._connections, *self._range, first, last):
            self._check_open()
            under = [each for each in events if each.kv.key.startswith(subscription.prefix)]
            if under:
                subscription.deliver_now(EventBatch(events[-1].kv.mod_revision, under))
            first = events[-1].kv.mod_revision + 1
            if not subscription.active:
                break
        return max(first, last + 1)

    def changed(self, revision: int, events: Sequence[Event]) -> None:
        """Hand out what the watch tells; called by the follower."""
        if events:
            self._recent.append(events)
        self._subscriptions.committed(revision, events)

    def lost(self, compacted: int) -> None:
        """End all watches: changes were compacted away before they were seen."""
        self._compacted = max(self._compacted, compacted)
        self._recent = RecentEvents(compacted)
        self._subscriptions.end_all(RevisionCompacted(self._subscriptions.revision, compacted))
        self._subscriptions.committed(compacted, ())

    def _ask_for_progress(self) -> asyncio.Task[object]:
        if _tells_progress(self.version):
            return asyncio.create_task(self._follower.ask_for_progress())
        return asyncio.create_task(self._touch())

    async def _touch(self) -> int:
        """Make a change: the watch shows it behind everything that was written before."""
        put = Put(f"{self.prefix or '/'}{_PROGRESS_KEY}", b"")
        try:
            answer = await self._connections.call(_TXN, txn_request((), (put,), {}))
        except StorageError:
            return 0  # asked again as long as somebody waits
        return txn_answer(answer.data).revision

    # Upkeep

    async def compact(self, revision: int) -> None:
        """Forget states before ``revision`` and changes up to it."""
        self._check_open()
        try:
            await self._connections.call(_COMPACT, compact_request(revision))
        except RevisionUnknown:
            raise FutureRevision(revision, await self.current_revision()) from None
        except RevisionGone:
            return  # by another server, or before
        self._compacted = max(self._compacted, revision)

    async def close(self) -> None:
        """Finish the writes under way, end all watches with Closed and free everything."""
        if self._closed:
            return
        self._closed = True
        if self._under_way:
            self._idle.clear()
            await self._idle.wait()
        self._subscriptions.close()
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)
        await self._connections.close()

    def _check_open(self) -> None:
        if self._closed:
            raise Closed


def _size(put: Put) -> int:
    return len(put.value)


def _takes_effect_once(compares: Sequence[Compare], operations: Sequence[Operation]) -> bool:
    """Whether the transaction breaks one of its own comparisons, so that it cannot happen twice."""
    expected = dict(compares)
    return not operations or any(
        each.key in expected and (isinstance(each, Put) or expected[each.key] > 0)
        for each in operations
    )


def _broken(
    compares: Sequence[Compare], found: dict[str, KeyValue], answer: Answer
) -> StorageError:
    """Why a transaction was not carried out: the first comparison that does not hold."""
    if answer.repeated:
        return Unavailable(
            "etcd did not answer in time and the object is another one now; "
            "whether the write was made is not known"
        )
    for key, expected in compares:
        current = found.get(key)
        if (0 if current is None else current.mod_revision) != expected:
            return CompareFailed(key, expected, current)
    return Unavailable("etcd refused a transaction whose comparisons hold")
