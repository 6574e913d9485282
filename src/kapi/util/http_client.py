"""HTTP/1.1 to a server: a connection for one exchange that is streamed both ways, or a tunnel.

Owns dialing, TLS, the framing of a request's body and the reading of the response. Both directions
are bounded: reading stops while nobody takes what came, writing waits while the peer is slow.
A connection can serve further exchanges, one after the other (kapi.util.http_pool). The texts of
errors are those of Go's net package, which the users of Kubernetes know and search for.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

__all__ = [
    "ClientConnection",
    "ConnectionEnded",
    "HTTPClientError",
    "InputReader",
    "ResponseHead",
    "join_host_port",
    "resolve",
]

# What may wait to be read, also the longest head of a response.
_BUFFER_BYTES = 128 * 1024
_READ_BYTES = 64 * 1024
# A peer that does not take the last bytes in this time is cut off.
_LINGER_SECONDS = 5.0
_CONTINUE = range(100, 200)
# Go's words for the reasons of OpenSSL why a certificate is not accepted.
_VERIFICATION = {
    10: "certificate has expired or is not yet valid",
    18: "certificate signed by unknown authority",
    19: "certificate signed by unknown authority",
    20: "certificate signed by unknown authority",
    21: "certificate signed by unknown authority",
}
_SWITCHING_PROTOCOLS = 101
# How long a connection may be silent before its peer is probed, and between probes; as Go does.
_PROBE_SECONDS = 30
_PROBING = [
    getattr(socket, name) for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL") if hasattr(socket, name)
]


class HTTPClientError(Exception):
    """The server cannot be reached or broke off; the text says why."""


class ConnectionEnded(HTTPClientError):
    """The server ended the connection before it answered anything.

    ``untouched`` when it cannot have seen any of the request.
    """

    def __init__(self, why: str, *, untouched: bool = False) -> None:
        super().__init__(why)
        self.untouched = untouched


@dataclass(slots=True)
class ResponseHead:
    """Status and headers (names in lower case), and the head as it came."""

    status: int
    headers: list[tuple[bytes, bytes]]
    raw: bytes

    def header(self, name: bytes) -> bytes:
        """The first header of a name, or nothing."""
        for known, value in self.headers:
            if known == name:
                return value
        return b""


def join_host_port(host: str, port: int | str) -> str:
    """``host:port`` with brackets around IPv6 addresses."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass(slots=True)
class _Parsed:
    """Receives the parser's calls."""

    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: list[bytes] = field(default_factory=list)
    complete: bool = False
    messages: int = 0
    # Asked at the end of the message: the parser forgets with the next one.
    keep_alive: bool = False
    parser: httptools.HttpResponseParser | None = None

    def on_message_begin(self) -> None:
        self.messages += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, data: bytes) -> None:
        self.body.append(data)

    def on_message_complete(self) -> None:
        self.complete = True
        self.keep_alive = self.parser is not None and self.parser.should_keep_alive()


class InputReader(asyncio.StreamReader):
    """Counts what comes, so that bytes that nobody asked for are noticed."""

    received = 0

    def feed_data(self, data: bytes) -> None:  # type: ignore[override] # loops hand bytes over
        """Take what came."""
        self.received += len(data)
        super().feed_data(data)


class ClientConnection:
    """One connection; used by one exchange at a time."""

    def __init__(self, reader: InputReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._consumed = 0
        self._writer = writer
        self._parsed = _Parsed()
        self._parser = httptools.HttpResponseParser(self._parsed)
        self._head_only = False

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        timeout_seconds: float,
        server_name: str = "",
    ) -> ClientConnection:
        """Dial; the certificate is for ``server_name``, or the host. Raises HTTPClientError."""
        try:
            async with asyncio.timeout(timeout_seconds):
                addresses = await resolve(host)
                return await cls._dial(addresses, host, port, tls, server_name or host)
        except TimeoutError:
            raise HTTPClientError(f"dial tcp {join_host_port(host, port)}: i/o timeout") from None

    @classmethod
    async def _dial(
        cls,
        addresses: list[str],
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        server_name: str,
    ) -> ClientConnection:
        failure = f"dial tcp: lookup {host}: no such host"
        for address in addresses:
            try:
                return await cls._open(address, port, tls, server_name)
            except ssl.SSLError as error:
                raise HTTPClientError(_tls_failure(error)) from error
            except OSError as error:
                why = os.strerror(error.errno).lower() if error.errno else str(error)
                failure = f"dial tcp {join_host_port(address, port)}: connect: {why}"
        raise HTTPClientError(failure)

    @classmethod
    async def _open(
        cls, address: str, port: int, tls: ssl.SSLContext | None, server_name: str
    ) -> ClientConnection:
        loop = asyncio.get_running_loop()
        reader = InputReader(limit=_BUFFER_BYTES, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _ = await loop.create_connection(
            lambda: protocol,
            address,
            port,
            ssl=tls,
            server_hostname=server_name if tls is not None else None,
        )
        _detect_dead_peers(transport.get_extra_info("socket"))
        return cls(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    async def send_head(
        self, method: str, target: str, headers: Iterable[tuple[bytes, bytes]]
    ) -> None:
        """Start the request; raises ConnectionEnded when the connection has ended."""
        if self._writer.transport.is_closing() or self._reader.at_eof():
            raise ConnectionEnded("EOF", untouched=True)
        self._head_only = method == "HEAD"
        lines = [f"{method} {target} HTTP/1.1\r\n".encode("ascii")]
        for name, value in headers:
            lines += (name, b": ", value, b"\r\n")
        lines.append(b"\r\n")
        try:
            await self.write(b"".join(lines))
        except HTTPClientError as error:
            raise ConnectionEnded(str(error)) from error

    async def write(self, data: bytes) -> None:
        """Send bytes as they are; waits while the server is slow."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except (OSError, RuntimeError) as error:
            raise HTTPClientError(f"write: {error}") from error

    async def read(self) -> bytes:
        """Bytes as they come, nothing at the end; for tunnels."""
        try:
            return await self._take()
        except OSError:
            return b""

    async def _take(self) -> bytes:
        data = await self._reader.read(_READ_BYTES)
        self._consumed += len(data)
        return data

    async def read_head(self) -> ResponseHead:
        """The head of the final response; informational ones are passed over."""
        while True:
            head = await self._read_one_head()
            if head.status not in _CONTINUE or head.status == _SWITCHING_PROTOCOLS:
                return head

    async def _read_one_head(self) -> ResponseHead:
        self._parsed = parsed = _Parsed()
        self._parser = parsed.parser = httptools.HttpResponseParser(parsed)
        try:
            raw = await self._reader.readuntil(b"\r\n\r\n")
            self._consumed += len(raw)
            self._parser.feed_data(raw)
        except httptools.HttpParserUpgrade:
            pass
        except httptools.HttpParserError as error:
            raise HTTPClientError(
                f"net/http: HTTP/1.x transport connection broken: {error}"
            ) from error
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise HTTPClientError("unexpected EOF") from error
            raise ConnectionEnded("EOF") from error
        except asyncio.LimitOverrunError as error:
            raise HTTPClientError("net/http: server response headers exceeded the limit") from error
        except OSError as error:
            if self._reader.received > self._consumed:
                raise HTTPClientError("unexpected EOF") from error
            raise ConnectionEnded(f"read: {_reason(error)}") from error
        return ResponseHead(self._parser.get_status_code(), parsed.headers, raw)

    async def read_body(self) -> AsyncIterator[bytes]:
        """The body in pieces as they come; raises HTTPClientError when it breaks off."""
        parsed = self._parsed
        while not (parsed.complete or self._head_only):
            try:
                data = await self._take()
                if data:
                    self._parser.feed_data(data)
            except (OSError, httptools.HttpParserError) as error:
                raise HTTPClientError("unexpected EOF") from error
            if not data:
                if self._ends_with_connection():
                    return
                raise HTTPClientError("unexpected EOF")
            if parsed.body:
                chunk = b"".join(parsed.body)
                parsed.body.clear()
                yield chunk

    def _ends_with_connection(self) -> bool:
        names = {name for name, _ in self._parsed.headers}
        return not names & {b"content-length", b"transfer-encoding"}

    @property
    def reusable(self) -> bool:
        """Whether the exchange is over, the peer keeps the connection and sent no more."""
        return (
            self._parsed.complete
            and self._parsed.keep_alive
            and self._parsed.messages == 1
            and self._reader.received == self._consumed
            and not self._reader.at_eof()
            and self._reader.exception() is None
            and not self._writer.transport.is_closing()
        )

    def close(self) -> None:
        """Send what is left, then close."""
        transport = self._writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(_LINGER_SECONDS, transport.abort)
        self._writer.close()

    def abort(self) -> None:
        """Close at once; whoever reads sees the end."""
        self._writer.transport.abort()


def _detect_dead_peers(connection: socket.socket | None) -> None:
    """A machine that is gone without a word ends long exchanges after some minutes, too."""
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in _PROBING:
        connection.setsockopt(socket.IPPROTO_TCP, option, _PROBE_SECONDS)


async def resolve(host: str) -> list[str]:
    """The addresses of a host name; none when it is unknown."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def _reason(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)


def _tls_failure(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = _VERIFICATION.get(error.verify_code, error.verify_message)
        return f"tls: failed to verify certificate: x509: {why}"
    if error.reason == "WRONG_VERSION_NUMBER":
        return "http: server gave HTTP response to HTTPS client"
    return f"remote error: tls: {(error.reason or str(error)).lower().replace('_', ' ')}"
