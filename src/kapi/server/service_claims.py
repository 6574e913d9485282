"""Cluster IPs and node ports when several servers share the store.

The allocators of a process know what Services were stored, by any server, as soon as they are
told. For the moment between choosing a number and storing the Service it is claimed by a key in
the store, which only one server can create:

    claim     /registry/kapi.dev/allocations/30080   must not exist; ends by itself when we do
    look      at the Services stored up to the claim: another holder? then choose again
    store     the Service, in one transaction with the comparison that the claim is still ours
    release   the claim

Whoever claims the number later does so at a higher revision than the Service was stored, and
finds it. A write that arrives late, after its claim was given up, fails on the comparison.
"""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import InternalError
from kapi.apis.core.service_allocation import held_numbers
from kapi.registry.keys import KEY_PREFIX
from kapi.registry.storage_errors import to_status
from kapi.storage.engine import Compare, Delete, Put
from kapi.storage.errors import CompareFailed, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.apis.core.service_allocation import ServiceAllocators
    from kapi.apis.core.service_transaction import ServiceTransaction
    from kapi.storage.cacher import Watcher, WatchEvent
    from kapi.storage.engine import Engine
    from kapi.storage.store import Store

__all__ = ["ServiceClaims"]

_CLAIMS = f"{KEY_PREFIX}kapi.dev/allocations/"
# Longer than any request; a claim that is not released is one of a server that has gone.
_CLAIM_SECONDS = 120.0
# Numbers that others are just taking; more in a row do not happen in a range that is not full.
_ATTEMPTS = 32

# An address or a port, as text.
Number = str


class _Holders:
    """Which stored Services hold which numbers; keeps the allocators of this process up to it."""

    def __init__(self, services: Store, allocators: ServiceAllocators) -> None:
        self._services = services
        self._allocators = allocators
        self._watcher: Watcher | None = None
        self._by_service: dict[str, set[Number]] = {}
        self._by_number: dict[Number, set[str]] = {}
        # Numbers claimed by this server: now, and whose Service it was not yet told of.
        self._claimed: set[Number] = set()
        self._untold: set[Number] = set()

    def expect(self, numbers: Iterable[Number]) -> None:
        """Count on Services of this server with these numbers, until ``settle``."""
        self._claimed.update(numbers)
        self._untold.update(numbers)

    def settle(self, numbers: Iterable[Number]) -> None:
        """The Services with these numbers are stored by now, or will not be."""
        self._claimed.difference_update(numbers)

    async def follow(self, revision: int) -> None:
        """Take in what was stored up to a revision at least (0: what is known here)."""
        services = self._services
        await services.ready()
        if revision:
            await services.cacher.wait_for(revision)
        if self._watcher is None or self._watcher.closed:
            # New, or too much has happened since the last Service that was written here.
            self._watcher = await services.watch(not_older_than=revision)
            events = await self._watcher.next() if self._watcher.queue else []
            there = {event.entry.key for event in events if event.entry is not None}
            for key in self._by_service.keys() - there:
                self._set(key, set())
            self._apply(events)
            self._forget_untold()
        elif self._watcher.queue:
            self._apply(await self._watcher.next())

    def _forget_untold(self) -> None:
        """Release what Services had that came and went before this server was told of them."""
        for number in self._untold - self._claimed:
            self._allocators.release_number(number)
        self._untold &= self._claimed

    def other(self, number: Number, key: str) -> bool:
        """Whether another Service than this one holds a number."""
        return bool(self._by_number.get(number, set()) - {key})

    def holds(self, number: Number) -> bool:
        """Whether any Service holds a number."""
        return bool(self._by_number.get(number))

    def _apply(self, events: Iterable[WatchEvent]) -> None:
        for event in events:
            if event.entry is not None:
                gone = event.type == "DELETED"
                service = None if gone else orjson.loads(event.entry.body)
                self._set(event.entry.key, set(held_numbers(service or {})))

    def _set(self, key: str, numbers: set[Number]) -> None:
        before = self._by_service.pop(key, set())
        if numbers:
            self._by_service[key] = numbers
        for number in before - numbers:
            holders = self._by_number[number]
            holders.discard(key)
            if not holders:
                del self._by_number[number]
                self._allocators.release_number(number)
        self._untold -= numbers
        for number in numbers:
            self._by_number.setdefault(number, set()).add(key)
            self._allocators.reserve_number(number)


class Claim:
    """Numbers that no other server takes until ``release``."""

    def __init__(
        self, engine: Engine, holders: _Holders, numbers: Sequence[Number], revision: int
    ) -> None:
        self._engine = engine
        self._holders = holders
        self._numbers = numbers
        self.revision = revision
        holders.expect(numbers)
        # What the write of the Service is bound to.
        self.guards = [Compare(_CLAIMS + number, revision) for number in numbers]

    async def release(self) -> None:
        """Let others claim the numbers; what cannot be released ends by itself."""
        self._holders.settle(self._numbers)
        with suppress(StorageError):
            await self._engine.txn(self.guards, [Delete(guard.key) for guard in self.guards])


class ServiceClaims:
    """Makes what a process allocates unique among all servers of a store."""

    def __init__(self, engine: Engine, services: Store, allocators: ServiceAllocators) -> None:
        self._engine = engine
        self._allocators = allocators
        self._services = services
        self._holders = _Holders(services, allocators)

    async def begin(
        self, service: JSONObject, allocate: Callable[[], ServiceTransaction]
    ) -> tuple[ServiceTransaction, Claim | None]:
        """``allocate`` numbers for a Service, which it changes, and claim them.

        Raises StatusError: what ``allocate`` raises, also when another server has the number.
        """
        key = f"{self._services.prefix}{service['metadata']['namespace']}/"
        key += service["metadata"]["name"]
        original = deepcopy(service)
        avoided: list[Number] = []
        try:
            await self._holders.follow(0)
            for _ in range(_ATTEMPTS):
                transaction = allocate()
                numbers = transaction.allocated
                if not numbers:
                    return transaction, None
                try:
                    claim = await self._claim(numbers, key)
                except BaseException:
                    transaction.revert()
                    raise
                if isinstance(claim, Claim):
                    return transaction, claim
                transaction.revert()
                avoided.append(claim)
                self._allocators.reserve_number(claim)
                self._keep_held(numbers)
                service.clear()
                service.update(deepcopy(original))
        except StorageError as error:
            raise to_status(error) from error
        finally:
            for number in avoided:
                if not self._holders.holds(number):
                    self._allocators.release_number(number)
        raise InternalError("all addresses or ports are being taken by other servers")

    def _keep_held(self, numbers: Iterable[Number]) -> None:
        """Numbers that were given back, but meanwhile are those of a stored Service."""
        for number in numbers:
            if self._holders.holds(number):
                self._allocators.reserve_number(number)

    async def _claim(self, numbers: Sequence[Number], key: str) -> Claim | Number:
        """The claim, or the number that another server has."""
        keys = [_CLAIMS + number for number in numbers]
        try:
            revision = await self._engine.txn(
                [Compare(each, 0) for each in keys],
                [Put(each, key.encode(), _CLAIM_SECONDS) for each in keys],
            )
        except CompareFailed as error:
            return error.key.removeprefix(_CLAIMS)
        claim = Claim(self._engine, self._holders, numbers, revision)
        try:
            await self._holders.follow(revision)
        except BaseException:
            await claim.release()
            raise
        for number in numbers:
            if self._holders.other(number, key):
                await claim.release()
                return number
        return claim
