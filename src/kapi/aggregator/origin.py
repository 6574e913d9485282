"""RemoteOrigin: one address of a server behind this one, over connections that are kept.

Connections are not used any more once the APIService is another one or the address is none of
its service's; requests that are on their way then come to their end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.util.http_client import ClientConnection, join_host_port

if TYPE_CHECKING:
    from kapi.aggregator.remote import RemoteVersion
    from kapi.util.http_pool import ConnectionPool, Endpoint

__all__ = ["RemoteOrigin"]

_DIAL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class RemoteOrigin:
    """Implements ``endpoints.connect.forwarding.Origin`` over a pool."""

    endpoint: Endpoint
    pool: ConnectionPool
    remote: RemoteVersion

    @property
    def address(self) -> str:
        """Host and port."""
        return join_host_port(self.endpoint.host, self.endpoint.port)

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"https://{self.address}"

    @property
    def keeps_connections(self) -> bool:
        """They serve several requests."""
        return True

    async def connect(self) -> ClientConnection:
        """A new connection; raises HTTPClientError."""
        host, port, tls, server_name = self.endpoint
        return await ClientConnection.connect(host, port, tls, _DIAL_SECONDS, server_name)

    def kept(self) -> ClientConnection | None:
        """A connection of an earlier request, if there is one."""
        return self.pool.take(self.endpoint)

    def release(self, connection: ClientConnection) -> None:
        """Keep a connection whose exchange is over, where it may be wanted again."""
        if self.remote.is_at(self.endpoint):
            self.pool.keep(self.endpoint, connection)
        else:
            connection.close()
