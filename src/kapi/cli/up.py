"""``kapi up``: a server with everything made on its first start, found again on the next."""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

from kapi.cli.flags import add_server_flags, default_data_dir, server_options
from kapi.server.local_server import LocalServer
from kapi.server.options import OptionsError
from kapi.server.process import prepare_process, settle_memory
from kapi.util.clock import SystemClock

if TYPE_CHECKING:
    from kapi.server.options import ServerOptions

__all__ = ["add_flags", "execute", "serve_until_told_to_stop"]

_DEFAULT_PORT = 6443
_MAXIMUM_WORKERS = 256
# What a shell reports for a command that its user ended by force.
_FORCED = 130


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument(
        "--ephemeral",
        action="store_true",
        help="keep objects in memory; they end with the server",
    )
    parser.add_argument(
        "--workers",
        type=_workers,
        default=1,
        metavar="N",
        help="servers on the port, each a process, over one etcd (default: %(default)s)",
    )
    add_server_flags(parser, port=_DEFAULT_PORT, address="127.0.0.1")


def execute(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    data_dir = arguments.data_dir or default_data_dir()
    options = server_options(arguments, data_dir=data_dir, ephemeral=arguments.ephemeral)
    if arguments.workers > 1:
        if not options.etcd.servers:
            raise OptionsError("--workers: several servers need a store to share, --etcd-servers")
        return _serve_with_workers(options, arguments.workers, arguments.started)
    return serve_until_told_to_stop(options, arguments.started)


def _workers(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= _MAXIMUM_WORKERS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {_MAXIMUM_WORKERS}")


def _serve_with_workers(options: ServerOptions, count: int, started: float) -> int:
    from kapi.cli.workers import Workers  # noqa: PLC0415 - for those who ask for it

    clock = SystemClock()
    prepare_process()
    with LocalServer.prepared(replace(options, shared_port=True), clock) as server:

        def ready() -> None:
            print(_banner(server, clock.monotonic() - started), flush=True)

        return Workers(server, count, clock).run(ready)


def serve_until_told_to_stop(options: ServerOptions, started: float) -> int:
    """Start a server, tell how to reach it, and end it cleanly at SIGINT or SIGTERM.

    ``started`` is the monotonic time from which the time to be ready is counted.
    """
    import uvloop  # noqa: PLC0415 - not needed to tell that a flag is wrong

    clock = SystemClock()
    prepare_process()
    with LocalServer.prepared(options, clock) as server:
        uvloop.run(_serve(server, clock, started))
    return 0


async def _serve(server: LocalServer, clock: SystemClock, started: float) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            os._exit(_FORCED)
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    async with server.running():
        print(_banner(server, clock.monotonic() - started), flush=True)
        settle_memory()
        await stopping.wait()


def _banner(server: LocalServer, seconds: float) -> str:
    options = server.options
    state = "in memory" if options.ephemeral else f"in {options.database_file}"
    if options.etcd.servers:
        state = f"in etcd at {', '.join(options.etcd.servers)}"
    lines = [
        f"Kubernetes {options.kubernetes_version} at {server.url}, objects {state}",
        f"ready in {seconds:.2f} s; Ctrl-C ends it",
    ]
    if options.admin_token:
        path = shlex.quote(str(server.data.kubeconfig_file))
        lines += ["", f"export KUBECONFIG={path}"]
    return "\n".join(lines)
