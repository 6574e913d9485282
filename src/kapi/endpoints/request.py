"""Request and Response: HTTP without an HTTP library, and what a path means.

Implements "API concepts: resource URIs" of the Kubernetes documentation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import AsyncIterator, Awaitable, Callable

    from kapi.apimachinery.user import UserInfo
    from kapi.endpoints.connect.exchange import Exchange

__all__ = ["BrokenStream", "Request", "RequestInfo", "Response", "parse_path"]


@dataclass(slots=True)
class RequestInfo:
    """What a path names. ``parts`` is what follows a subresource (proxy paths).

    ``is_resource`` is false for discovery, health and other documents; then only ``path``,
    ``group`` and ``version`` may be set.
    """

    path: str
    is_resource: bool = False
    group: str = ""
    version: str = ""
    namespace: str = ""
    resource: str = ""
    name: str = ""
    subresource: str = ""
    parts: tuple[str, ...] = ()
    legacy_watch: bool = False


@dataclass(slots=True)
class Request:
    """One HTTP request; header names are lower-case bytes.

    ``exchange`` is there for subresources that connect; then ``body`` was not read.
    """

    method: str
    info: RequestInfo
    headers: dict[bytes, bytes]
    query_string: bytes
    body: bytes
    user: UserInfo
    audit_id: str
    warnings: list[str] = field(default_factory=list)
    _query: dict[str, list[str]] | None = None
    exchange: Exchange | None = None
    # Whether this server reads bodies in CBOR.
    with_cbor: bool = False

    @property
    def query(self) -> dict[str, list[str]]:
        """The query parameters, parsed on first use."""
        if self._query is None:
            text = self.query_string.decode("latin-1")
            self._query = parse_qs(text, keep_blank_values=True) if text else {}
        return self._query

    def parameter(self, name: str) -> str:
        """The first value of a query parameter, or the empty string."""
        if not self.query_string:
            return ""
        values = self.query.get(name)
        return values[0] if values else ""

    def flag(self, name: str) -> bool:
        """A boolean parameter: present and neither ``0`` nor ``false``."""
        if not self.query_string:
            return False
        values = self.query.get(name)
        return bool(values and values[0].lower() not in {"0", "false"})

    def header(self, name: bytes) -> str:
        """A header as text, or the empty string."""
        return self.headers.get(name, b"").decode("latin-1")


class BrokenStream(Exception):
    """A stream broke off; the client must see that the answer is not complete."""


@dataclass(slots=True)
class Response:
    """One HTTP answer: ``body``, or ``stream`` for answers that go on (watches).

    ``on_close`` is called when a stream ends in any way. A stream that ``watches_client`` learns
    by itself when the client leaves. ``tunnel`` answers on the bare connection, in place of all.
    ``deadline`` (kapi.util.deadlines) is that of the stream, which goes on for ever without one.
    """

    status: int = 200
    body: bytes = b""
    content_type: bytes = b"application/json"
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    stream: AsyncIterator[bytes] | None = None
    on_disconnect: Callable[[], None] | None = None
    on_close: Callable[[], None] | None = None
    watches_client: bool = False
    tunnel: Callable[[], Awaitable[None]] | None = None
    deadline: Task[Any] | None = None


def parse_path(path: str) -> RequestInfo:
    """Read a URL path, already percent-decoded and without its query."""
    parts = path.split("/")
    if parts and not parts[-1]:
        parts.pop()  # a trailing slash means nothing
    if len(parts) < 3 or parts[1] not in {"api", "apis"}:
        return RequestInfo(path)
    if parts[1] == "api":
        group, version, rest = "", parts[2], parts[3:]
    elif len(parts) > 3:
        group, version, rest = parts[2], parts[3], parts[4:]
    else:
        return RequestInfo(path, group=parts[2])
    if not rest:
        return RequestInfo(path, group=group, version=version)
    return _resource_path(RequestInfo(path, True, group, version), rest)


def _resource_path(info: RequestInfo, rest: list[str]) -> RequestInfo:
    if rest[0] == "watch" and len(rest) > 1:
        info.legacy_watch = True
        rest = rest[1:]
    if rest[0] == "namespaces" and len(rest) > 1:
        info.namespace = rest[1]
        if len(rest) > 2 and rest[2] not in {"status", "finalize"}:
            rest = rest[2:]
    info.resource = rest[0]
    if len(rest) > 1:
        info.name = rest[1]
    if len(rest) > 2:
        info.subresource = rest[2]
        info.parts = tuple(rest[3:])
    return info
