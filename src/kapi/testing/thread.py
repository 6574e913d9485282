"""A server for tests in a thread of the test's own process."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from kapi.cli import up
from kapi.cli.flags import default_data_dir, server_options
from kapi.cli.parser import Parser
from kapi.server.local_server import LocalServer
from kapi.server.options import OptionsError
from kapi.util.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.ext.extension import Extension

__all__ = ["ServerInThread"]


class _RaisingParser(Parser):
    """A parser for flags that a program wrote."""

    def error(self, message: str) -> NoReturn:
        """Raise OptionsError."""
        raise OptionsError(message)


class ServerInThread:
    """The server of ``kapi up`` on an event loop in a thread."""

    def __init__(self, flags: Sequence[str], extensions: Sequence[Extension] = ()) -> None:
        parser = _RaisingParser()
        up.add_flags(parser)
        arguments = parser.parse_args(flags)
        data_dir = arguments.data_dir or default_data_dir()
        options = server_options(arguments, data_dir=data_dir, ephemeral=arguments.ephemeral)
        self._options = replace(options, extensions=(*options.extensions, *extensions))
        self._thread = threading.Thread(target=self._run, name="kapi", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._error: BaseException | None = None
        self._url = ""

    def start(self) -> str:
        """Start the server and wait until it is ready; its URL.

        Raises what starting raised, StartError for instance.
        """
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error
        return self._url

    def stop(self) -> None:
        """End the server and wait until it has ended."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        import uvloop  # noqa: PLC0415 - heavy

        try:
            with LocalServer.prepared(self._options, SystemClock()) as server:
                uvloop.run(self._serve(server))
        except BaseException as error:  # noqa: BLE001 - it is raised in the test's thread
            self._error = error
            self._ready.set()

    async def _serve(self, server: LocalServer) -> None:
        self._loop = asyncio.get_running_loop()
        async with server.running():
            self._url = server.url
            self._ready.set()
            await self._stopping.wait()
