"""Cluster IP addresses of services: one allocator for each configured CIDR.

Implements "Service ClusterIP allocation" of the Kubernetes documentation: the first
``min(max(16, size / 16), 256)`` addresses are the static band.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from kapi.registry.allocator.band import pick_free, static_band_size
from kapi.registry.allocator.error import RANGE_IS_FULL, AllocationError

if TYPE_CHECKING:
    from kapi.util.ids import IDSource

__all__ = ["ClusterIPAllocator"]

_NOT_IN_RANGE = "the provided network does not match the current range"
_ALLOCATED = "provided IP is already allocated"


class ClusterIPAllocator:
    """The addresses of one CIDR.

    The network address, and in IPv4 the broadcast address, are never handed out. Not safe for
    several threads; the one writer of the store owns it.
    """

    def __init__(self, cidr: str, ids: IDSource) -> None:
        network = ipaddress.ip_network(cidr)
        self.cidr = cidr
        self.family = "IPv4" if network.version == 4 else "IPv6"
        self._version = network.version
        base = int(network.network_address)
        broadcast = int(network.broadcast_address)
        self._first = base + 1
        self._last = broadcast - 1 if network.version == 4 else broadcast
        self._dynamic = base + max(1, static_band_size(broadcast - base + 1, 16, 256, 16))
        self._ids = ids
        self._taken: set[int] = set()

    def allocate(self, address: str, *, dry_run: bool = False) -> None:
        """Take one address.

        A dry run checks the range only: whether the address is free may have changed by the
        time of the real request.
        """
        number = self._number(address)
        if number is None:
            raise AllocationError(_NOT_IN_RANGE)
        if dry_run:
            return
        if number in self._taken:
            raise AllocationError(_ALLOCATED)
        self._taken.add(number)

    def allocate_next(self, *, dry_run: bool = False) -> str:
        """Take any address, from the dynamic band when it has one."""
        number = pick_free(self._dynamic, self._last, self._taken, self._ids)
        if number is None:
            end = min(self._dynamic - 1, self._last)
            number = pick_free(self._first, end, self._taken, self._ids)
        if number is None:
            raise AllocationError(RANGE_IS_FULL)
        if not dry_run:
            self._taken.add(number)
        return self._text(number)

    def release(self, address: str) -> None:
        """Give an address back; one that is not of this range or not taken is ignored."""
        number = self._number(address)
        if number is not None:
            self._taken.discard(number)

    def reserve(self, address: str) -> None:
        """Mark the address of a stored service as taken, whoever else holds it."""
        number = self._number(address)
        if number is not None:
            self._taken.add(number)

    def has(self, address: str) -> bool:
        """Whether the address is taken."""
        return self._number(address) in self._taken

    def first_address(self) -> str:
        """The first usable address, which belongs to the service ``kubernetes``."""
        return self._text(self._first)

    def clear(self) -> None:
        """Forget all addresses, before a rebuild."""
        self._taken.clear()

    def _number(self, address: str) -> int | None:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return None
        if parsed.version != self._version:
            return None
        number = int(parsed)
        return number if self._first <= number <= self._last else None

    def _text(self, number: int) -> str:
        if self._version == 4:
            return str(ipaddress.IPv4Address(number))
        return str(ipaddress.IPv6Address(number))
