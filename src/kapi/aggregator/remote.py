"""RemoteVersion: one group version that another server answers, and how to talk to that server.

Requests of this server's own (availability, discovery, OpenAPI) are small and read as a whole;
clients' requests are passed on as streams.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ssl
from typing import TYPE_CHECKING

from kapi.aggregator.identity import AGGREGATOR, identity_headers
from kapi.endpoints.connect.kubelet import Backend
from kapi.registry.webhook.service_resolver import UnresolvedService
from kapi.util.http_client import HTTPClientError

if TYPE_CHECKING:
    from pathlib import Path

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.webhook.service_resolver import ServiceResolver

__all__ = ["ProxyClient", "RemoteError", "RemoteVersion"]

_DIAL_SECONDS = 30.0
# A document that is longer is taken for a mistake.
_DOCUMENT_BYTES = 64 * 1024 * 1024
# TLS contexts that are kept.
_CONTEXTS = 256
_HTTPS_PORT = 443
_SUCCESS = range(200, 300)


class RemoteError(Exception):
    """The server cannot be asked; the text says why."""


class RemoteVersion:
    """What an APIService says, and what is known of the server behind it.

    ``resources`` are entries of aggregated discovery; None as long as the server told none.
    """

    def __init__(self, api_service: JSONObject) -> None:
        self.spec: JSONObject = api_service["spec"]
        self.name: str = api_service["metadata"]["name"]
        self.uid: str = api_service["metadata"]["uid"]
        self.group: str = self.spec.get("group") or ""
        self.version: str = self.spec["version"]
        self.group_priority: int = self.spec["groupPriorityMinimum"]
        self.version_priority: int = self.spec["versionPriority"]
        self.service: JSONObject = self.spec["service"]
        self.available = False
        self.resources: list[JSONObject] | None = None
        self.openapi_v2: JSONObject | None = None
        self.openapi_v3: dict[str, str] = {}

    @property
    def path(self) -> str:
        """Where its resources are."""
        return f"/apis/{self.group}/{self.version}"

    @property
    def port(self) -> int:
        """The port of its service."""
        port: int = self.service.get("port") or _HTTPS_PORT
        return port

    @property
    def host(self) -> str:
        """The name that its certificate is for."""
        return f"{self.service['name']}.{self.service['namespace']}.svc"

    @property
    def fresh(self) -> bool:
        """Whether its resources are as the server tells them now."""
        return self.available and self.resources is not None


class ProxyClient:
    """Reaches the servers behind this one, with this server's client certificate."""

    def __init__(
        self, resolver: ServiceResolver, certificate: Path | None, key: Path | None
    ) -> None:
        self._resolver = resolver
        self._certificate = certificate
        self._key = key
        self._contexts: dict[tuple[str, bool], ssl.SSLContext] = {}

    async def backend(self, remote: RemoteVersion) -> Backend:
        """Where the server is; raises RemoteError."""
        service = remote.service
        try:
            found = await self._resolver.resolve(service["namespace"], service["name"], remote.port)
        except UnresolvedService as error:
            raise RemoteError(str(error)) from error
        return Backend(found.host, found.port, self._tls(remote.spec), _DIAL_SECONDS, remote.host)

    def _tls(self, spec: JSONObject) -> ssl.SSLContext:
        key = (spec.get("caBundle") or "", bool(spec.get("insecureSkipTLSVerify")))
        found = self._contexts.get(key)
        if found is None:
            if len(self._contexts) >= _CONTEXTS:
                self._contexts.clear()
            found = self._contexts[key] = self._context(*key)
        return found

    def _context(self, bundle: str, insecure: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # A certificate in the bundle is trusted by itself, whether it is a root or not.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            if insecure:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            elif bundle:
                context.load_verify_locations(cadata=base64.b64decode(bundle).decode("ascii"))
            else:
                context.load_default_certs()
            if self._certificate is not None:
                context.load_cert_chain(self._certificate, self._key)
        except (OSError, ValueError, binascii.Error) as error:
            raise RemoteError(f"unable to load root certificates: {error}") from error
        return context

    async def get(
        self, remote: RemoteVersion, path: str, accept: bytes, timeout_seconds: float
    ) -> bytes:
        """A document of the server, asked for by this server itself; raises RemoteError."""
        url = f"https://{remote.host}:{remote.port}{path}"
        try:
            async with asyncio.timeout(timeout_seconds):
                backend = await self.backend(remote)
                url = f"{backend.url}{path}"
                return await _get(backend, remote, path, url, accept)
        except TimeoutError:
            raise RemoteError(f'Get "{url}": context deadline exceeded') from None
        except HTTPClientError as error:
            raise RemoteError(f'Get "{url}": {error}') from error


async def _get(
    backend: Backend, remote: RemoteVersion, path: str, url: str, accept: bytes
) -> bytes:
    connection = await backend.connect()
    try:
        headers = [
            (b"host", f"{remote.host}:{remote.port}".encode("ascii")),
            (b"accept", accept),
            (b"connection", b"close"),
            *identity_headers(AGGREGATOR),
        ]
        await connection.send_head("GET", path, headers)
        head = await connection.read_head()
        if head.status not in _SUCCESS:
            raise RemoteError(f"bad status from {url}: {head.status}")
        pieces: list[bytes] = []
        size = 0
        async for piece in connection.read_body():
            size += len(piece)
            if size > _DOCUMENT_BYTES:
                raise RemoteError(f"{url}: the document is longer than {_DOCUMENT_BYTES} bytes")
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        connection.close()
