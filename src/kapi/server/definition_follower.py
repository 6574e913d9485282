"""DefinitionFollower: brings definitions into effect that other servers have written."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import StatusError
from kapi.storage.errors import StorageError

if TYPE_CHECKING:
    from kapi.server.custom_resources import CustomResources
    from kapi.storage.store import Store

__all__ = ["DefinitionFollower"]

_log = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.5


class DefinitionFollower:
    """Watches the definitions of a store and reconciles each that changes."""

    def __init__(self, definitions: Store, custom_resources: CustomResources) -> None:
        self._definitions = definitions
        self._custom_resources = custom_resources

    async def run(self) -> None:
        """Follow until cancelled; after a loss from the current state."""
        while True:
            try:
                watcher = await self._definitions.watch()
                while events := await watcher.next():
                    # Of several changes of one definition the state after the last is what counts.
                    names = {event.entry.name for event in events if event.entry is not None}
                    for name in sorted(names):
                        await self._reconcile(name)
            except StorageError as error:
                _log.warning("definitions are followed from the beginning again: %s", error)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _reconcile(self, name: str) -> None:
        try:
            await self._custom_resources.reconcile(name)
        except StatusError as error:
            # Another server did the same at the same time; its change comes as the next event.
            _log.info("definition %s: %s", name, error)
        except StorageError:
            raise
        except Exception:  # noqa: BLE001 - whatever is wrong is wrong with this definition
            _log.exception("the definition %s cannot be served", name)
