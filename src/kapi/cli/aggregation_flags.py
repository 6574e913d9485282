"""The flags of the aggregation layer, as kube-apiserver has them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kapi.cli.parser import comma_list
from kapi.server.options import OptionsError, ProxyClientOptions

if TYPE_CHECKING:
    import argparse

__all__ = ["add_aggregation_flags", "proxy_client_options"]


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
    )
