"""Opens the storage engine that the options ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.server.options import OptionsError, StartError
from kapi.storage.errors import StorageError
from kapi.storage.memory import MemoryEngine

if TYPE_CHECKING:
    from kapi.server.options import ServerOptions
    from kapi.storage.engine import Engine
    from kapi.util.clock import Clock

__all__ = ["open_engine"]


async def open_engine(options: ServerOptions, clock: Clock) -> Engine:
    """Memory for ephemeral servers, else SQLite in the data directory.

    Raises StartError when the database cannot be opened.
    """
    if options.etcd_servers:
        raise OptionsError("--etcd-servers: this version has no etcd engine")
    if options.ephemeral:
        return MemoryEngine(clock=clock)
    from kapi.storage.sqlite.engine import SQLiteEngine  # noqa: PLC0415 - not for ephemeral ones

    try:
        return await SQLiteEngine.open(str(options.database_file), clock=clock)
    except StorageError as error:
        raise StartError(str(error)) from error
