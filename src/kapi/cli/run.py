"""``kapi run -- COMMAND``: a server in memory for one command, gone when the command ends."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kapi.cli.flags import add_server_flags, server_options
from kapi.server.local_server import LocalServer
from kapi.server.process import prepare_process, settle_memory
from kapi.util.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["add_flags", "execute"]

_NOT_FOUND = 127
_NOT_EXECUTABLE = 126
# A shell reports a command ended by signal N as 128 + N.
_SIGNAL_BASE = 128


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.usage = f"{parser.prog} [FLAGS] -- COMMAND [ARGUMENT ...]"
    add_server_flags(parser, port=0, address="127.0.0.1")
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    words = arguments.command
    command = words[1:] if words[:1] == ["--"] else words
    if not command:
        print("kapi run: no command given (see kapi run --help)", file=sys.stderr)
        return 2
    if arguments.data_dir is not None:
        return _run(arguments, arguments.data_dir, command)
    with tempfile.TemporaryDirectory(prefix="kapi-run-") as directory:
        return _run(arguments, Path(directory), command)


def _run(arguments: argparse.Namespace, data_dir: Path, command: Sequence[str]) -> int:
    import uvloop  # noqa: PLC0415 - not needed to tell that a flag is wrong

    options = server_options(arguments, data_dir=data_dir, ephemeral=True)
    prepare_process()
    with LocalServer.prepared(options, SystemClock()) as server:
        return uvloop.run(_run_beside(server, command))


async def _run_beside(server: LocalServer, command: Sequence[str]) -> int:
    """Run the command beside its server, passing on signals, until the command ends."""
    signals: asyncio.Queue[signal.Signals] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, signals.put_nowait, number)
    async with server.running():
        settle_memory()
        environment = {**os.environ, "KUBECONFIG": str(server.data.kubeconfig_file)}
        try:
            process = await asyncio.create_subprocess_exec(*command, env=environment)
        except OSError as error:
            print(f"kapi run: cannot run {command[0]}: {error.strerror}", file=sys.stderr)
            missing = isinstance(error, FileNotFoundError)
            return _NOT_FOUND if missing else _NOT_EXECUTABLE
        passing = asyncio.create_task(_pass_on(signals, process))
        code = await process.wait()
        passing.cancel()
        return code if code >= 0 else _SIGNAL_BASE - code


async def _pass_on(
    signals: asyncio.Queue[signal.Signals], process: asyncio.subprocess.Process
) -> None:
    while True:
        number = await signals.get()
        # Ctrl-C reaches the whole foreground of a terminal; a second one would end the
        # command's own clean-up.
        if process.returncode is None and not (number == signal.SIGINT and _in_foreground()):
            process.send_signal(number)


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False
