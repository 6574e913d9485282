"""HTTPProtocol: uvicorn's HTTP/1.1 connection, fitted to an API server.

Parsing, pipelining, flow control and keep-alive are uvicorn's. Here is what differs: the client
certificate and the offers of ``scope["extensions"]``, a limit for headers, no trailers, no root
path and no WebSocket library, connections that are closed when no request comes, and answers whose
head leaves together with their body: one record of TLS and one system call instead of two, which is
what small answers mostly cost.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from kapi.authentication.x509 import ClientCertificate
from kapi.server.upgrade import UpgradedConnection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.types import JSONObject

__all__ = ["HTTPProtocol"]

# Go's limit for the request line and the headers together.
_MAXIMUM_HEAD_BYTES = 1 << 20
# Longer bodies are not copied to stand behind their head.
_JOINED_BYTES = 64 * 1024
_HEADERS_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\n"
    b"431 Request Header Fields Too Large"
)
_BODILESS = frozenset({204, 304})


class HTTPProtocol(HttpToolsProtocol):
    """One client's connection."""

    _extensions: JSONObject
    _upgraded: UpgradedConnection | None = None
    _in_head = False
    _head_bytes = 0
    _idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Resolve the peer's certificate, once for all requests of the connection."""
        super().connection_made(transport)  # type: ignore[arg-type]
        certificate = _peer_certificate(transport)
        self._extensions = {
            "tls": {"client_certificate": certificate},
            "abort": self.transport.abort,
        }
        self._wait_for_request()

    def data_received(self, data: bytes) -> None:
        """Parse what came; give up on headers without end."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._upgraded is not None:
                self._upgraded.attach(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > _MAXIMUM_HEAD_BYTES and not self.transport.is_closing():
                self.transport.write(_HEADERS_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        """Start a request."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._in_head = True
        self._head_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. Trailers come too late to say anything about who asks for what."""
        if not self._in_head:
            return
        name = name.lower()
        if name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        elif name == b"transfer-encoding" and value.lower() != b"chunked":
            raise ValueError("unsupported transfer encoding")
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Hand the request to the application."""
        self._in_head = False
        parser = self.parser
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        version = parser.get_http_version()
        scope: Any = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": "",
            "headers": self.headers,
            "extensions": self._extensions,
            "method": parser.get_method().decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "raw_path": url.path,
            "query_string": url.query or b"",
        }
        self.scope = scope
        before = self.cycle
        self.cycle = cycle = _ResponseCycle(
            scope,
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if parser.should_upgrade():
            self._upgraded = offered = UpgradedConnection(self)
            scope["extensions"] = {**self._extensions, "upgrade": offered}
            offered.offer(cycle)
        if before is None or before.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:  # a pipelined request waits for its turn
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_response_complete(self) -> None:
        """Start the next pipelined request, or be idle."""
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            return
        self._wait_for_request()

    def _wait_for_request(self) -> None:
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if it was idle for so long: one timer serves all its requests."""
        left: float = self.timeout_keep_alive
        if self._upgraded is not None and self._upgraded.taken:
            return  # it is no connection of HTTP any more
        if self.cycle is None or self.cycle.response_complete:
            left -= self.loop.time() - self._idle_since
        if left <= 0:
            self.transport.close()
            return
        self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()


class _ResponseCycle(RequestResponseCycle):
    """One request's answer. Its head is kept back until the first of the body is there."""

    _head = b""
    _is_bodiless = False

    async def send(self, message: Any) -> None:
        """Implements ASGI's ``send``; raises RuntimeError for what does not follow its order."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.response_complete:
            raise RuntimeError(f"{message['type']} after the end of the answer")
        if self.response_started:
            self._write_body(message.get("body", b""), ended=not message.get("more_body"))
        elif message["type"] != "http.response.start":
            raise RuntimeError(f"{message['type']} before the start of the answer")
        else:
            self.response_started = True
            self.waiting_for_100_continue = False
            self._head = self._head_of(message["status"], message["headers"])

    def _head_of(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The status line and the headers; names are in lower case."""
        self._is_bodiless = self.scope["method"] == "HEAD" or status in _BODILESS
        # Whoever answers for this server, a webhook perhaps, may have codes of its own.
        lines = [STATUS_LINE.get(status) or b"HTTP/1.1 %d status code %d\r\n" % (status, status)]
        for name, value in (*self.default_headers, *headers):
            if name == b"content-length":
                self.expected_content_length = int(value)
                self.chunked_encoding = False
            elif name == b"connection" and b"close" in value.lower():
                self.keep_alive = False
                continue
            lines.append(b"%b: %b\r\n" % (name, value))
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        if self.chunked_encoding is None and not self._is_bodiless:
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        head = b"".join(lines)
        if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines) or b"\0" in head:
            raise RuntimeError("a header of the answer holds a line break")
        return head + b"\r\n"

    def _write_body(self, body: bytes, *, ended: bool) -> None:
        head, self._head = self._head, b""
        if self._is_bodiless:  # its length is that of the body which is left out
            body = b""
            self.expected_content_length = 0
        elif self.chunked_encoding:
            body = _chunk(body, ended=ended)
        else:
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0:
                raise RuntimeError("the answer is longer than its content-length")
        if head and len(body) > _JOINED_BYTES:
            self.transport.write(head)
            head = b""
        if head or body:
            self.transport.write(head + body if head else body)
        if ended:
            self._end()

    def _end(self) -> None:
        if self.expected_content_length:
            raise RuntimeError("the answer is shorter than its content-length")
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def _chunk(body: bytes, *, ended: bool) -> bytes:
    framed = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return framed + b"0\r\n\r\n" if ended else framed


def _peer_certificate(transport: asyncio.BaseTransport) -> ClientCertificate | None:
    connection = transport.get_extra_info("ssl_object")
    if connection is None:
        return None
    der = connection.getpeercert(binary_form=True)
    return ClientCertificate.from_peer(der, connection.getpeercert()) if der else None
