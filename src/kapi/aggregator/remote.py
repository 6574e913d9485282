"""RemoteVersion: one group version that another server answers, and how to talk to that server.

Requests of this server's own (availability, discovery, OpenAPI) are small and read as a whole;
clients' requests are passed on as streams.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ssl
from typing import TYPE_CHECKING, NamedTuple

from kapi.aggregator.identity import AGGREGATOR, identity_headers
from kapi.aggregator.origin import RemoteOrigin
from kapi.registry.webhook.service_resolver import UnresolvedService
from kapi.util.http_client import HTTPClientError
from kapi.util.http_pool import ConnectionPool, Endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.webhook.service_resolver import Address, ServiceResolver

__all__ = ["Document", "ProxyClient", "RemoteError", "RemoteVersion"]

# A document that is longer is taken for a mistake.
_DOCUMENT_BYTES = 64 * 1024 * 1024
# TLS contexts that are kept.
_CONTEXTS = 256
_HTTPS_PORT = 443
_SUCCESS = range(200, 300)
_NOT_MODIFIED = 304
_TIMED_OUT = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"


class RemoteError(Exception):
    """The server cannot be asked; the text says why."""


class Document(NamedTuple):
    """What a server answered, and the tag by which it may be asked whether that has changed."""

    body: bytes
    etag: bytes = b""


class RemoteVersion:
    """What an APIService says, and what is known of the server behind it.

    ``resources`` are entries of aggregated discovery; None as long as the server told none.
    ``addresses`` are where its service was seen last, None before that. A ``retired`` one is not
    in force any more. ``suspect`` asks for a check soon.
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
        self.openapi_v2_etag = b""
        self.openapi_v3: dict[str, str] = {}
        self.addresses: frozenset[Address] | None = None
        self.retired = False
        self.suspect = False

    def inherit(self, before: RemoteVersion) -> None:
        """Take over what is known, where only the way to the server has changed."""
        if before.uid == self.uid:
            self.resources = before.resources
            self.openapi_v2, self.openapi_v3 = before.openapi_v2, before.openapi_v3

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

    def is_at(self, endpoint: Endpoint) -> bool:
        """Whether connections to an endpoint are still wanted, as far as is known."""
        known = self.addresses
        return not self.retired and (known is None or endpoint[:2] in known)

    @property
    def fresh(self) -> bool:
        """Whether its resources are as the server tells them now."""
        return self.available and self.resources is not None


class ProxyClient:
    """Reaches the servers behind this one, with this server's client certificate.

    ``certificate`` and ``key`` are read again when they change.
    """

    def __init__(
        self, resolver: ServiceResolver, certificate: Path | None, key: Path | None
    ) -> None:
        self._resolver = resolver
        self._certificate = certificate
        self._key = key
        self._contexts: dict[tuple[str, bool], ssl.SSLContext] = {}
        self._stamp = self._file_times()
        self.pool = ConnectionPool()

    async def origin(self, remote: RemoteVersion) -> RemoteOrigin:
        """Where the server is for one request; raises RemoteError."""
        service = remote.service
        try:
            found = await self._resolver.resolve(service["namespace"], service["name"], remote.port)
        except UnresolvedService as error:
            raise RemoteError(str(error)) from error
        return self.origin_at(remote, found)

    def origin_at(self, remote: RemoteVersion, address: Address) -> RemoteOrigin:
        """One of the server's addresses; raises RemoteError."""
        endpoint = Endpoint(*address, self._tls(remote.spec), remote.host)
        return RemoteOrigin(endpoint, self.pool, remote)

    async def locate(self, remote: RemoteVersion) -> Sequence[Address]:
        """All addresses of the server; kept connections to others are given up.

        Raises RemoteError when it is nowhere.
        """
        service = remote.service
        try:
            found = await self._resolver.addresses(
                service["namespace"], service["name"], remote.port
            )
        except UnresolvedService as error:
            self._move(remote, frozenset())
            raise RemoteError(str(error)) from error
        self._move(remote, frozenset(found))
        return found

    def _move(self, remote: RemoteVersion, addresses: frozenset[Address]) -> None:
        if remote.addresses == addresses:
            return
        remote.addresses = addresses
        name = remote.host
        self.pool.drop(lambda each: each.server_name == name and each[:2] not in addresses)

    def retire(self, remote: RemoteVersion) -> None:
        """Give up the connections of a remote version that is not in force any more."""
        remote.retired = True
        self.pool.drop(lambda each: each.server_name == remote.host)

    def close(self) -> None:
        """Give up all connections that are kept."""
        self.pool.close()

    # -- TLS ----------------------------------------------------------------------------------

    def reload(self) -> None:
        """Use the client certificate as it is now, if the files have changed."""
        stamp = self._file_times()
        if stamp != self._stamp:
            self._stamp = stamp
            self._contexts.clear()
            self.pool.drop(lambda _: True)

    def _file_times(self) -> tuple[int, ...]:
        times: list[int] = []
        for path in (self._certificate, self._key):
            try:
                times.append(path.stat().st_mtime_ns if path is not None else 0)
            except OSError:
                times.append(-1)
        return tuple(times)

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

    # -- requests of this server's own --------------------------------------------------------

    async def get(
        self,
        remote: RemoteVersion,
        path: str,
        accept: bytes,
        timeout_seconds: float,
        *,
        etag: bytes = b"",
        origin: RemoteOrigin | None = None,
    ) -> Document | None:
        """A document of the server; None when it still is that of ``etag``. Raises RemoteError."""
        url = f"https://{remote.host}:{remote.port}{path}"
        headers = [
            (b"host", f"{remote.host}:{remote.port}".encode("ascii")),
            (b"accept", accept),
            *identity_headers(AGGREGATOR),
        ]
        if etag:
            headers.append((b"if-none-match", etag))
        try:
            async with asyncio.timeout(timeout_seconds):
                origin = origin or await self.origin(remote)
                url = f"{origin.url}{path}"
                answer = await self.pool.get(
                    origin.endpoint, path, headers, timeout_seconds, _DOCUMENT_BYTES
                )
        except TimeoutError:
            raise RemoteError(f'Get "{url}": {_TIMED_OUT}') from None
        except HTTPClientError as error:
            raise RemoteError(f'Get "{url}": {error}') from error
        if etag and answer.head.status == _NOT_MODIFIED:
            return None
        if answer.head.status not in _SUCCESS:
            raise RemoteError(f"bad status from {url}: {answer.head.status}")
        return Document(answer.body, answer.head.header(b"etag"))
