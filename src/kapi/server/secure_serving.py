"""SecureServing: the HTTPS endpoint, an ASGI application behind uvicorn's HTTP/1.1 protocol.

Owns sockets, connections and their end. The application finds the verified client certificate in
``scope["extensions"]["tls"]["client_certificate"]``, None without one. HTTP/1.1 only:
clients that prefer HTTP/2 are told so by ALPN. ``abort`` there ends the connection in the middle of
an answer, and ``upgrade`` is the offer to take over the connection of a request for another
protocol (kapi.endpoints.connect.exchange).
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from email.utils import formatdate
from typing import TYPE_CHECKING

from uvicorn.config import Config
from uvicorn.server import ServerState

from kapi.server.http_protocol import HTTPProtocol
from kapi.server.options import StartError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kapi.apimachinery.types import JSONObject
    from kapi.util.clock import Clock

    ASGIApplication = Callable[..., Awaitable[None]]

__all__ = ["SecureServing", "bind"]

_LOG = logging.getLogger("kapi.server")

# kube-apiserver keeps an idle connection for so long.
_IDLE_SECONDS = 90
# At the end ordinary requests get so long before watches are ended, and all so long after it.
_REQUEST_GRACE_SECONDS = 0.25
_CONNECTION_GRACE_SECONDS = 1.0
_POLL_SECONDS = 0.01
_BACKLOG = 2048


def bind(address: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket bound to a port (0 for any free one) that does not listen yet.

    ``shared`` lets other sockets of this user listen on the same port.
    Raises StartError when the port is taken or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is given.
    endpoint = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        if shared:
            # Not listening: the kernel hands connections to every socket that does.
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            endpoint.bind((address, port))
        else:
            endpoint.bind((address, port))
            endpoint.listen(0)
    except OSError as error:
        endpoint.close()
        if error.errno == errno.EADDRINUSE:
            raise StartError(f"port {port} on {address} is in use") from error
        raise StartError(f"cannot listen on {address}:{port}: {error.strerror}") from error
    return endpoint


class SecureServing:
    """Serves an ASGI application on a bound socket until told to stop."""

    def __init__(
        self,
        application: ASGIApplication,
        endpoint: socket.socket,
        context: ssl.SSLContext | None,
        clock: Clock,
    ) -> None:
        self._endpoint = endpoint
        self._context = context
        self._clock = clock
        self._state = ServerState()
        self._config = Config(
            application,
            http=HTTPProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_IDLE_SECONDS,
        )
        self._server: asyncio.AbstractServer | None = None
        self._date_timer: asyncio.TimerHandle | None = None

    @property
    def port(self) -> int:
        """The port that is served, also when a free one was asked for."""
        port: int = self._endpoint.getsockname()[1]
        return port

    async def start(self) -> None:
        """Accept connections."""
        self._config.load()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_log_loop_error)
        self._tell_date(loop)
        self._server = await loop.create_server(
            lambda: HTTPProtocol(self._config, self._state, {}, loop),
            sock=self._endpoint,
            ssl=self._context,
            backlog=_BACKLOG,
        )

    async def stop(self, end_application: Callable[[], Awaitable[None]]) -> None:
        """Stop accepting, let requests finish, end the application, close what is left.

        ``end_application`` ends watches and whatever else would not finish by itself.
        """
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        await self._wait_until(lambda: not self._state.tasks, _REQUEST_GRACE_SECONDS)
        await end_application()
        await self._wait_until(self._is_quiet, _CONNECTION_GRACE_SECONDS)
        for task in list(self._state.tasks):
            task.cancel()
        for connection in list(self._state.connections):
            connection.transport.abort()
        if self._date_timer is not None:
            self._date_timer.cancel()

    def _is_quiet(self) -> bool:
        return not self._state.tasks and not self._state.connections

    async def _wait_until(self, done: Callable[[], bool], seconds: float) -> None:
        end = self._clock.monotonic() + seconds
        while not done() and self._clock.monotonic() < end:  # noqa: ASYNC110 - sets have no event
            await asyncio.sleep(_POLL_SECONDS)

    def _tell_date(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the Date header of all answers, once in a second."""
        date = formatdate(self._clock.now(), usegmt=True).encode("ascii")
        self._state.default_headers = [(b"date", date)]
        self._date_timer = loop.call_later(1.0, self._tell_date, loop)


def _log_loop_error(loop: asyncio.AbstractEventLoop, context: JSONObject) -> None:
    """Log a client's failed handshake as one line, anything else in full."""
    error = context.get("exception")
    if isinstance(error, ssl.SSLError):
        _LOG.warning("TLS handshake error: %s", error.reason)
    elif not isinstance(error, ConnectionError):
        loop.default_exception_handler(context)
