"""The flag that says where services are that the server calls."""

from __future__ import annotations

import argparse

from kapi.cli.parser import comma_list
from kapi.registry.webhook.service_resolver import Address

__all__ = ["add_service_endpoint_flag"]

_MAXIMUM_PORT = 65535


def add_service_endpoint_flag(group: argparse._ArgumentGroup) -> None:
    """``--service-endpoint``; kube-apiserver has no such flag."""
    group.add_argument(
        "--service-endpoint",
        dest="service_endpoints",
        type=_service_endpoints,
        default={},
        metavar="NAMESPACE/NAME=HOST:PORT,...",
        help="where services of webhooks and APIServices are (for development)",
    )


def _service_endpoints(text: str) -> dict[str, Address]:
    found: dict[str, Address] = {}
    for item in comma_list(text):
        service, _, address = item.partition("=")
        namespace, slash, name = service.partition("/")
        host, _, port = address.rpartition(":")
        if not (namespace and slash and name and host and port.isascii() and port.isdigit()):
            raise argparse.ArgumentTypeError(f"{item!r} is not NAMESPACE/NAME=HOST:PORT")
        if not 0 < int(port) <= _MAXIMUM_PORT:
            raise argparse.ArgumentTypeError(f"{port} is no port")
        found[service] = Address(host.strip("[]"), int(port))
    return found
