"""Compactor: forgets the past of a store after a while, as kube-apiserver does with its etcd."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from kapi.storage.errors import Closed, StorageError

if TYPE_CHECKING:
    from kapi.storage.engine import Engine

__all__ = ["DEFAULT_COMPACTION_INTERVAL_SECONDS", "Compactor"]

_log = logging.getLogger(__name__)

# kube-apiserver's --etcd-compaction-interval: continue tokens and exact lists stay good for at
# least so long.
DEFAULT_COMPACTION_INTERVAL_SECONDS = 300.0


class Compactor:
    """Each interval, compacts up to where the store was one interval ago."""

    def __init__(
        self, engine: Engine, interval_seconds: float = DEFAULT_COMPACTION_INTERVAL_SECONDS
    ) -> None:
        self._engine = engine
        self._interval_seconds = interval_seconds
        self._next_revision = engine.revision

    async def run(self) -> None:
        """Compact until cancelled or the store is closed."""
        while True:
            await asyncio.sleep(self._interval_seconds)
            try:
                await self.compact_once()
            except Closed:
                return
            except StorageError as error:
                # A full disk, say: the next interval tries again.
                _log.warning("the store was not compacted: %s", error)

    async def compact_once(self) -> None:
        """One interval has passed; ``run`` calls this, a test may."""
        await self._engine.compact(self._next_revision)
        self._next_revision = await self._engine.current_revision()
