"""LeaderElection: one of the servers of a store does what should be done once.

Controllers are such work: several would get into each other's way. The leader holds a key that
ends by itself, as a Lease does for kube-controller-manager, and renews it; when it cannot, it
stops working before somebody else may begin.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from kapi.registry.keys import KEY_PREFIX
from kapi.storage.errors import CompareFailed, StorageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kapi.storage.engine import Engine
    from kapi.util.clock import Clock

__all__ = ["LeaderElection"]

_log = logging.getLogger(__name__)

_KEY = f"{KEY_PREFIX}kapi.dev/leader"
# kube-controller-manager's times: the lease, until when it must be renewed, and how often.
_LEASE_SECONDS = 15.0
_RENEW_DEADLINE_SECONDS = 10.0
_RETRY_SECONDS = 2.0


class LeaderElection:
    """Calls ``begin`` when this server becomes the leader and ``end`` when it no longer is."""

    def __init__(
        self,
        engine: Engine,
        identity: str,
        clock: Clock,
        begin: Callable[[], Awaitable[None]],
        end: Callable[[], Awaitable[None]],
    ) -> None:
        self._engine = engine
        self._identity = identity.encode()
        self._clock = clock
        self._begin = begin
        self._end = end
        # The revision of the key while it is ours, 0 otherwise.
        self._held = 0
        self._renewed = 0.0

    @property
    def leads(self) -> bool:
        """Whether this server is the leader."""
        return self._held > 0

    async def run(self) -> None:
        """Take part until cancelled."""
        while True:
            await self.try_once()
            await asyncio.sleep(_RETRY_SECONDS)

    async def try_once(self) -> None:
        """Become the leader, or stay it, if possible; ``run`` calls this, a test may."""
        now = self._clock.monotonic()
        led = self.leads
        try:
            async with asyncio.timeout(_RENEW_DEADLINE_SECONDS):
                self._held = await self._engine.put(
                    _KEY, self._identity, mod_revision=self._held, ttl_seconds=_LEASE_SECONDS
                )
            self._renewed = now
        except CompareFailed as error:
            # A write whose answer was lost may have made it ours.
            current = error.current
            ours = current is not None and current.value == self._identity
            self._held = current.mod_revision if ours and current is not None else 0
        except (StorageError, TimeoutError) as error:
            if led and self._clock.monotonic() - self._renewed >= _RENEW_DEADLINE_SECONDS:
                _log.warning("this server cannot stay the leader: %s", error)
                self._held = 0
        if self.leads != led:
            await (self._begin() if self.leads else self._end())

    async def stop(self) -> None:
        """Let another server lead at once."""
        held, self._held = self._held, 0
        if held:
            await self._end()
            with suppress(StorageError):
                await self._engine.delete(_KEY, mod_revision=held)
