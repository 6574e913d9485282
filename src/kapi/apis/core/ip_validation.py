"""Addresses that make no sense as the destination of traffic."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from kapi.apimachinery.addresses import parse_ip_sloppy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList

__all__ = ["validate_non_special_ip"]

_LINK_LOCAL_MULTICAST = (
    ipaddress.ip_network("224.0.0.0/24"),
    ipaddress.ip_network("ff02::/16"),
)


def validate_non_special_ip(address: str, path: str, errors: ErrorList) -> None:
    """Refuse unspecified, loopback and link-local addresses."""
    parsed = parse_ip_sloppy(address)
    if parsed is None:
        errors.invalid(path, address, "must be a valid IP address")
        return
    if parsed.is_unspecified:
        errors.invalid(path, address, f"may not be unspecified ({address})")
    if parsed.is_loopback:
        errors.invalid(path, address, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if parsed.is_link_local:
        errors.invalid(
            path, address, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
        )
    if any(parsed in network for network in _LINK_LOCAL_MULTICAST):
        errors.invalid(
            path,
            address,
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        )
