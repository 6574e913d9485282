"""Passing a request on to a backend and its answer back, both as streams.

Bodies are never held: reading from one side waits for the other. When one side goes away the
other is told at once.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from kapi.apimachinery.errors import ServiceUnavailable, StatusError
from kapi.endpoints.connect.headers import (
    request_headers,
    response_headers,
    rewrite_location,
    upgrade_headers,
)
from kapi.endpoints.connect.html import LinkRewriter, is_html
from kapi.endpoints.request import BrokenStream, Response
from kapi.util.http_client import ConnectionEnded, HTTPClientError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from kapi.endpoints.connect.exchange import Exchange, RawConnection
    from kapi.util.http_client import ClientConnection, ResponseHead

__all__ = ["Origin", "Uplink", "forward", "tunnel"]

# What may stand unescaped in a path.
_PATH_SAFE = "/$&+,:;=@-_.~"
_SWITCHING_PROTOCOLS = 101
_LEAST_ERROR = 400
# What may be asked twice: it changes nothing and has no body that would have been read already.
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Origin(Protocol):
    """A server that requests are passed on to, over new connections or kept ones."""

    @property
    def address(self) -> str:
        """Host and port."""
        ...

    @property
    def keeps_connections(self) -> bool:
        """Whether connections serve several requests, one after the other."""
        ...

    async def connect(self) -> ClientConnection:
        """A new connection; raises HTTPClientError."""
        ...

    def kept(self) -> ClientConnection | None:
        """A connection of an earlier request, if there is one."""
        ...

    def release(self, connection: ClientConnection) -> None:
        """Take a connection back whose exchange is over."""
        ...


class Uplink:
    """Sends a request's body to a backend, then breaks the connection if the client leaves."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._connection: ClientConnection | None = None
        self._chunked = bool(exchange.header(b"transfer-encoding"))
        self._bodiless = not self._chunked and not exchange.header(b"content-length")
        self._finished = self._bodiless
        self._gone = False
        self._task: asyncio.Future[None] | None = None

    @property
    def connection(self) -> ClientConnection:
        """Where the request goes."""
        assert self._connection is not None, "nothing was asked yet"
        return self._connection

    def may_repeat(self, method: str) -> bool:
        """Whether a request that got no answer may be sent again."""
        return method in _REPEATABLE and self._bodiless and not self._gone

    async def ask(
        self,
        connection: ClientConnection,
        method: str,
        target: str,
        headers: Sequence[tuple[bytes, bytes]],
    ) -> ResponseHead:
        """Send the request and wait for the head of the answer; raises HTTPClientError."""
        if self._connection is not None:
            self._connection.abort()
        self._connection = connection
        await connection.send_head(method, target, headers)
        self.attend(connection)
        return await connection.read_head()

    def attend(self, connection: ClientConnection) -> None:
        """Send the body from now on; the head of the request has been sent."""
        self._connection = connection
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        with suppress(HTTPClientError):  # the response, or its absence, says more
            while True:
                message = await self._exchange.receive()
                if message["type"] == "http.disconnect":
                    self._gone = True
                    self.connection.abort()
                    return
                if not self._finished:
                    await self._send(message.get("body", b""))
                    if not message.get("more_body"):
                        if self._chunked:
                            await self.connection.write(b"0\r\n\r\n")
                        self._finished = True

    async def _send(self, body: bytes) -> None:
        if body:
            framed = b"%x\r\n%b\r\n" % (len(body), body) if self._chunked else body
            await self.connection.write(framed)

    async def stop(self) -> None:
        """Leave the rest of the request to somebody else."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def close(self) -> None:
        """End both the request and the connection."""
        self.finish(None)

    def finish(self, origin: Origin | None) -> None:
        """End the request; the connection goes back to where it is from if it is still good."""
        if self._task is not None:
            self._task.cancel()
        if self._connection is None:
            return
        if origin is not None and self._finished and self._connection.reusable:
            origin.release(self._connection)
        else:
            self._connection.close()


async def forward(
    exchange: Exchange,
    method: str,
    origin: Origin,
    path: str,
    query: str,
    identity: Sequence[tuple[bytes, bytes]] = (),
) -> Response:
    """Pass a request on to a path of a backend; raises ServiceUnavailable.

    ``identity`` are headers that tell the backend who the client is.
    """
    here = quote(exchange.path, safe=_PATH_SAFE)
    if not path and method in {"GET", "HEAD"}:
        location = f"{here}/{'?' + query if query else ''}"
        return Response(301, b"", b"", [(b"location", location.encode("ascii"))])
    prefix = exchange.path.removesuffix(path)
    headers = [*request_headers(exchange, keep=origin.keeps_connections), *identity]
    if exchange.header(b"transfer-encoding"):
        headers.append((b"transfer-encoding", b"chunked"))
    headers.append((b"x-forwarded-uri", here.encode("ascii")))
    uplink = Uplink(exchange)
    try:
        head = await _answered(uplink, origin, method, _target(path, query), headers)
    except HTTPClientError as error:
        uplink.close()
        raise ServiceUnavailable(f"error trying to reach service: {error}") from error
    except BaseException:
        uplink.close()
        raise
    back = response_headers(head.headers, cors=False)
    hosts = (origin.address, exchange.header(b"host").decode("latin-1"))
    back = [_outside(pair, prefix, hosts) for pair in back]
    return _streamed(uplink, origin, head, back, prefix, hosts)


async def _answered(
    uplink: Uplink,
    origin: Origin,
    method: str,
    target: str,
    headers: Sequence[tuple[bytes, bytes]],
) -> ResponseHead:
    """Ask over a kept connection; if that has ended and it is safe, once more over a new one."""
    kept = origin.kept()
    if kept is not None:
        try:
            return await uplink.ask(kept, method, target, headers)
        except ConnectionEnded as error:
            if not (error.untouched or uplink.may_repeat(method)):
                raise
    return await uplink.ask(await origin.connect(), method, target, headers)


def _target(path: str, query: str) -> str:
    encoded = quote(path or "/", safe=_PATH_SAFE)
    return f"{encoded}?{query}" if query else encoded


def _outside(pair: tuple[bytes, bytes], prefix: str, hosts: tuple[str, str]) -> tuple[bytes, bytes]:
    if pair[0] != b"location":
        return pair
    location = rewrite_location(pair[1].decode("latin-1"), prefix=prefix, hosts=hosts)
    return b"location", location.encode("latin-1")


def _streamed(
    uplink: Uplink,
    origin: Origin,
    head: ResponseHead,
    headers: list[tuple[bytes, bytes]],
    prefix: str,
    hosts: tuple[str, str],
) -> Response:
    links: LinkRewriter | None = None
    if is_html(head):
        links = LinkRewriter(
            lambda place: rewrite_location(place, prefix=prefix, hosts=hosts),
            head.header(b"content-encoding"),
        )
        changed = {b"content-length", b"content-encoding"}
        headers = [pair for pair in headers if pair[0] not in changed]
    return Response(
        head.status,
        content_type=b"",
        headers=headers,
        stream=_body(uplink.connection, links),
        on_close=lambda: uplink.finish(origin),
        watches_client=True,
    )


async def _body(connection: ClientConnection, links: LinkRewriter | None) -> AsyncIterator[bytes]:
    try:
        async for chunk in connection.read_body():
            rewritten = chunk if links is None else links.feed(chunk)
            if rewritten:
                yield rewritten
    except HTTPClientError as error:
        raise BrokenStream from error
    if links is not None:
        yield links.end()


async def tunnel(
    exchange: Exchange,
    method: str,
    backend: Origin,
    path: str,
    query: str,
    identity: Sequence[tuple[bytes, bytes]] = (),
) -> Response:
    """Ask a backend for another protocol; when it agrees, pass bytes on until one side ends.

    Raises StatusError. A refusal of the backend is passed back as it is.
    """
    assert exchange.upgrade is not None
    uplink = Uplink(exchange)
    try:
        headers = [*upgrade_headers(exchange), *identity]
        connection = await _dial(method, backend, _target(path, query), headers)
        uplink.attend(connection)
        head = await connection.read_head()
    except HTTPClientError as error:
        uplink.close()
        raise StatusError(str(error)) from error
    except BaseException:
        uplink.close()
        raise
    await uplink.stop()
    if head.status == _SWITCHING_PROTOCOLS:
        take = exchange.upgrade.take
        return Response(head.status, tunnel=_pumping(take, connection, head.raw))
    if head.status < _LEAST_ERROR:
        connection.close()
        raise StatusError(f"invalid upgrade response: status code {head.status}")
    back = [*response_headers(head.headers, cors=True), (b"connection", b"close")]
    stream = _body(connection, None)
    return Response(head.status, b"", b"", back, stream, connection.abort, connection.close)


async def _dial(
    method: str, backend: Origin, target: str, headers: Sequence[tuple[bytes, bytes]]
) -> ClientConnection:
    try:
        connection = await backend.connect()
    except HTTPClientError as error:
        raise StatusError(f"error dialing backend: {error}") from error
    try:
        await connection.send_head(method, target, headers)
    except HTTPClientError as error:
        connection.abort()
        raise StatusError(f"error sending request: {error}") from error
    return connection


def _pumping(
    take: Callable[[], RawConnection], backend: ClientConnection, head: bytes
) -> Callable[[], Awaitable[None]]:
    async def pump() -> None:
        client = take()
        ways = (
            asyncio.ensure_future(_to_backend(client, backend)),
            asyncio.ensure_future(_to_client(client, backend, head)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            client.close()
            backend.close()

    return pump


async def _to_backend(client: RawConnection, backend: ClientConnection) -> None:
    with suppress(HTTPClientError):
        while data := await client.read():
            await backend.write(data)


async def _to_client(client: RawConnection, backend: ClientConnection, head: bytes) -> None:
    with suppress(ConnectionError):
        await client.write(head)
        while data := await backend.read():
            await client.write(data)
