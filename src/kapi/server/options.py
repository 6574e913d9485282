"""ServerOptions: everything that is decided before a server starts.

The values behind the flags of ``kapi up``, ``kapi run`` and ``kapi serve``, which follow
kube-apiserver's flags where both have one.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kapi.authentication.request_header import HeaderNames
from kapi.endpoints.connect.kubelet_options import KubeletOptions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kapi.ext.extension import Extension
    from kapi.registry.webhook.service_resolver import Address

__all__ = [
    "DEFAULT_MINOR",
    "MAXIMUM_MINOR",
    "MINIMUM_MINOR",
    "EtcdOptions",
    "OptionsError",
    "ProxyClientOptions",
    "ServerOptions",
    "ServiceAccountOptions",
    "StartError",
    "TLSOptions",
    "first_service_ip",
]

MINIMUM_MINOR = 25
MAXIMUM_MINOR = 37
DEFAULT_MINOR = 37
# Gates of Kubernetes that this server can open; all others are as the served version has them.
KNOWN_GATES = frozenset({"CBORServingAndStorage", "MutatingAdmissionPolicy"})


class OptionsError(Exception):
    """Options that no server can start with; the text is one line for the user."""


class StartError(Exception):
    """The machine does not let the server start; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class TLSOptions:
    """The files of the HTTPS endpoint; None for those that the server makes itself.

    Without a client CA file no client certificate is asked for.
    """

    cert_file: Path | None = None
    private_key_file: Path | None = None
    client_ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class ServiceAccountOptions:
    """How service-account tokens are issued and verified.

    The first issuer issues, all are accepted. Without ``api_audiences`` the issuers are the
    server's audiences. The signing key's public half is always among the verifying keys.
    """

    issuers: tuple[str, ...] = ("https://kubernetes.default.svc",)
    signing_key_file: Path | None = None
    key_files: tuple[Path, ...] = ()
    api_audiences: tuple[str, ...] = ()
    jwks_uri: str = ""
    max_token_expiration_seconds: int = 0
    extend_token_expiration: bool = True


@dataclass(frozen=True, slots=True)
class ProxyClientOptions:
    """What servers behind this one know it by: a client certificate.

    They verify it with ``request_header_ca_file`` and, if its common name is one of
    ``allowed_names`` (any, when there are none), believe the headers about the user; so does this
    server where it ``accepts_proxies``. ``header_names`` are those of such headers, here and as
    the servers behind are told; before Kubernetes 1.33 the uid has none unless it is given.
    ``route_to_endpoints`` reaches services at their endpoints, not their cluster IPs.
    """

    cert_file: Path | None = None
    key_file: Path | None = None
    request_header_ca_file: Path | None = None
    allowed_names: tuple[str, ...] = ()
    accepts_proxies: bool = False
    header_names: HeaderNames = field(default_factory=HeaderNames)
    route_to_endpoints: bool = True
    refuse_redirects: bool = True


@dataclass(frozen=True, slots=True)
class EtcdOptions:
    """Where objects are kept that several servers share; without ``servers`` they are not.

    ``prefix`` stands in front of all keys. The files are for ``https`` servers.
    """

    servers: tuple[str, ...] = ()
    prefix: str = "/registry"
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What one server is told.

    ``advertise_address`` is where the members of the cluster reach the server; empty for the
    address it listens on. ``kubernetes_minor`` is the minor version whose API is served (36 for
    1.36). ``controllers`` lists controllers as kube-controller-manager's flag does: ``*``, names,
    and ``-name``. ``runtime_config`` maps ``api/all``, ``group/version`` and
    ``group/version/resource`` to whether they are served. ``service_endpoints`` maps
    ``namespace/name`` of services that the server calls to where they are instead.
    ``admin_token`` is the bearer token of a user in ``system:masters``; empty for none.
    ``root_ca_file`` is the CA that clients inside the cluster verify this server with; None
    publishes none. ``compaction_interval_seconds`` is how long old states are kept at least, 0
    for all of them. ``shared_port`` lets other servers listen on the same port.
    """

    data_dir: Path
    ephemeral: bool = False
    bind_address: str = "127.0.0.1"
    secure_port: int = 6443
    advertise_address: str = ""
    tls: TLSOptions = field(default_factory=TLSOptions)
    kubernetes_minor: int = DEFAULT_MINOR
    service_cluster_ip_range: str = "10.0.0.0/24"
    service_node_port_range: tuple[int, int] = (30000, 32767)
    enabled_admission_plugins: tuple[str, ...] = ()
    disabled_admission_plugins: tuple[str, ...] = ()
    admission_control_config_file: Path | None = None
    service_endpoints: Mapping[str, Address] = field(default_factory=dict)
    controllers: tuple[str, ...] = ("*",)
    authorization_modes: tuple[str, ...] = ("Node", "RBAC")
    anonymous_auth: bool = True
    token_auth_file: Path | None = None
    admin_token: str = ""
    service_account: ServiceAccountOptions = field(default_factory=ServiceAccountOptions)
    runtime_config: Mapping[str, bool] = field(default_factory=dict)
    allow_privileged: bool = True
    root_ca_file: Path | None = None
    kubelet: KubeletOptions = field(default_factory=KubeletOptions)
    proxy_client: ProxyClientOptions = field(default_factory=ProxyClientOptions)
    etcd: EtcdOptions = field(default_factory=EtcdOptions)
    compaction_interval_seconds: float = 300.0
    shared_port: bool = False
    storage_media_type: str = "application/json"
    # The gates that are on; only those in KNOWN_GATES can be.
    feature_gates: frozenset[str] = frozenset()
    # Resources that are declared in Python, and the functions that run for them here.
    extensions: tuple[Extension, ...] = ()
    encryption_provider_config: Path | None = None
    encryption_provider_config_automatic_reload: bool = False

    @property
    def kubernetes_version(self) -> str:
        """The version served as people write it: ``1.36``."""
        return f"1.{self.kubernetes_minor}"

    @property
    def database_file(self) -> Path:
        """The file of the durable embedded store."""
        return self.data_dir / "state.db"


def first_service_ip(cidr: str) -> str:
    """The first address of a service range, which the service ``kubernetes`` gets.

    Of a dual-stack pair the first range counts. Raises OptionsError when it is no range.
    """
    first = cidr.split(",", 1)[0].strip()
    try:
        return str(ipaddress.ip_interface(first).network[1])
    except (ValueError, IndexError) as error:
        raise OptionsError(f"--service-cluster-ip-range: {cidr!r} is not a CIDR range") from error
