"""Encryption at rest of one server: which file says how, and what follows when it changes."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from kapi.registry.keys import KEY_PREFIX, storage_prefix
from kapi.server.options import StartError
from kapi.storage.encryption.configuration import ConfigurationError, read_configuration
from kapi.storage.encryption.engine import EncryptedEngine

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kapi.apimachinery.types import GroupResource
    from kapi.server.options import ServerOptions
    from kapi.storage.encryption.transformer import Transformers
    from kapi.storage.engine import Engine
    from kapi.util.clock import Clock
    from kapi.util.ids import IDSource

__all__ = ["Encryption"]

_log = logging.getLogger(__name__)

# How long a changed file may stay unnoticed; looking costs microseconds.
_RELOAD_SECONDS = 1.0


class Encryption:
    """The engine that encrypts, and the file that it follows."""

    def __init__(self, path: Path, clock: Clock, ids: IDSource) -> None:
        self._path = path
        self._clock = clock
        self._ids = ids
        self._data = b""
        self._engine: EncryptedEngine | None = None
        self._following: asyncio.Task[None] | None = None

    def around(
        self, engine: Engine, options: ServerOptions, resources: Iterable[GroupResource]
    ) -> EncryptedEngine:
        """The engine behind which values are encrypted; StartError when the file is no good."""
        try:
            self._data = self._path.read_bytes()
            transformers = self._transformers(self._data)
        except OSError as error:
            raise StartError(f"cannot read {self._path}: {error.strerror}") from error
        except ConfigurationError as error:
            raise StartError(f"{self._path}: {error}") from error
        finder = _ResourceFinder(resources)
        prefix = options.etcd.prefix.rstrip("/") + "/" if options.etcd.servers else KEY_PREFIX

        def context_of(key: str) -> bytes:
            return (prefix + key[len(KEY_PREFIX) :]).encode()

        self._engine = EncryptedEngine(engine, transformers, finder.resource_of, context_of)
        if options.encryption_provider_config_automatic_reload:
            self._following = asyncio.create_task(self._follow())
        return self._engine

    def stop(self) -> None:
        """Follow the file no more."""
        if self._following is not None:
            self._following.cancel()

    def _transformers(self, data: bytes) -> Transformers:
        return read_configuration(data, self._clock, self._ids)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_RELOAD_SECONDS)
            self.reload()

    def reload(self) -> None:
        """Take the file as it is now; a bad one is told of and changes nothing."""
        assert self._engine is not None
        try:
            data = self._path.read_bytes()
        except OSError as error:
            data = b""
            problem = error.strerror or str(error)
        if data == self._data:
            return
        self._data = data
        if data:
            try:
                self._engine.use(self._transformers(data))
            except ConfigurationError as error:
                problem = str(error)
            else:
                _log.warning("%s is in use as it is now", self._path)
                return
        else:
            problem = "it is empty or cannot be read"
        _log.error("%s is not used as it is now: %s", self._path, problem)


class _ResourceFinder:
    """Tells by its key which resource an object belongs to."""

    def __init__(self, resources: Iterable[GroupResource]) -> None:
        self._by_prefix = {storage_prefix(resource): resource for resource in resources}

    def resource_of(self, key: str) -> tuple[str, str] | None:
        """Group and resource; None for keys that hold no object."""
        parts = key[len(KEY_PREFIX) :].split("/", 2)
        if len(parts) > 2:
            found = self._by_prefix.get(f"{KEY_PREFIX}{parts[0]}/{parts[1]}/")
            if found is not None:
                return found.group, found.resource
        found = self._by_prefix.get(f"{KEY_PREFIX}{parts[0]}/")
        if found is not None:
            return found.group, found.resource
        # Custom resources stand under their group.
        return (parts[0], parts[1]) if len(parts) > 2 and "." in parts[0] else None
