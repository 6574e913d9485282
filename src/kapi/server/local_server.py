"""LocalServer: an API server with its data directory, credentials and HTTPS endpoint as one.

What ``kapi up``, ``kapi run``, ``kapi serve`` and ``kapi.testing`` start and stop.
"""

from __future__ import annotations

import ipaddress
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import StatusError
from kapi.server.data_directory import DataDirectory
from kapi.server.options import StartError, TLSOptions, first_service_ip
from kapi.server.secure_serving import SecureServing, bind
from kapi.server.tls import server_context
from kapi.storage.errors import StorageError

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Iterator

    from kapi.server.options import ServerOptions
    from kapi.util.clock import Clock

__all__ = ["LocalServer", "serving_names"]

_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "127.0.0.1",
    "::1",
)


def serving_names(options: ServerOptions) -> list[str]:
    """The names and addresses that the serving certificate is for."""
    names = [*_NAMES, first_service_ip(options.service_cluster_ip_range)]
    address = options.bind_address
    if address not in names and not ipaddress.ip_address(address).is_unspecified:
        names.append(address)
    return names


def _bind(options: ServerOptions) -> socket.socket:
    return bind(options.bind_address, options.secure_port, shared=options.shared_port)


class LocalServer:
    """A prepared server: its directory is locked, its port bound, its credentials made.

    ``options`` are complete: the port, TLS files, the administrator's token, the service-account
    key.
    """

    def __init__(
        self, options: ServerOptions, data: DataDirectory, endpoint: socket.socket, clock: Clock
    ) -> None:
        self.options = options
        self.data = data
        self._endpoint = endpoint
        self._clock = clock

    @classmethod
    @contextmanager
    def prepared(cls, options: ServerOptions, clock: Clock) -> Iterator[LocalServer]:
        """Lock, bind and make what is missing; StartError or OptionsError when that fails."""
        names = serving_names(options)
        data = DataDirectory(options.data_dir, clock)
        with data.locked(), _bind(options) as endpoint:
            token = data.ensure_credentials(names)
            makes_credentials = options.tls == TLSOptions()
            complete = replace(
                options,
                secure_port=endpoint.getsockname()[1],
                tls=data.with_tls_files(options.tls),
                admin_token=token if makes_credentials else "",
                service_account=data.with_signing_key(options.service_account),
                proxy_client=data.with_proxy_client(options.proxy_client),
                root_ca_file=options.root_ca_file or (data.ca_file if makes_credentials else None),
            )
            server = cls(complete, data, endpoint, clock)
            if makes_credentials:
                data.write_kubeconfig(server.url)
            yield server

    def beside(self) -> LocalServer:
        """Another server like this one, on the same port."""
        return LocalServer(self.options, self.data, _bind(self.options), self._clock)

    @property
    def url(self) -> str:
        """Where clients on this machine reach the server."""
        address = ipaddress.ip_address(self.options.bind_address)
        if address.is_unspecified:
            address = ipaddress.ip_address("::1" if address.version == 6 else "127.0.0.1")
        host = f"[{address}]" if address.version == 6 else str(address)
        return f"https://{host}:{self.options.secure_port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve while the block runs; everything has ended when it is left."""
        from kapi.server.server import APIServer  # noqa: PLC0415 - the rest needs none of it

        proxy = self.options.proxy_client
        context = server_context(
            self.options.tls, proxy.request_header_ca_file if proxy.accepts_proxies else None
        )
        application = APIServer(self.options)
        serving = SecureServing(application, self._endpoint, context, self._clock)
        try:
            await application.start()
            await serving.start()
            yield
        except (StorageError, StatusError) as error:
            # Objects that every cluster has are written as by any client: failures are Statuses.
            raise StartError(f"the store failed: {error}") from error
        finally:
            await serving.stop(application.stop)
