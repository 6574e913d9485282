"""Passing a client's request on to the server of its group version, with the user's identity.

Every verb, watches and upgrades alike: bodies are streamed both ways and never held.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kapi.aggregator.identity import identity_headers
from kapi.apimachinery.errors import ServiceUnavailable
from kapi.endpoints.connect.forwarding import forward, tunnel
from kapi.endpoints.request import Response

if TYPE_CHECKING:
    from kapi.endpoints.connect.kubelet import Backend
    from kapi.endpoints.request import Request

__all__ = ["pass_on", "unavailable"]

_TEXT = b"text/plain; charset=utf-8"


def unavailable(message: str = "service unavailable") -> Response:
    """What clients get while the server is not available."""
    headers = [(b"x-content-type-options", b"nosniff")]
    return Response(503, f"{message}\n".encode(), _TEXT, headers)


async def pass_on(request: Request, backend: Backend, host: str) -> Response:
    """The answer of the backend, which is known as ``host``."""
    assert request.exchange is not None, "the application passes these requests on unread"
    headers = [pair for pair in request.exchange.headers if pair[0] != b"host"]
    headers.append((b"host", host.encode("ascii")))
    exchange = replace(request.exchange, headers=headers)
    identity = identity_headers(request.user)
    query = request.query_string.decode("latin-1")
    path = exchange.path
    if exchange.upgrade is not None and exchange.wants_upgrade:
        return await tunnel(exchange, request.method, backend, path, query, identity)
    try:
        return await forward(exchange, request.method, backend, path, query, identity)
    except ServiceUnavailable as error:
        return unavailable(str(error))
