"""GET of ``pods/log``: the kubelet's log of a container, as it comes.

Implements "read log of the specified Pod" of the Kubernetes API reference.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import (
    BadRequest,
    InternalError,
    NotAcceptable,
    StatusError,
)
from kapi.endpoints.connect.forwarding import Uplink
from kapi.endpoints.connect.responses import unexpected
from kapi.endpoints.negotiation import ACCEPTED
from kapi.endpoints.request import Response
from kapi.util.http_client import ClientConnection, HTTPClientError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kapi.endpoints.api import API
    from kapi.endpoints.connect.exchange import Exchange
    from kapi.endpoints.connect.kubelet import Backend
    from kapi.endpoints.request import Request

__all__ = ["accept_log", "read_log"]

_OK = range(200, 207)
# So much of a kubelet's explanation is passed on.
_EXPLANATION_BYTES = 50_000


def accept_log(api: API, request: Request) -> None:
    """Refuse clients that could not read an error; raises NotAcceptable."""
    try:
        api.negotiator.choose(request.headers.get(b"accept"))
    except NotAcceptable as error:
        if "text/plain" not in request.header(b"accept"):
            available = f"406: Not Acceptable\n\nAvailable representations: text/plain, {ACCEPTED}"
            raise NotAcceptable(available, {}) from error
        raise NotAcceptable(f"only the following media types are accepted: {ACCEPTED}") from error


async def read_log(
    request: Request, exchange: Exchange, backend: Backend, path: str, query: str
) -> Response:
    """Stream what the kubelet answers; raises StatusError for what it refuses."""
    target = f"{path}?{query}" if query else path
    uplink = Uplink(exchange)
    try:
        connection = await backend.connect()
        head = await uplink.ask(connection, "GET", target, _headers(backend))
        if head.status not in _OK:
            explanation = await _explanation(connection)
            uplink.close()
            raise _refusal(request, head.status, explanation)
    except HTTPClientError as error:
        uplink.close()
        raise StatusError(f'Get "{backend.url}{target}": {error}') from error
    return Response(
        200,
        content_type=b"text/plain",
        stream=_lines(connection),
        on_disconnect=connection.abort,
        on_close=uplink.close,
        watches_client=True,
    )


def _headers(backend: Backend) -> list[tuple[bytes, bytes]]:
    host = backend.address.encode("ascii")
    return [(b"host", host), (b"user-agent", b"kapi"), (b"connection", b"close")]


async def _lines(connection: ClientConnection) -> AsyncIterator[bytes]:
    with suppress(HTTPClientError):  # a log that breaks off has ended
        async for chunk in connection.read_body():
            yield chunk


async def _explanation(connection: ClientConnection) -> str:
    text = b""
    async for chunk in connection.read_body():
        text += chunk
        if len(text) >= _EXPLANATION_BYTES:
            break
    return text[:_EXPLANATION_BYTES].decode("utf-8", "replace")


def _refusal(request: Request, status: int, explanation: str) -> StatusError:
    if 300 <= status < 400:
        return StatusError("redirects forbidden")
    if status == InternalError.code:
        return InternalError(explanation)
    if status == BadRequest.code:
        return BadRequest(explanation)
    return unexpected(status, "pods/log", request.info.name, explanation)
