"""Leases: how keys with a time to live share etcd's leases.

A lease costs etcd more than a key. As in kube-apiserver, keys that are written within a twentieth
of their time to live (a minute at most) are attached to the same lease, which lasts that much
longer: an event that should live for an hour lives for an hour and up to a minute.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kapi.util.clock import Clock

__all__ = ["Leases"]

_REUSE_PART = 0.05
_MAX_REUSE_SECONDS = 60.0
# When a lease ends etcd deletes its keys in one go; so many are no burden.
_MAX_KEYS = 1_000


class _Lease(NamedTuple):
    id: int
    reusable_until: float


class Leases:
    """Hands out leases by time to live, new ones where needed."""

    def __init__(self, grant: Callable[[int], Awaitable[int]], clock: Clock) -> None:
        self._grant = grant
        self._clock = clock
        self._leases: dict[float, _Lease] = {}
        self._keys: dict[float, int] = {}
        self._lock = asyncio.Lock()

    async def lease(self, ttl_seconds: float) -> int:
        """A lease for one more key that should live so long."""
        # One at a time: a crowd of events after a pause needs one new lease and not many.
        async with self._lock:
            known = self._leases.get(ttl_seconds)
            if (
                known is None
                or self._clock.monotonic() >= known.reusable_until
                or self._keys[ttl_seconds] >= _MAX_KEYS
            ):
                known = await self._new(ttl_seconds)
            self._keys[ttl_seconds] += 1
            return known.id

    def forget(self) -> None:
        """Use none of these leases again: etcd does not know one of them any more."""
        self._leases.clear()

    async def _new(self, ttl_seconds: float) -> _Lease:
        reuse_seconds = min(ttl_seconds * _REUSE_PART, _MAX_REUSE_SECONDS)
        # From before the grant: etcd counts from its own beginning, which is later.
        until = self._clock.monotonic() + reuse_seconds
        lease_id = await self._grant(math.ceil(ttl_seconds + reuse_seconds))
        known = self._leases[ttl_seconds] = _Lease(lease_id, until)
        self._keys[ttl_seconds] = 0
        return known
