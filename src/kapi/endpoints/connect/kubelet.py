"""KubeletClient: where the kubelet of a node listens and how it is trusted.

Implements "API server to kubelet" of "Communication between Nodes and the Control Plane".
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import StatusError
from kapi.util.http_client import ClientConnection, join_host_port

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.connect.kubelet_options import KubeletOptions

__all__ = ["Backend", "KubeletClient", "proxy_backend"]

# Where kubelets listen that report no port.
_KUBELET_PORT = 10250
_DIAL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Backend:
    """A server that requests are passed on to; ``tls`` is None for plain HTTP.

    Its certificate is for ``server_name``, or the host.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None
    timeout_seconds: float = _DIAL_SECONDS
    server_name: str = ""

    @property
    def address(self) -> str:
        """Host and port."""
        return join_host_port(self.host, self.port)

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"{'http' if self.tls is None else 'https'}://{self.address}"

    async def connect(self) -> ClientConnection:
        """A new connection; raises HTTPClientError."""
        return await ClientConnection.connect(
            self.host, self.port, self.tls, self.timeout_seconds, self.server_name
        )

    @property
    def keeps_connections(self) -> bool:
        """Each request has a connection of its own."""
        return False

    def kept(self) -> None:
        """Nothing is kept."""

    def release(self, connection: ClientConnection) -> None:
        """Close the connection."""
        connection.close()


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def proxy_backend(scheme: str, host: str, port: int) -> Backend:
    """A pod, or another port of a node. Their certificates are not verified."""
    return Backend(host, port, _unverified() if scheme == "https" else None)


class KubeletClient:
    """Knows how to reach kubelets; files are read on first use or by ``check``."""

    def __init__(self, options: KubeletOptions) -> None:
        self._options = options
        self._verified: ssl.SSLContext | None = None
        self._insecure: ssl.SSLContext | None = None

    def backend(self, node: JSONObject, *, insecure: bool = False) -> Backend:
        """The kubelet of a node; raises StatusError when the node has no usable address."""
        status: JSONObject = node.get("status") or {}
        host = self._address(status.get("addresses") or [])
        endpoint = (status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}
        port = endpoint.get("Port") or 0
        timeout = self._options.timeout_seconds
        return Backend(host, port if port > 0 else _KUBELET_PORT, self._tls(insecure), timeout)

    def _address(self, addresses: list[JSONObject]) -> str:
        for wanted in self._options.preferred_address_types:
            for each in addresses:
                if each["type"] == wanted:
                    address: str = each["address"]
                    return address
        known = " ".join(f"{{{each['type']} {each['address']}}}" for each in addresses)
        raise StatusError(f"no preferred addresses found; known addresses: [{known}]")

    def _tls(self, insecure: bool) -> ssl.SSLContext:
        if insecure or self._options.certificate_authority is None:
            if self._insecure is None:
                self._insecure = self._with_client_certificate(_unverified())
            return self._insecure
        if self._verified is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            context.load_verify_locations(self._options.certificate_authority)
            self._verified = self._with_client_certificate(context)
        return self._verified

    def _with_client_certificate(self, context: ssl.SSLContext) -> ssl.SSLContext:
        if self._options.client_certificate is not None:
            context.load_cert_chain(self._options.client_certificate, self._options.client_key)
        return context

    def check(self) -> None:
        """Read the files; raises OSError when one cannot be used."""
        self._tls(insecure=False)
