"""Validation of EndpointSlice.

Implements "EndpointSlices" of the documentation.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.addresses import is_ipv4, is_ipv6, legacy_ip, parse_ip_sloppy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["endpoint_address_messages", "validate_endpoint_slice", "validate_endpoint_slice_update"]

_ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_MAX_ENDPOINTS = 1000
_MAX_ADDRESSES = 100
_MAX_PORTS = 20000
_MAX_HINTS = 8
# What must not be the address of an endpoint: nothing else may be reached through a service.
_SPECIAL = (
    (
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        "may not be in the loopback range (127.0.0.0/8, ::1/128)",
    ),
    (
        (IPv4Network("169.254.0.0/16"), IPv6Network("fe80::/10")),
        "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
    ),
    (
        (IPv4Network("224.0.0.0/24"), IPv6Network("ff02::/16")),
        "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
    ),
)


def endpoint_address_messages(value: str) -> list[str]:
    """What is wrong with an address as the address of an endpoint."""
    address = parse_ip_sloppy(value)
    if address is None:
        return []
    if address.is_unspecified:
        return [f"may not be unspecified ({address})"]
    return [message for ranges, message in _SPECIAL if any(address in r for r in ranges)]


def validate_endpoint_slice(
    obj: JSONObject, errors: ErrorList, *, old: JSONObject | None = None
) -> None:
    """Address type, endpoints and ports; stored addresses may keep their spelling."""
    address_type = obj.get("addressType", "")
    if not address_type:
        errors.required("addressType")
    elif address_type not in _ADDRESS_TYPES:
        errors.not_supported("addressType", address_type, _ADDRESS_TYPES)
    stored: frozenset[str] = frozenset(
        address
        for endpoint in ((old or {}).get("endpoints") or ())
        for address in endpoint.get("addresses") or ()
    )
    _validate_endpoints(obj.get("endpoints") or [], address_type, errors, stored)
    _validate_ports(obj.get("ports") or [], errors)


def _validate_endpoints(
    endpoints: list[JSONObject], address_type: str, errors: ErrorList, stored: frozenset[str]
) -> None:
    if len(endpoints) > _MAX_ENDPOINTS:
        errors.too_many("endpoints", len(endpoints), _MAX_ENDPOINTS)
        return
    for i, endpoint in enumerate(endpoints):
        path = f"endpoints[{i}]"
        addresses = endpoint.get("addresses") or []
        if not addresses:
            errors.required(f"{path}.addresses", "must contain at least 1 address")
        elif len(addresses) > _MAX_ADDRESSES:
            errors.too_many(f"{path}.addresses", len(addresses), _MAX_ADDRESSES)
        for j, address in enumerate(addresses):
            strict = address not in stored
            _validate_address(address, address_type, f"{path}.addresses", j, errors, strict=strict)
        node = endpoint.get("nodeName")
        if node is not None:
            errors.invalid_each(f"{path}.nodeName", node, names.dns1123_subdomain(node))
        hostname = endpoint.get("hostname")
        if hostname is not None:
            errors.invalid_each(f"{path}.hostname", hostname, names.dns1123_label(hostname))
        hints = endpoint.get("hints")
        if hints is not None:
            _validate_hints(hints, f"{path}.hints", errors)


def _validate_address(
    address: str, address_type: str, path: str, index: int, errors: ErrorList, *, strict: bool
) -> None:
    where = f"{path}[{index}]"
    if address_type == "FQDN":
        if not address:
            errors.required(where)
        else:
            errors.invalid_each(where, address, names.fully_qualified_domain_name(address))
        return
    if address_type not in _ADDRESS_TYPES:
        return
    messages = legacy_ip(address, strict=strict)
    if messages:
        errors.invalid_each(where, address, messages)
        return
    # The family is a matter of the whole list, hence the path without the index.
    if not (is_ipv4 if address_type == "IPv4" else is_ipv6)(address):
        errors.invalid(path, address, f"must be an {address_type} address")
    errors.invalid_each(where, address, endpoint_address_messages(address))


def _validate_hints(hints: JSONObject, path: str, errors: ErrorList) -> None:
    for member, check in (("forZones", names.label_value), ("forNodes", names.dns1123_subdomain)):
        entries = hints.get(member) or ()
        if len(entries) > _MAX_HINTS:
            errors.too_many(f"{path}.{member}", len(entries), _MAX_HINTS)
            return
        seen: set[str] = set()
        for i, entry in enumerate(entries):
            where, name = f"{path}.{member}[{i}].name", entry.get("name", "")
            if name in seen:
                errors.duplicate(where, name)
            seen.add(name)
            errors.invalid_each(where, name, check(name))


def _validate_ports(ports: list[JSONObject], errors: ErrorList) -> None:
    if len(ports) > _MAX_PORTS:
        errors.too_many("ports", len(ports), _MAX_PORTS)
        return
    seen: set[str] = set()
    for i, port in enumerate(ports):
        path = f"ports[{i}]"
        name = port.get("name") or ""
        if name:
            errors.invalid_each(f"{path}.name", name, names.dns1123_label(name))
        if name in seen:
            errors.duplicate(f"{path}.name", name)
        seen.add(name)
        protocol = port.get("protocol")
        if protocol is None:
            errors.required(f"{path}.protocol")
        elif protocol not in _PROTOCOLS:
            errors.not_supported(f"{path}.protocol", protocol, _PROTOCOLS)
        app = port.get("appProtocol")
        if app is not None:
            errors.invalid_each(f"{path}.appProtocol", app, names.qualified_name(app))


def validate_endpoint_slice_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """The address type is fixed."""
    validate_endpoint_slice(obj, errors, old=old)
    address_type = obj.get("addressType", "")
    if address_type != old.get("addressType", ""):
        errors.invalid("addressType", address_type, "field is immutable")
