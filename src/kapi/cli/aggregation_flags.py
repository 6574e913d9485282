"""The flags of the aggregation layer, as kube-apiserver has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from kapi.authentication.request_header import HeaderNames
from kapi.cli.parser import boolean, comma_list
from kapi.server.options import OptionsError, ProxyClientOptions

if TYPE_CHECKING:
    import argparse

__all__ = ["add_aggregation_flags", "proxy_client_options"]

_NAMES = HeaderNames()
# The first minor version that tells servers behind it the uid.
_UID_SINCE = 33
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def add_aggregation_flags(parser: argparse.ArgumentParser) -> None:
    """Add what servers behind this one know it by."""
    group = parser.add_argument_group("aggregation (API servers behind this one)")
    group.add_argument("--proxy-client-cert-file", type=Path, metavar="FILE")
    group.add_argument("--proxy-client-key-file", type=Path, metavar="FILE")
    group.add_argument(
        "--requestheader-client-ca-file",
        type=Path,
        metavar="FILE",
        help="authority of proxies whose headers about users are believed, here and behind",
    )
    group.add_argument(
        "--requestheader-allowed-names",
        type=comma_list,
        default=(),
        metavar="NAMES",
        help="common names of proxy client certificates (default: any)",
    )
    for what, default in (
        ("username-headers", _NAMES.users),
        ("group-headers", _NAMES.groups),
        ("uid-headers", _NAMES.uids),
        ("extra-headers-prefix", _NAMES.extra_prefixes),
    ):
        group.add_argument(
            f"--requestheader-{what}",
            type=comma_list,
            metavar="NAMES",
            help=f"what these headers are called (default: {','.join(default)})",
        )
    _add_boolean(group, "--enable-aggregator-routing", "reach services at their endpoints")
    _add_boolean(
        group,
        "--aggregator-reject-forwarding-redirect",
        "do not pass redirects of servers behind on to clients",
    )


def _add_boolean(group: argparse._ArgumentGroup, name: str, text: str) -> None:
    group.add_argument(
        name,
        type=boolean,
        nargs="?",
        const=True,
        default=True,
        metavar="BOOL",
        help=f"{text} (default: true)",
    )


def proxy_client_options(arguments: argparse.Namespace) -> ProxyClientOptions:
    """What the flags mean; OptionsError when they do not go together."""
    cert, key = arguments.proxy_client_cert_file, arguments.proxy_client_key_file
    if (cert is None) != (key is None):
        raise OptionsError(
            "--proxy-client-cert-file and --proxy-client-key-file must be given together"
        )
    return ProxyClientOptions(
        cert,
        key,
        arguments.requestheader_client_ca_file,
        tuple(arguments.requestheader_allowed_names),
        accepts_proxies=arguments.requestheader_client_ca_file is not None,
        header_names=_header_names(arguments),
        route_to_endpoints=arguments.enable_aggregator_routing,
        refuse_redirects=arguments.aggregator_reject_forwarding_redirect,
    )


def _header_names(arguments: argparse.Namespace) -> HeaderNames:
    uids = _NAMES.uids if arguments.kubernetes_minor >= _UID_SINCE else ()
    names = HeaderNames(
        _given(arguments.requestheader_username_headers, _NAMES.users),
        _given(arguments.requestheader_group_headers, _NAMES.groups),
        _given(arguments.requestheader_uid_headers, uids),
        _given(arguments.requestheader_extra_headers_prefix, _NAMES.extra_prefixes),
    )
    if not names.users:
        raise OptionsError("--requestheader-username-headers: at least one name is needed")
    for name in (*names.users, *names.groups, *names.uids, *names.extra_prefixes):
        if _HEADER_NAME.fullmatch(name) is None:
            raise OptionsError(f"{name!r} is no name of a header")
    return names


def _given(names: tuple[str, ...] | None, default: tuple[str, ...]) -> tuple[str, ...]:
    return default if names is None else tuple(names)
