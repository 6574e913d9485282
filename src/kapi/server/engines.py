"""Opens the storage engine that the options ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.keys import KEY_PREFIX
from kapi.server.options import OptionsError, StartError
from kapi.storage.errors import StorageError
from kapi.storage.memory import MemoryEngine
from kapi.storage.relocated import RelocatedEngine

if TYPE_CHECKING:
    from kapi.server.options import EtcdOptions, ServerOptions
    from kapi.storage.engine import Engine
    from kapi.storage.metrics import CommitMetrics
    from kapi.util.clock import Clock

__all__ = ["open_engine"]


async def open_engine(
    options: ServerOptions, clock: Clock, commits: CommitMetrics | None = None
) -> Engine:
    """The etcd that is given, else memory for ephemeral servers, else SQLite.

    Raises OptionsError and StartError when the store cannot be opened.
    """
    if options.etcd.servers:
        return await _open_etcd(options.etcd, clock)
    if options.ephemeral:
        return MemoryEngine(clock=clock)
    from kapi.storage.sqlite.engine import SQLiteEngine  # noqa: PLC0415 - not for ephemeral ones

    try:
        return await SQLiteEngine.open(str(options.database_file), clock=clock, metrics=commits)
    except StorageError as error:
        raise StartError(str(error)) from error


async def _open_etcd(options: EtcdOptions, clock: Clock) -> Engine:
    try:
        from kapi.storage.etcd.engine import EtcdEngine, EtcdTLS  # noqa: PLC0415 - brings in gRPC
    except ModuleNotFoundError as error:
        raise OptionsError("--etcd-servers needs gRPC: pip install 'kapi[etcd]'") from error

    prefix = options.prefix.rstrip("/") + "/"
    tls = EtcdTLS(options.ca_file, options.cert_file, options.key_file)
    try:
        engine = await EtcdEngine.open(options.servers, prefix=prefix, tls=tls, clock=clock)
    except StorageError as error:
        raise StartError(f"etcd does not answer: {error}") from error
    except ValueError as error:
        raise OptionsError(f"--etcd-servers: {error}") from error
    except OSError as error:
        raise StartError(f"cannot read {error.filename}: {error.strerror}") from error
    return engine if prefix == KEY_PREFIX else RelocatedEngine(engine, KEY_PREFIX, prefix)
