"""The server's flags, shared by ``kapi up``, ``kapi run`` and ``kapi serve``.

Names, values and defaults are kube-apiserver's where it has the flag.
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from kapi.admission.plugin_names import ABSENT_PLUGINS, PLUGINS
from kapi.cli.aggregation_flags import add_aggregation_flags, proxy_client_options
from kapi.cli.etcd_flags import add_etcd_flags, etcd_options
from kapi.cli.extension_flags import add_extension_flag, extensions_of
from kapi.cli.parser import boolean, comma_list, duration
from kapi.cli.service_flags import add_service_endpoint_flag
from kapi.endpoints.connect.kubelet_options import KubeletOptions
from kapi.server.options import (
    DEFAULT_MINOR,
    KNOWN_GATES,
    MAXIMUM_MINOR,
    MINIMUM_MINOR,
    OptionsError,
    ServerOptions,
    ServiceAccountOptions,
    TLSOptions,
    first_service_ip,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "add_encryption_flags",
    "add_server_flags",
    "add_storage_media_type",
    "add_tls_flags",
    "default_data_dir",
    "server_options",
]

_VERSION = re.compile(r"v?1\.(\d{1,3})(?:\.\d+)?")
_AUTHORIZATION_MODES = ("AlwaysAllow", "AlwaysDeny", "Node", "RBAC")
_MAXIMUM_PORT = 65535


def default_data_dir() -> Path:
    """Where state is kept unless told otherwise: ``KAPI_DATA_DIR``, or the user's data folder."""
    given = os.environ.get("KAPI_DATA_DIR")
    if given:
        return Path(given)
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "kapi"


def add_server_flags(parser: argparse.ArgumentParser, *, port: int, address: str) -> None:
    """Add the flags that every command takes that starts a server."""
    _add_endpoint_flags(parser, port, address)
    add_etcd_flags(parser)
    _add_api_flags(parser)
    _add_access_flags(parser)
    _add_service_account_flags(parser)
    _add_kubelet_flags(parser)
    add_aggregation_flags(parser)


def _add_endpoint_flags(parser: argparse.ArgumentParser, port: int, address: str) -> None:
    group = parser.add_argument_group("endpoint and storage")
    group.add_argument(
        "--port",
        "--secure-port",
        dest="secure_port",
        type=_port,
        default=port,
        metavar="N",
        help="port to serve HTTPS on, 0 for a free one (default: %(default)s)",
    )
    group.add_argument(
        "--bind-address",
        type=_address,
        default=address,
        metavar="IP",
        help="address to listen on (default: %(default)s)",
    )
    group.add_argument(
        "--advertise-address",
        type=_address,
        metavar="IP",
        help="address that the members of the cluster are told (default: --bind-address)",
    )
    group.add_argument("--data-dir", type=Path, metavar="DIR", help="where state is kept")
    add_storage_media_type(group)
    add_encryption_flags(group)
    group.add_argument(
        "--feature-gates",
        type=_feature_gates,
        default=frozenset(),
        metavar="GATE=BOOL,...",
        help=f"gates to open; known: {', '.join(sorted(KNOWN_GATES))}",
    )


_STORAGE_MEDIA_TYPES = ("application/json", "application/vnd.kubernetes.protobuf")


def add_storage_media_type(group: argparse._ArgumentGroup) -> None:
    """Add the flag for the encoding of stored objects."""
    group.add_argument(
        "--storage-media-type",
        choices=_STORAGE_MEDIA_TYPES,
        default=_STORAGE_MEDIA_TYPES[0],
        metavar="TYPE",
        help=f"how objects are stored, {' or '.join(_STORAGE_MEDIA_TYPES)} (default: %(default)s)",
    )


def add_encryption_flags(group: argparse._ArgumentGroup) -> None:
    """Add the flags for encryption at rest."""
    group.add_argument(
        "--encryption-provider-config",
        type=Path,
        metavar="FILE",
        help="EncryptionConfiguration: how values are encrypted in the store",
    )
    _add_boolean(
        group,
        "--encryption-provider-config-automatic-reload",
        "use the file as it is when it changes",
        default=False,
    )


def _add_api_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("API")
    group.add_argument(
        "--kubernetes-version",
        dest="kubernetes_minor",
        type=_minor,
        default=DEFAULT_MINOR,
        metavar="VERSION",
        help=f"version to be, 1.{MINIMUM_MINOR} to 1.{MAXIMUM_MINOR} (default: 1.%(default)s)",
    )
    group.add_argument(
        "--service-cluster-ip-range",
        type=_cidr,
        default="10.0.0.0/24",
        metavar="CIDR",
        help="addresses for services (default: %(default)s)",
    )
    group.add_argument(
        "--service-node-port-range",
        type=_port_range,
        default=(30000, 32767),
        metavar="A-B",
        help="ports for services of type NodePort (default: 30000-32767)",
    )
    group.add_argument(
        "--enable-admission-plugins",
        type=_enabled_plugins,
        default=(),
        metavar="NAMES",
        help="admission plugins to add to the default ones (NodeRestriction is off by default)",
    )
    group.add_argument(
        "--disable-admission-plugins",
        type=_plugins,
        default=(),
        metavar="NAMES",
        help="admission plugins to leave out",
    )
    group.add_argument(
        "--admission-control-config-file",
        type=Path,
        metavar="FILE",
        help="AdmissionConfiguration: credentials for webhooks, policy of PodSecurity",
    )
    add_service_endpoint_flag(group)
    add_extension_flag(group)
    group.add_argument(
        "--controllers",
        type=_controllers,
        default=("*",),
        metavar="NAMES",
        help="controllers to run: '*', names, '-name', or 'none' (default: *)",
    )
    group.add_argument(
        "--runtime-config",
        type=_runtime_config,
        default={},
        metavar="API=BOOL,...",
        help="API versions and resources to switch on or off",
    )
    _add_boolean(group, "--allow-privileged", "allow privileged containers", default=True)


def _add_access_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("access")
    group.add_argument(
        "--token-auth-file",
        type=Path,
        metavar="FILE",
        help='static tokens, CSV: token,user,uid,"group1,group2"',
    )
    _add_boolean(group, "--anonymous-auth", "serve requests without credentials", default=True)
    group.add_argument(
        "--authorization-mode",
        type=_authorization_modes,
        default=("Node", "RBAC"),
        metavar="MODES",
        help=f"of {', '.join(_AUTHORIZATION_MODES)} (default: Node,RBAC), asked in this order",
    )


def _add_service_account_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("service accounts")
    group.add_argument("--service-account-issuer", action="append", metavar="URL")
    group.add_argument("--service-account-signing-key-file", type=Path, metavar="FILE")
    group.add_argument("--service-account-key-file", action="append", type=Path, metavar="FILE")
    group.add_argument("--service-account-jwks-uri", default="", metavar="URL")
    group.add_argument("--service-account-max-token-expiration", type=duration, default=0)
    _add_boolean(
        group,
        "--service-account-extend-token-expiration",
        "let tokens of pods live for a year",
        default=True,
    )
    _add_list(group, "--api-audiences", "audiences of the server (default: the issuers)")


def add_tls_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags for certificates that somebody else made."""
    group = parser.add_argument_group("certificates")
    group.add_argument("--tls-cert-file", type=Path, metavar="FILE")
    group.add_argument("--tls-private-key-file", type=Path, metavar="FILE")
    group.add_argument("--client-ca-file", type=Path, metavar="FILE")


def _add_kubelet_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("kubelets (logs, exec, port forwarding, node proxy)")
    for name in ("client-certificate", "client-key", "certificate-authority"):
        group.add_argument(f"--kubelet-{name}", type=Path, metavar="FILE")
    _add_list(
        group,
        "--kubelet-preferred-address-types",
        "types of node addresses, the preferred one first",
    )
    group.add_argument("--kubelet-timeout", type=duration, metavar="DURATION")


def _add_list(group: argparse._ArgumentGroup, name: str, text: str) -> None:
    group.add_argument(name, type=comma_list, default=(), metavar="NAMES", help=text)


def _add_boolean(group: argparse._ArgumentGroup, name: str, text: str, *, default: bool) -> None:
    group.add_argument(
        name,
        type=boolean,
        nargs="?",
        const=True,
        default=default,
        metavar="BOOL",
        help=f"{text} (default: {str(default).lower()})",
    )


def server_options(
    arguments: argparse.Namespace, *, data_dir: Path, ephemeral: bool
) -> ServerOptions:
    """The options that parsed flags mean; OptionsError when they do not go together."""
    return ServerOptions(
        data_dir=data_dir.absolute(),
        ephemeral=ephemeral,
        bind_address=arguments.bind_address,
        secure_port=arguments.secure_port,
        advertise_address=arguments.advertise_address or "",
        tls=_tls_options(vars(arguments)),
        kubernetes_minor=arguments.kubernetes_minor,
        service_cluster_ip_range=arguments.service_cluster_ip_range,
        service_node_port_range=arguments.service_node_port_range,
        enabled_admission_plugins=arguments.enable_admission_plugins,
        disabled_admission_plugins=arguments.disable_admission_plugins,
        admission_control_config_file=arguments.admission_control_config_file,
        service_endpoints=arguments.service_endpoints,
        controllers=arguments.controllers,
        authorization_modes=arguments.authorization_mode,
        anonymous_auth=arguments.anonymous_auth,
        token_auth_file=arguments.token_auth_file,
        service_account=_service_account_options(arguments),
        runtime_config=arguments.runtime_config,
        allow_privileged=arguments.allow_privileged,
        kubelet=_kubelet_options(arguments),
        storage_media_type=arguments.storage_media_type,
        feature_gates=arguments.feature_gates,
        extensions=extensions_of(arguments),
        encryption_provider_config=arguments.encryption_provider_config,
        encryption_provider_config_automatic_reload=(
            arguments.encryption_provider_config_automatic_reload
        ),
        proxy_client=proxy_client_options(arguments),
        etcd=etcd_options(arguments, ephemeral=ephemeral),
        compaction_interval_seconds=arguments.etcd_compaction_interval,
    )


def _tls_options(flags: Mapping[str, Path | None]) -> TLSOptions:
    cert, key = flags.get("tls_cert_file"), flags.get("tls_private_key_file")
    if (cert is None) != (key is None):
        raise OptionsError("--tls-cert-file and --tls-private-key-file must be given together")
    return TLSOptions(cert, key, flags.get("client_ca_file"))


def _kubelet_options(arguments: argparse.Namespace) -> KubeletOptions:
    certificate, key = arguments.kubelet_client_certificate, arguments.kubelet_client_key
    if (certificate is None) != (key is None):
        raise OptionsError(
            "--kubelet-client-certificate and --kubelet-client-key must be given together"
        )
    defaults = KubeletOptions()
    return KubeletOptions(
        certificate,
        key,
        arguments.kubelet_certificate_authority,
        arguments.kubelet_preferred_address_types or defaults.preferred_address_types,
        arguments.kubelet_timeout or defaults.timeout_seconds,
    )


def _service_account_options(arguments: argparse.Namespace) -> ServiceAccountOptions:
    defaults = ServiceAccountOptions()
    return ServiceAccountOptions(
        issuers=tuple(arguments.service_account_issuer or defaults.issuers),
        signing_key_file=arguments.service_account_signing_key_file,
        key_files=tuple(arguments.service_account_key_file or ()),
        api_audiences=arguments.api_audiences,
        jwks_uri=arguments.service_account_jwks_uri,
        max_token_expiration_seconds=arguments.service_account_max_token_expiration,
        extend_token_expiration=arguments.service_account_extend_token_expiration,
    )


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= _MAXIMUM_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to {_MAXIMUM_PORT})")


def _port_range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    low = _port(first)
    high = _port(last) if dash else low
    if not 0 < low <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is not a range of ports")
    return low, high


def _address(text: str) -> str:
    import ipaddress  # noqa: PLC0415 - only when the flag is given

    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an IP address") from error


def _cidr(text: str) -> str:
    try:
        first_service_ip(text)
    except OptionsError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a CIDR range") from error
    return text


def _minor(text: str) -> int:
    match = _VERSION.fullmatch(text)
    if match is None or not MINIMUM_MINOR <= int(match[1]) <= MAXIMUM_MINOR:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not served, only 1.{MINIMUM_MINOR} to 1.{MAXIMUM_MINOR}"
        )
    return int(match[1])


def _controllers(text: str) -> tuple[str, ...]:
    return () if text == "none" else comma_list(text)


def _authorization_modes(text: str) -> tuple[str, ...]:
    modes = comma_list(text)
    for mode in modes:
        if mode not in _AUTHORIZATION_MODES:
            raise argparse.ArgumentTypeError(
                f"{mode!r} is none of {', '.join(_AUTHORIZATION_MODES)}"
            )
    if not modes:
        raise argparse.ArgumentTypeError("at least one mode is needed")
    if len(set(modes)) < len(modes):
        raise argparse.ArgumentTypeError(f"{text!r} has a mode more than once")
    return modes


def _plugins(text: str) -> tuple[str, ...]:
    names = comma_list(text)
    for name in names:
        if name not in PLUGINS and name not in ABSENT_PLUGINS:
            raise argparse.ArgumentTypeError(f"plugin {name!r} is unknown")
    return names


def _enabled_plugins(text: str) -> tuple[str, ...]:
    names = _plugins(text)
    for name in names:
        if name in ABSENT_PLUGINS:
            raise argparse.ArgumentTypeError(f"plugin {name!r} is not a part of kapi")
    return names


def _feature_gates(text: str) -> frozenset[str]:
    """The gates that a list of ``GATE=BOOL`` opens."""
    opened: set[str] = set()
    for part in comma_list(text):
        name, _, value = part.partition("=")
        if name not in KNOWN_GATES:
            known = ", ".join(sorted(KNOWN_GATES))
            raise argparse.ArgumentTypeError(f"{name!r} is not known, only {known}")
        if boolean(value or "true"):
            opened.add(name)
        else:
            opened.discard(name)
    return frozenset(opened)


def _runtime_config(text: str) -> dict[str, bool]:
    config: dict[str, bool] = {}
    for item in comma_list(text):
        key, equals, value = item.partition("=")
        config[key] = boolean(value) if equals else True
    return config
