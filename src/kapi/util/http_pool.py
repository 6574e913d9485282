"""ConnectionPool: connections to a few servers that are kept between requests.

Implements what webhooks and API servers behind this one need of HTTP: requests that are small
enough to be whole, and, for those that stream themselves, connections to take and to give back. A
kept connection that the server has closed in the meantime is noticed, and replaced once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from kapi.util.http_client import ClientConnection, ConnectionEnded, HTTPClientError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from kapi.util.http_client import ResponseHead

__all__ = ["Answer", "ConnectionPool", "Endpoint"]

# As long as Go keeps an idle connection, and about as many of them.
_IDLE_SECONDS = 90.0
_IDLE_PER_ENDPOINT = 25
_IDLE_IN_ALL = 200
# No webhook has so much to say; more is taken for a mistake.
_ANSWER_BYTES = 16 * 1024 * 1024


class Endpoint(NamedTuple):
    """Where a server is; with TLS its certificate must be for ``server_name``."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    server_name: str


class Answer(NamedTuple):
    """A response as a whole."""

    head: ResponseHead
    body: bytes


class ConnectionPool:
    """Idle connections of one server, by where they lead."""

    def __init__(self) -> None:
        self._idle: dict[Endpoint, list[tuple[ClientConnection, asyncio.TimerHandle]]] = {}
        self._count = 0

    @property
    def idle(self) -> int:
        """How many connections wait for their next request."""
        return self._count

    async def post(
        self,
        endpoint: Endpoint,
        target: str,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
        timeout_seconds: float,
    ) -> Answer:
        """One exchange with a body; raises HTTPClientError."""
        call = _Call("POST", target, headers, body)
        try:
            return await self._call(endpoint, call, timeout_seconds)
        except TimeoutError:
            raise HTTPClientError("context deadline exceeded") from None

    async def get(
        self,
        endpoint: Endpoint,
        target: str,
        headers: Sequence[tuple[bytes, bytes]],
        timeout_seconds: float,
        longest_bytes: int = _ANSWER_BYTES,
    ) -> Answer:
        """One exchange without a body; raises HTTPClientError, and TimeoutError."""
        call = _Call("GET", target, headers, b"", longest_bytes)
        return await self._call(endpoint, call, timeout_seconds)

    async def _call(self, endpoint: Endpoint, call: _Call, timeout_seconds: float) -> Answer:
        async with asyncio.timeout(timeout_seconds):
            kept = self.take(endpoint)
            if kept is not None:
                try:
                    return await self._exchange(endpoint, kept, call)
                except ConnectionEnded:
                    pass  # in the meantime
            connection = await ClientConnection.connect(
                endpoint.host, endpoint.port, endpoint.tls, timeout_seconds, endpoint.server_name
            )
            return await self._exchange(endpoint, connection, call)

    async def _exchange(
        self, endpoint: Endpoint, connection: ClientConnection, call: _Call
    ) -> Answer:
        try:
            await connection.send_head(call.method, call.target, call.headers)
            await _send_body(connection, call.body)
            head = await connection.read_head()
            answer = Answer(head, await _whole(connection, call.longest_bytes))
        except BaseException:
            connection.abort()
            raise
        self.keep(endpoint, connection)
        return answer

    def take(self, endpoint: Endpoint) -> ClientConnection | None:
        """A connection that was kept, and has to be kept again or closed; None if there is none."""
        waiting = self._idle.get(endpoint)
        while waiting:
            connection, timer = waiting.pop()
            self._count -= 1
            timer.cancel()
            if not waiting:
                del self._idle[endpoint]
            if connection.reusable:
                return connection
            connection.abort()
        return None

    def keep(self, endpoint: Endpoint, connection: ClientConnection) -> None:
        """Keep a connection whose exchange is over; one that cannot be used again is closed."""
        waiting = self._idle.get(endpoint, [])
        full = len(waiting) >= _IDLE_PER_ENDPOINT or self._count >= _IDLE_IN_ALL
        if full or not connection.reusable:
            connection.close()
            return
        timer = asyncio.get_running_loop().call_later(
            _IDLE_SECONDS, self._expire, endpoint, connection
        )
        self._idle.setdefault(endpoint, waiting).append((connection, timer))
        self._count += 1

    def _expire(self, endpoint: Endpoint, connection: ClientConnection) -> None:
        waiting = self._idle.get(endpoint, [])
        left = [each for each in waiting if each[0] is not connection]
        self._count -= len(waiting) - len(left)
        if left:
            self._idle[endpoint] = left
        else:
            self._idle.pop(endpoint, None)
        connection.close()

    def drop(self, unwanted: Callable[[Endpoint], bool]) -> None:
        """Give up the idle connections to some endpoints."""
        for endpoint in [each for each in self._idle if unwanted(each)]:
            for connection, timer in self._idle.pop(endpoint):
                timer.cancel()
                connection.close()
                self._count -= 1

    def close(self) -> None:
        """Give up all idle connections."""
        for waiting in self._idle.values():
            for connection, timer in waiting:
                timer.cancel()
                connection.abort()
        self._idle.clear()
        self._count = 0


class _Call(NamedTuple):
    method: str
    target: str
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    longest_bytes: int = _ANSWER_BYTES


async def _send_body(connection: ClientConnection, body: bytes) -> None:
    try:
        if body:
            await connection.write(body)
    except HTTPClientError as error:
        raise ConnectionEnded(str(error)) from error


async def _whole(connection: ClientConnection, longest_bytes: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in connection.read_body():
        size += len(piece)
        if size > longest_bytes:
            raise HTTPClientError(f"the response is longer than {longest_bytes} bytes")
        pieces.append(piece)
    return b"".join(pieces)
