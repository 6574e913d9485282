"""Checks of IP addresses and CIDR values, strict and as historical fields accept them.

Each check returns the messages that Kubernetes gives, an empty list for a good value. The
``legacy`` checks are for fields that predate strict validation: they accept spellings that are
not canonical; with ``strict=False`` also ambiguous ones.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

from kapi.apimachinery.field import quote

__all__ = [
    "cidr",
    "cidr_warnings",
    "interface_address",
    "ip",
    "ip_warnings",
    "is_ipv4",
    "is_ipv6",
    "legacy_cidr",
    "legacy_ip",
    "parse_cidr_sloppy",
    "parse_ip_sloppy",
]

IPAddress: TypeAlias = IPv4Address | IPv6Address
IPNetwork: TypeAlias = IPv4Network | IPv6Network

_BAD_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_BAD_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_BAD_INTERFACE = "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)"
_DOTTED = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+\Z")
_LEADING_ZERO = re.compile(r"(?:^|[.:])0[0-9]+(?=\.|\Z)")
_ZEROS_BEFORE_DIGIT = re.compile(r"(?:(?<=[.:])|^)0+(?=[0-9])")
_PREFIX_LENGTH = re.compile(r"[0-9]{1,6}")


def _without_leading_zeros(text: str) -> str:
    """Drop leading zeros of the dotted decimal part."""
    head, colon, tail = text.rpartition(":")
    return head + colon + _ZEROS_BEFORE_DIGIT.sub("", tail) if "." in tail else text


def parse_ip_sloppy(text: str) -> IPAddress | None:
    """An address, leading zeros in IPv4 allowed; None when it is none."""
    if "%" in text or len(text) > 64:
        return None
    if "." in text:
        text = _without_leading_zeros(text)
    try:
        return IPv4Address(text) if _DOTTED.match(text) else IPv6Address(text)
    except ValueError:
        return None


def _split_cidr(text: str) -> tuple[IPAddress, int] | None:
    """The address and prefix length of a CIDR value, leading zeros allowed."""
    base, slash, length = text.partition("/")
    address = parse_ip_sloppy(base) if slash else None
    if address is None or not _PREFIX_LENGTH.fullmatch(length):
        return None
    bits = int(length)
    return (address, bits) if bits <= address.max_prefixlen else None


def parse_cidr_sloppy(text: str) -> IPNetwork | None:
    """The network of a CIDR value, host bits and leading zeros allowed; None when it is none."""
    split = _split_cidr(text)
    if split is None:
        return None
    address, bits = split
    if isinstance(address, IPv4Address):
        return IPv4Network((int(address), bits), strict=False)
    return IPv6Network((int(address), bits), strict=False)


def _go_text(address: IPAddress) -> str:
    """The address as Go writes it: an IPv4-mapped address is an IPv4 address."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(address if mapped is None else mapped)


def _is_mapped(address: IPAddress) -> bool:
    return isinstance(address, IPv6Address) and address.ipv4_mapped is not None


def legacy_ip(value: str, *, strict: bool = True) -> list[str]:
    """Check an address in a historical field: any spelling, in strict form unambiguous."""
    address = parse_ip_sloppy(value)
    if address is None:
        return [_BAD_IP]
    if not strict:
        return []
    if _LEADING_ZERO.search(value.rpartition(":")[2] if "." in value else ""):
        return ["must not have leading 0s"]
    return ["must not be an IPv4-mapped IPv6 address"] if _is_mapped(address) else []


def ip(value: str) -> list[str]:
    """Check an address in canonical form."""
    messages = legacy_ip(value)
    if messages:
        return messages
    canonical = str(parse_ip_sloppy(value))
    return [] if value == canonical else [f"must be in canonical form ({quote(canonical)})"]


def is_ipv4(value: str) -> bool:
    """Whether the text is an IPv4 address (an IPv4-mapped one counts)."""
    address = parse_ip_sloppy(value)
    return address is not None and (address.version == 4 or _is_mapped(address))


def is_ipv6(value: str) -> bool:
    """Whether the text is an IPv6 address."""
    address = parse_ip_sloppy(value)
    return address is not None and address.version == 6 and not _is_mapped(address)


def legacy_cidr(value: str, *, strict: bool = True) -> list[str]:
    """Check a CIDR value in a historical field."""
    split = _split_cidr(value)
    if split is None:
        return [_BAD_CIDR]
    if not strict:
        return []
    address, bits = split
    base, _, length = value.partition("/")
    leading_zero = _LEADING_ZERO.search(base.rpartition(":")[2] if "." in base else "")
    if leading_zero or (len(length) > 1 and length[0] == "0"):
        return ["must not have leading 0s in IP or prefix length"]
    if _is_mapped(address):
        return ["must not have an IPv4-mapped IPv6 address"]
    if int(address) & ((1 << (address.max_prefixlen - bits)) - 1):
        return ["must not have bits set beyond the prefix length"]
    return []


def cidr(value: str) -> list[str]:
    """Check a CIDR value in canonical form."""
    messages = legacy_cidr(value)
    if messages:
        return messages
    canonical = str(parse_cidr_sloppy(value))
    return [] if value == canonical else [f"must be in canonical form ({quote(canonical)})"]


def interface_address(value: str) -> list[str]:
    """Check an address with the length of its subnet, like ``192.168.1.5/24``."""
    split = _split_cidr(value)
    if split is None:
        return [_BAD_INTERFACE]
    address, bits = split
    if _is_mapped(address) and bits > 32:
        bits -= 96
    canonical = f"{_go_text(address)}/{bits}"
    return [] if value == canonical else [f"must be in canonical form ({quote(canonical)})"]


def _non_standard(path: str, what: str, value: str, use: str) -> str:
    return (
        f"{path}: non-standard {what} {quote(value)} will be considered invalid in a future "
        f"Kubernetes release: use {quote(use)}"
    )


def _not_canonical(path: str, what: str, value: str, canonical: str) -> str:
    return (
        f"{path}: {what} {quote(value)} should be in RFC 5952 canonical format ({quote(canonical)})"
    )


def ip_warnings(path: str, value: str) -> list[str]:
    """What to warn about in the address of a historical field that passed ``legacy_ip``."""
    address = parse_ip_sloppy(value)
    if address is None:
        return []
    if legacy_ip(value):
        return [_non_standard(path, "IP address", value, _go_text(address))]
    if address.version == 6 and str(address) != value:
        return [_not_canonical(path, "IPv6 address", value, str(address))]
    return []


def cidr_warnings(path: str, value: str) -> list[str]:
    """What to warn about in the CIDR value of a historical field that passed ``legacy_cidr``."""
    split, network = _split_cidr(value), parse_cidr_sloppy(value)
    if split is None or network is None:
        return []
    address = split[0]
    warnings = []
    if address != network.network_address:
        single = f"{_go_text(address)}/{address.max_prefixlen}"
        warnings.append(
            f"{path}: CIDR value {quote(value)} is ambiguous in this context (should be "
            f"{quote(str(network))} or {quote(single)}?)"
        )
    if any("leading 0s" in m or "mapped" in m for m in legacy_cidr(value)):
        warnings.append(_non_standard(path, "CIDR value", value, str(network)))
    if not warnings and address.version == 6 and str(network) != value:
        warnings.append(_not_canonical(path, "IPv6 CIDR value", value, str(network)))
    return warnings
