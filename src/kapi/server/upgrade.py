"""UpgradedConnection: a connection whose request asks for another protocol.

Implements ``Upgrade`` of ``kapi.endpoints.connect.exchange`` on uvicorn's HTTP/1.1 protocol. From
the end of such a request this object is the transport's protocol, so that ordinary requests pay
nothing. It keeps what the client sends behind the request, at most so much as fits a buffer, until
the application takes the connection, or gives it back to HTTP by answering without taking it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

__all__ = ["UpgradedConnection"]

# So much may wait to be read before the client is made to wait.
_BUFFER_BYTES = 64 * 1024
# A client that does not take the last bytes in this time is cut off.
_LINGER_SECONDS = 5.0


class UpgradedConnection(asyncio.Protocol):
    """Both what the HTTP server swaps in and what the application reads and writes."""

    def __init__(self, http: HttpToolsProtocol) -> None:
        self._http = http
        self._cycle: RequestResponseCycle | None = None
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self._ended = False
        self._attached = False
        # Whether the connection is the application's.
        self.taken = False

    # -- the HTTP server's side ---------------------------------------------------------------

    def offer(self, cycle: RequestResponseCycle) -> None:
        """Stand by for the request of ``cycle``."""
        self._cycle = cycle
        cycle.on_response = self._answered

    def attach(self, data: bytes) -> None:
        """Receive from now on; ``data`` came behind the request."""
        assert self._cycle is not None
        if self._cycle.response_complete and self._cycle.on_response != self._answered:
            self._http.data_received(data)
            return
        self._attached = True
        self._http.transport.set_protocol(self)
        if data:
            self.data_received(data)

    def _answered(self) -> None:
        """The application answered with HTTP: go on with the next request."""
        http = self._http
        http.on_response_complete()
        if self._attached and not http.transport.is_closing():
            self._attached = False
            http.transport.set_protocol(http)
            if self._buffer:
                http.data_received(bytes(self._buffer))

    # -- the transport's side -----------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Keep what came; let the client wait when nobody takes it."""
        self._buffer += data
        if len(self._buffer) > _BUFFER_BYTES:
            self._http.flow.pause_reading()
        self._arrived.set()

    def eof_received(self) -> None:
        """The client ended; the transport closes itself."""
        self._ended = True
        self._arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._ended = True
        self._arrived.set()
        self._http.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client is slow."""
        self._http.flow.pause_writing()

    def resume_writing(self) -> None:
        """The client took enough."""
        self._http.flow.resume_writing()

    # -- the application's side ---------------------------------------------------------------

    def take(self) -> UpgradedConnection:
        """The connection; HTTP has ended on it."""
        assert self._cycle is not None
        self._cycle.response_started = self._cycle.response_complete = True
        self.taken = True
        return self

    async def read(self) -> bytes:
        """What came since, nothing at the end."""
        while not self._buffer:
            if self._ended:
                return b""
            self._arrived.clear()
            await self._arrived.wait()
        data = bytes(self._buffer)
        self._buffer.clear()
        if not self._ended:
            self._http.flow.resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        """Send; waits while the client is slow."""
        transport, flow = self._http.transport, self._http.flow
        if self._ended or transport.is_closing():
            raise ConnectionResetError("the client has gone")
        transport.write(data)
        if flow.write_paused:
            await flow.drain()

    def close(self) -> None:
        """Send what is left, then close."""
        transport = self._http.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(_LINGER_SECONDS, transport.abort)
        transport.close()
