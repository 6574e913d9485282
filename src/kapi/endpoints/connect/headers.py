"""Which headers are passed on, and how those that name places are rewritten.

What belongs to one connection (RFC 9110, "Connection") and the client's credentials stay here.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.endpoints.connect.exchange import Exchange

__all__ = ["request_headers", "response_headers", "rewrite_location", "upgrade_headers"]

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"proxy-connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# What a request needs on every connection, whatever its client says: without its length a body
# would be read as further requests.
_ON_EVERY_CONNECTION = frozenset({b"host", b"content-length", b"audit-id"})
# Who the client is was decided here; a backend must not be able to act as the client.
_CREDENTIALS = (b"authorization", b"impersonate-", b"x-remote-")
_BEARER_PROTOCOL = b"base64url.bearer.authorization.k8s.io."
# A backend may not open the API server's origin to other sites.
_CORS = b"access-control-allow-"


def _without(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers without those of the connection."""
    headers = list(headers)
    named = {
        token.strip().lower()
        for name, value in headers
        if name == b"connection"
        for token in value.split(b",")
    } - _ON_EVERY_CONNECTION
    return [
        (name, value) for name, value in headers if name not in _HOP_BY_HOP and name not in named
    ]


def _forwarded(exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    kept = [
        (name, value)
        for name, value in headers
        if not name.startswith(_CREDENTIALS) and name not in {b"x-forwarded-for", b"expect"}
    ]
    seen = [value for name, value in headers if name == b"x-forwarded-for"]
    hops = [*seen, exchange.client.encode("latin-1")]
    kept.append((b"x-forwarded-for", b", ".join(hop for hop in hops if hop)))
    return [pair for pair in map(_without_token, kept) if pair[1] or pair[0] != _PROTOCOLS]


_PROTOCOLS = b"sec-websocket-protocol"


def _without_token(pair: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """WebSocket clients of browsers can send their token only as a protocol."""
    name, value = pair
    if name != _PROTOCOLS or _BEARER_PROTOCOL not in value:
        return pair
    offered = [each.strip() for each in value.split(b",")]
    return name, b", ".join(each for each in offered if not each.startswith(_BEARER_PROTOCOL))


def request_headers(exchange: Exchange, *, keep: bool = False) -> list[tuple[bytes, bytes]]:
    """The headers of a request that is passed on; its body is framed anew where it is chunked.

    ``keep`` leaves the connection open for others.
    """
    headers = _forwarded(exchange, _without(exchange.headers))
    if not keep:
        headers.append((b"connection", b"close"))
    return headers


def upgrade_headers(exchange: Exchange) -> list[tuple[bytes, bytes]]:
    """The headers of a request for another protocol, which that of the backend has to see."""
    # What else the client wants to be taken away might be what tells who it is.
    passed = [(k, b"Upgrade" if k == b"connection" else v) for k, v in exchange.headers]
    return _forwarded(exchange, passed)


def response_headers(
    headers: Iterable[tuple[bytes, bytes]], *, cors: bool
) -> list[tuple[bytes, bytes]]:
    """The headers of a response that is passed back."""
    kept = [pair for pair in _without(headers) if pair[0] != b"date"]
    return kept if cors else [pair for pair in kept if not pair[0].startswith(_CORS)]


def rewrite_location(location: str, *, prefix: str, hosts: Iterable[str]) -> str:
    """A place that a backend names, as seen from outside: below ``prefix``.

    Places on other hosts than ``hosts``, relative ones and what is no place stay as they are.
    """
    try:
        url = urlsplit(location)
    except ValueError:
        return location
    if (url.netloc and url.netloc not in hosts) or not url.path.startswith("/"):
        return location
    if url.path.startswith(prefix):
        return urlunsplit(("", "", url.path, url.query, url.fragment))
    path = posixpath.normpath(f"{prefix}/{url.path.lstrip('/')}")
    if url.path.endswith("/") and not path.endswith("/"):
        path += "/"
    return urlunsplit(("", "", path, url.query, url.fragment))
