"""Application: the ASGI 3 callable that turns HTTP requests into API calls.

Knows no HTTP library. Order of a request: path, authentication, impersonation, authorization,
body, route, handler; whatever fails becomes a Status here and nowhere else.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
from typing import TYPE_CHECKING, Any

from kapi.apimachinery.errors import (
    InternalError,
    NotAcceptable,
    RequestEntityTooLarge,
    StatusError,
    Timeout,
)
from kapi.apimachinery.user import UserInfo
from kapi.endpoints.connect.exchange import Exchange
from kapi.endpoints.filters.authorization import authorize
from kapi.endpoints.filters.impersonation import PREFIX, Impersonation
from kapi.endpoints.long_running import CONNECTING, check_timeout, is_long_running
from kapi.endpoints.negotiation import JSON
from kapi.endpoints.request import BrokenStream, Request, Response, parse_path
from kapi.endpoints.websocket import is_websocket, send_messages
from kapi.endpoints.writer import encode
from kapi.registry.storage_errors import to_status
from kapi.storage.errors import StorageError
from kapi.util.deadlines import Deadlines
from kapi.util.metrics import stopwatch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from kapi.endpoints.aggregation import Aggregation
    from kapi.endpoints.api import API
    from kapi.endpoints.negotiation import Representation
    from kapi.endpoints.request_metrics import RequestMetrics
    from kapi.endpoints.router import Router

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    # To be awaited only where a credential needs to be looked into.
    Authenticate = Callable[[Scope, dict[bytes, bytes], list[str]], UserInfo | Awaitable[UserInfo]]

__all__ = ["MAX_BODY_BYTES", "Application"]

_LOG = logging.getLogger(__name__)

MAX_BODY_BYTES = 3 * 1024 * 1024
# Answers from this size on are compressed for clients that accept it.
_GZIP_BYTES = 128 * 1024
# kube-apiserver's --request-timeout.
DEADLINE_SECONDS = 60.0
# What all Warning headers of an answer may say, and one of them if that is not enough.
_WARNING_CHARACTERS, _SHORT_WARNING_CHARACTERS = 4096, 256
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Application:
    """One server's API as ASGI."""

    def __init__(
        self,
        api: API,
        router: Router,
        authenticate: Authenticate,
        metrics: RequestMetrics,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        aggregation: Aggregation | None = None,
    ) -> None:
        self._aggregation = aggregation
        self._deadlines = Deadlines(deadline_seconds)
        self._metrics = metrics
        self._api = api
        self._router = router
        self._authenticate = authenticate
        self._impersonation = Impersonation(api.authorizer, api.minor)
        self._common = (
            (b"cache-control", b"no-cache, private"),
            (b"x-kubernetes-pf-flowschema-uid", api.ids.uid().encode()),
            (b"x-kubernetes-pf-prioritylevel-uid", api.ids.uid().encode()),
        )

    async def _answer(self, request: Request, scope: Scope, receive: Receive) -> Response:
        if self._aggregation is not None:
            remote = self._aggregation.find(request.info)
            if remote is not None:
                request.exchange = Exchange.of(scope, receive)
                return await self._pass_on(self._aggregation, request, remote)
        # What is passed on as it comes: these handlers read the request themselves.
        if request.info.subresource in CONNECTING:
            request.exchange = Exchange.of(scope, receive)
            return await self._router.respond(request)
        return await self._answer_in_time(request, receive)

    async def _pass_on(
        self, aggregation: Aggregation, request: Request, remote: object
    ) -> Response:
        """The answer of another server, which must be complete before the deadline."""
        if is_long_running(request):
            return await aggregation.respond(request, remote)
        task = self._deadlines.begin()
        response: Response | None = None
        try:
            response = await aggregation.respond(request, remote)
            return response
        except asyncio.CancelledError:
            if not self._deadlines.has_expired(task):
                raise
            raise _timeout() from None
        finally:
            if response is None or response.stream is None:
                self._deadlines.end(task)
            else:
                response.deadline = task

    async def _answer_in_time(self, request: Request, receive: Receive) -> Response:
        """The answer to a request that has a deadline; watches only begin before it."""
        deadlines = self._deadlines
        task = deadlines.begin()
        try:
            if request.query_string and b"timeout=" in request.query_string:
                check_timeout(request)
            if request.method in _BODY_METHODS:
                request.body = await _read_body(request.headers, receive)
            return await self._router.respond(request)
        except asyncio.CancelledError:
            if not deadlines.has_expired(task):
                raise
            raise _timeout() from None
        finally:
            deadlines.end(task)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection scope."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = stopwatch()
        # Of several headers with a name the first counts, as for whoever is in front of this.
        headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        warnings: list[str] = []
        audit_id = headers.get(b"audit-id", b"").decode("latin-1") or self._api.ids.uid()
        method: str = scope["method"]
        request: Request | None = None
        try:
            user = self._authenticate(scope, headers, warnings)
            if not isinstance(user, UserInfo):
                user = await user
            request = Request(
                method,
                parse_path(scope["path"]),
                headers,
                scope["query_string"],
                b"",
                user,
                audit_id,
                warnings,
                with_cbor=self._api.negotiator.with_cbor,
            )
            if PREFIX in b"\n".join(headers):  # one look at all names, for every request
                self._impersonation.apply(request, scope)
            while (prepare := authorize(request, self._api.authorizer)) is not None:
                await prepare()
            response = await self._answer(request, scope, receive)
        except (StatusError, StorageError) as error:
            response = self._failure(error, headers)
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is becomes a Status, and is in the log
            _LOG.exception("%s %s failed", method, scope["path"])
            response = self._failure(InternalError("the server failed, see its log"), headers)
        if response.tunnel is not None:
            await response.tunnel()
            self._metrics.observe(method, request, response.status, stopwatch() - started)
            return
        unauthorized = request is None and response.status == 401
        extra = self._common[:1] if unauthorized else self._common
        start = self._start(response, headers, audit_id, warnings, extra)
        if response.stream is not None:
            try:
                await self._stream(response, start, headers, scope, receive, send)
            finally:
                self._metrics.observe(method, request, response.status, stopwatch() - started)
            return
        self._metrics.observe(method, request, response.status, stopwatch() - started)
        await send(start)
        body = b"" if method == "HEAD" else response.body
        await send({"type": "http.response.body", "body": body})

    async def _stream(
        self,
        response: Response,
        start: dict[str, Any],
        headers: dict[bytes, bytes],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Send a stream until it or the client ends; one that breaks off breaks the connection."""
        deadline = response.deadline
        try:
            upgrade = scope.get("extensions", {}).get("upgrade")
            if upgrade is not None and _is_for_websocket(response, headers):
                await send_messages(response, headers, upgrade.take())
            else:
                await _send_stream(response, start, receive, send)
        except BrokenStream:
            await _break_off(scope, receive)
        except asyncio.CancelledError:
            if deadline is None or not self._deadlines.has_expired(deadline):
                raise
            await _break_off(scope, receive)
        finally:
            if deadline is not None:
                self._deadlines.end(deadline)
            if response.on_close is not None:
                response.on_close()

    def _start(
        self,
        response: Response,
        headers: dict[bytes, bytes],
        audit_id: str,
        warnings: list[str],
        common: tuple[tuple[bytes, bytes], ...],
    ) -> dict[str, Any]:
        out = [(b"audit-id", audit_id.encode("latin-1", "replace"))]
        if any(name == b"cache-control" for name, _ in response.headers):
            common = common[1:]
        out.extend(common)
        if response.content_type:
            out.append((b"content-type", response.content_type))
        if response.headers:
            out.extend(response.headers)
        for text in _shown(warnings):
            if not text.isprintable():  # no header can carry control characters
                continue
            quoted = text.replace("\\", "\\\\").replace('"', '\\"')
            out.append((b"warning", f'299 - "{quoted}"'.encode("utf-8", "replace")))
        if response.stream is None:
            if len(response.body) >= _GZIP_BYTES and b"gzip" in headers.get(
                b"accept-encoding", b""
            ):
                response.body = gzip.compress(response.body, 1)
                out.append((b"content-encoding", b"gzip"))
                out.append((b"vary", b"Accept-Encoding"))
            out.append((b"content-length", str(len(response.body)).encode()))
        return {"type": "http.response.start", "status": response.status, "headers": out}

    def _failure(self, error: StatusError | StorageError, headers: dict[bytes, bytes]) -> Response:
        if isinstance(error, StorageError):
            error = to_status(error)
        representation: Representation
        try:
            representation = self._api.negotiator.choose(headers.get(b"accept"), other_kinds=False)
        except NotAcceptable:
            representation = JSON
        body = encode(error.status(), representation)
        extra = [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
        return Response(error.code, body, representation.content_type, extra)


def _timeout() -> Timeout:
    return Timeout("Timeout: request did not complete within the allotted timeout", {})


async def _lifespan(receive: Receive, send: Send) -> None:
    """The server object starts and stops itself; this only keeps ASGI servers content."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _read_body(headers: dict[bytes, bytes], receive: Receive) -> bytes:
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise _too_large()
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
        return body
    chunks, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise _too_large()
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large() -> RequestEntityTooLarge:
    return RequestEntityTooLarge(f"Request entity too large: limit is {MAX_BODY_BYTES}", None)


async def _send_stream(
    response: Response, start: dict[str, Any], receive: Receive, send: Send
) -> None:
    """Send chunks as they come until the stream or the client ends."""
    assert response.stream is not None
    await send(start)
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    listener: asyncio.Future[None] | None = None
    if not response.watches_client:
        listener = asyncio.ensure_future(_wait_for_disconnect(response, receive))
    try:
        async for chunk in response.stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        if listener is not None:
            listener.cancel()


def _is_for_websocket(response: Response, headers: dict[bytes, bytes]) -> bool:
    """Watches and logs go out as messages if so wanted; what is passed back has its own type."""
    return response.status == 200 and bool(response.content_type) and is_websocket(headers)


async def _break_off(scope: Scope, receive: Receive) -> None:
    """End the connection in the middle of an answer, the only way to say that it is not whole."""
    abort = scope.get("extensions", {}).get("abort")
    if abort is None:
        raise BrokenStream
    abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _wait_for_disconnect(response: Response, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    if response.on_disconnect is not None:
        response.on_disconnect()


def _shown(warnings: list[str]) -> list[str]:
    """The warnings that an answer has room for: where they are too long, the beginning of each."""
    if sum(map(len, warnings)) <= _WARNING_CHARACTERS:
        return warnings
    shown: list[str] = []
    room = _WARNING_CHARACTERS
    for text in warnings:
        short = text[:_SHORT_WARNING_CHARACTERS]
        if len(short) <= room:
            shown.append(short)
            room -= len(short)
    return shown
