"""IP addresses and CIDR ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TYPE_CHECKING, Any

from kapi.apimachinery.field import quote
from kapi.cel.types import opaque
from kapi.cel.values import CelError

if TYPE_CHECKING:
    from kapi.cel.functions import Functions

__all__ = ["declare_network"]

_LENGTH = re.compile(r"0|[1-9]\d{0,2}").fullmatch


@dataclass(frozen=True, slots=True)
class Cidr:
    """An address with the length of its prefix."""

    address: IPv4Address | IPv6Address
    length: int

    def __str__(self) -> str:
        return f"{self.address}/{self.length}"

    @property
    def prefix_bytes(self) -> int:
        """How many bytes the prefix fills, whole or in part: the size that costs go by."""
        return -(-self.length // 8)

    def network(self) -> IPv4Network | IPv6Network:
        """The range without the bits of the host."""
        return ip_network((self.address, self.length), strict=False)


def parse_ip(text: str) -> IPv4Address | IPv6Address:
    """An address without zone, and no IPv4 one in the clothes of IPv6; raises CelError."""
    try:
        found = ip_address(text)
    except ValueError as error:
        why = f"ParseAddr({quote(text)}): unable to parse IP"
        raise CelError(
            f"IP Address {quote(text)} parse error during conversion from string: {why}"
        ) from error
    if isinstance(found, IPv6Address):
        if found.scope_id is not None:
            raise CelError(f"IP address {quote(text)} with zone value is not allowed")
        if found.ipv4_mapped is not None:
            raise CelError(f"IPv4-mapped IPv6 address {quote(text)} is not allowed")
    return found


def parse_cidr(text: str) -> Cidr:
    """An address, a slash and a length; raises CelError."""
    address, slash, length = text.partition("/")
    try:
        found = parse_ip(address)
    except CelError as error:
        raise _no_range(text, "no '/'" if not slash else "unable to parse IP") from error
    if not slash:
        raise _no_range(text, "no '/'")
    if not _LENGTH(length) or int(length) > found.max_prefixlen:
        raise _no_range(text, f"bad bits after slash: {quote(length)}")
    return Cidr(found, int(length))


def _no_range(text: str, why: str) -> CelError:
    return CelError(
        f"network address parse error during conversion from string: "
        f"netip.ParsePrefix({quote(text)}): {why}"
    )


def _parses(parse: Any) -> Any:
    def call(text: str) -> bool:
        try:
            parse(text)
        except CelError:
            return False
        return True

    return call


def _contains_ip(cidr: Cidr, address: Any) -> bool:
    found = parse_ip(address) if isinstance(address, str) else address
    return found in cidr.network()


def _contains_cidr(cidr: Cidr, other: Any) -> bool:
    inner = parse_cidr(other) if isinstance(other, str) else other
    if inner.address.version != cidr.address.version or inner.length < cidr.length:
        return False
    return inner.address in cidr.network()


def _is_global_unicast(address: IPv4Address | IPv6Address) -> bool:
    return not (
        address.is_unspecified
        or address.is_loopback
        or address.is_multicast
        or address.is_link_local
        or address == IPv4Address("255.255.255.255")
    )


def _is_link_local_multicast(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return address in IPv4Network("224.0.0.0/24")
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 2


def declare_network(functions: Functions) -> None:
    """Declare the functions of addresses and ranges."""
    opaque("net.IP", IPv4Address, IPv6Address)
    opaque("net.CIDR", Cidr)
    declare = functions.declare
    declare("isIP", "(string) -> bool", _parses(parse_ip))
    declare("ip", "(string) -> net.IP", parse_ip)
    declare("ip.isCanonical", "(string) -> bool", lambda text: str(parse_ip(text)) == text)
    declare("family", "net.IP.() -> int", lambda address: address.version)
    declare("isUnspecified", "net.IP.() -> bool", lambda address: address.is_unspecified)
    declare("isLoopback", "net.IP.() -> bool", lambda address: address.is_loopback)
    declare("isLinkLocalMulticast", "net.IP.() -> bool", _is_link_local_multicast)
    declare("isLinkLocalUnicast", "net.IP.() -> bool", lambda address: address.is_link_local)
    declare("isGlobalUnicast", "net.IP.() -> bool", _is_global_unicast)
    declare("isCIDR", "(string) -> bool", _parses(parse_cidr))
    declare("cidr", "(string) -> net.CIDR", parse_cidr)
    for kind in ("string", "net.IP"):
        declare("containsIP", f"net.CIDR.({kind}) -> bool", _contains_ip)
    for kind in ("string", "net.CIDR"):
        declare("containsCIDR", f"net.CIDR.({kind}) -> bool", _contains_cidr)
    declare("ip", "net.CIDR.() -> net.IP", lambda cidr: cidr.address)
    declare("masked", "net.CIDR.() -> net.CIDR", lambda c: Cidr(c.network()[0], c.length))
    declare("prefixLength", "net.CIDR.() -> int", lambda cidr: cidr.length)
