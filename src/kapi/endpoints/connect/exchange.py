"""Exchange: what a handler needs to pass a request on as it came.

Ordinary handlers see a request whose body was read; these see headers in order, the body as a
stream, and, where the HTTP server offers it, the connection itself.

A server offers the connection of a request that asks for an upgrade in
``scope["extensions"]["upgrade"]``. ``take()`` ends HTTP on it: from then on it belongs to the
application, which sends no ASGI message for the request any more. Without ``take()`` the request
is answered as any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

__all__ = ["Exchange", "RawConnection", "Upgrade"]


class RawConnection(Protocol):
    """Bytes both ways; used by one reader and one writer."""

    async def read(self) -> bytes:
        """What came since, at least one byte; nothing when the peer has ended."""
        ...

    async def write(self, data: bytes) -> None:
        """Send; waits while the peer is slow, raises ConnectionError when it is gone."""
        ...

    def close(self) -> None:
        """Send what is left, then close."""
        ...


class Upgrade(Protocol):
    """The offer to take a connection over."""

    def take(self) -> RawConnection:
        """The connection; what the client sent behind the request is read from it first."""
        ...


@dataclass(slots=True)
class Exchange:
    """One request as the server received it; ``receive`` is ASGI's."""

    headers: list[tuple[bytes, bytes]]
    path: str
    client: str
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]]
    upgrade: Upgrade | None

    @classmethod
    def of(
        cls,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    ) -> Exchange:
        """The exchange of an ASGI scope."""
        client = scope.get("client")
        upgrade = scope.get("extensions", {}).get("upgrade")
        return cls(scope["headers"], scope["path"], client[0] if client else "", receive, upgrade)

    def header(self, name: bytes) -> bytes:
        """The first header of a name, or nothing."""
        for known, value in self.headers:
            if known == name:
                return value
        return b""

    @property
    def wants_upgrade(self) -> bool:
        """Whether the request asks for another protocol."""
        connection = b",".join(value for name, value in self.headers if name == b"connection")
        return b"upgrade" in connection.lower() and bool(self.header(b"upgrade"))
