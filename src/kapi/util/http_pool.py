"""ConnectionPool: requests to a few servers, over connections that are kept between requests.

Implements what webhooks need of HTTP: a POST whose body and answer are small enough to be whole.
A kept connection that the server has closed in the meantime is noticed, and replaced once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from kapi.util.http_client import ClientConnection, HTTPClientError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

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
        """One exchange; raises HTTPClientError."""
        try:
            async with asyncio.timeout(timeout_seconds):
                connection = self._take(endpoint)
                if connection is not None:
                    answer = await self._exchange(
                        endpoint, connection, target, headers, body, kept=True
                    )
                    if answer is not None:
                        return answer
                connection = await ClientConnection.connect(
                    endpoint.host,
                    endpoint.port,
                    endpoint.tls,
                    timeout_seconds,
                    endpoint.server_name,
                )
                answer = await self._exchange(endpoint, connection, target, headers, body)
        except TimeoutError:
            raise HTTPClientError("context deadline exceeded") from None
        assert answer is not None
        return answer

    async def _exchange(
        self,
        endpoint: Endpoint,
        connection: ClientConnection,
        target: str,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
        *,
        kept: bool = False,
    ) -> Answer | None:
        """The answer, or None when a kept connection had ended before the request came."""
        try:
            try:
                await connection.send_head("POST", target, headers)
                await connection.write(body)
                head = await connection.read_head()
            except HTTPClientError as error:
                if kept and str(error).startswith(("EOF", "read:", "write:")):
                    connection.abort()
                    return None
                raise
            answer = Answer(head, await _whole(connection))
        except BaseException:
            connection.abort()
            raise
        self._keep(endpoint, connection)
        return answer

    def _take(self, endpoint: Endpoint) -> ClientConnection | None:
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

    def _keep(self, endpoint: Endpoint, connection: ClientConnection) -> None:
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

    def close(self) -> None:
        """Give up all idle connections."""
        for waiting in self._idle.values():
            for connection, timer in waiting:
                timer.cancel()
                connection.abort()
        self._idle.clear()
        self._count = 0


async def _whole(connection: ClientConnection) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in connection.read_body():
        size += len(piece)
        if size > _ANSWER_BYTES:
            raise HTTPClientError(f"the response is longer than {_ANSWER_BYTES} bytes")
        pieces.append(piece)
    return b"".join(pieces)
