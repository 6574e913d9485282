"""Writes every object again, in the form in which this server stores objects.

After it all values have the storage version of their resource, the storage media type that was
asked for and the first encryption provider: older keys and versions are not needed any more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import StatusError
from kapi.server.data_directory import DataDirectory
from kapi.server.options import StartError
from kapi.storage.engine import Compare, Put
from kapi.storage.errors import CompareFailed, StorageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from kapi.registry.conversion import Conversion
    from kapi.registry.store import ResourceStore
    from kapi.server.options import ServerOptions
    from kapi.server.server import APIServer
    from kapi.server.snapshots import Begun
    from kapi.storage.cacher.entry import Entry
    from kapi.storage.engine import Engine
    from kapi.util.clock import Clock

__all__ = ["rewrite_storage"]

_SHORTEST_TTL_SECONDS = 1.0


async def rewrite_storage(options: ServerOptions, clock: Clock, begun: Begun) -> int:
    """Rewrite all objects of a store; how many there are.

    The embedded database must not be in use. Servers on the same etcd may go on: what they write
    meanwhile is left as they write it. Raises StartError.
    """
    from kapi.server.server import APIServer  # noqa: PLC0415 - for this and nothing else

    server = APIServer(replace(options, controllers=()), clock)
    with _locked(options, clock):
        try:
            await server.start()
            return await _rewrite_all(server, clock, begun)
        except StorageError as error:
            raise StartError(f"the store failed: {error}") from error
        finally:
            await server.stop()


def _locked(options: ServerOptions, clock: Clock) -> AbstractContextManager[None]:
    if options.etcd.servers:
        from contextlib import nullcontext  # noqa: PLC0415 - etcd is shared

        return nullcontext()
    return DataDirectory(options.data_dir, clock).locked()


async def _rewrite_all(server: APIServer, clock: Clock, begun: Begun) -> int:
    assert server.api is not None
    engine = server.engine
    catalogue, stores = server.api.catalogue, dict(server.api.stores)
    total = sum([await store.storage.count() for store in stores.values()])
    progress = begun.begin(total)
    done = 0
    for name, store in stores.items():
        resource = catalogue.preferred(name)
        conversion = None if resource is None else resource.conversion
        for entry in (await store.storage.list()).entries:
            value = await _value(store, entry, conversion)
            await _rewrite(engine, entry, value, clock)
            done += 1
            progress(done)
    return total


async def _value(store: ResourceStore, entry: Entry, conversion: Conversion | None) -> bytes:
    obj = store.load(entry)
    try:
        if conversion is not None:
            obj = await conversion.stored(obj)
        return store.dump(obj)
    except StatusError as error:
        raise StartError(f"cannot convert {entry.key}: {error.message}") from error


async def _rewrite(engine: Engine, entry: Entry, value: bytes, clock: Clock) -> None:
    found = await engine.get(entry.key)
    if found is None or found.mod_revision != entry.revision:
        return  # another server was faster
    ttl: float | None = None
    if found.expires_at is not None:
        ttl = max(found.expires_at - clock.now(), _SHORTEST_TTL_SECONDS)
    try:
        await engine.txn((Compare(entry.key, entry.revision),), (Put(entry.key, value, ttl),))
    except CompareFailed:
        return
