"""Service: one change of what the allocators hold, to be committed or reverted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.registry.allocator import ClusterIPAllocator, NodePortAllocator

__all__ = ["ServiceTransaction"]


class ServiceTransaction:
    """What one write of a service takes and frees.

    Takes at once, frees with ``commit``, so that nobody else gets an address whose release may
    still fail. A dry run takes nothing. ``allocated_ips`` and ``released_ips`` tell the caller
    which IPAddress objects come and go.
    """

    def __init__(
        self,
        cluster_ips: Mapping[str, ClusterIPAllocator],
        node_ports: NodePortAllocator,
        *,
        dry_run: bool,
    ) -> None:
        self._cluster_ips = cluster_ips
        self._node_ports = node_ports
        self._dry_run = dry_run
        self._allocated_ports: list[int] = []
        self._released_ports: list[int] = []
        self.allocated_ips: list[str] = []
        self.released_ips: list[str] = []

    @property
    def allocated(self) -> list[str]:
        """The addresses and ports that were taken, as text."""
        return [*self.allocated_ips, *map(str, self._allocated_ports)]

    def allocate_ip(self, family: str, address: str) -> None:
        """Take one address of a family; raises AllocationError."""
        self._cluster_ips[family].allocate(address, dry_run=self._dry_run)
        self.allocated_ips.append(address)

    def allocate_next_ip(self, family: str) -> str:
        """Take any address of a family; raises AllocationError."""
        address = self._cluster_ips[family].allocate_next(dry_run=self._dry_run)
        self.allocated_ips.append(address)
        return address

    def release_ip(self, address: str) -> None:
        """Free an address with the commit."""
        self.released_ips.append(address)

    def allocate_port(self, port: int) -> None:
        """Take one port; raises AllocationError."""
        self._node_ports.allocate(port)
        self._allocated_ports.append(port)

    def allocate_next_port(self) -> int:
        """Take any port; raises AllocationError."""
        port = self._node_ports.allocate_next()
        self._allocated_ports.append(port)
        return port

    def release_port(self, port: int) -> None:
        """Free a port with the commit."""
        self._released_ports.append(port)

    def commit(self) -> None:
        """Make the change final; that of a dry run is undone."""
        if self._dry_run:
            self.revert()
            return
        for port in self._released_ports:
            self._node_ports.release(port)
        for address in self.released_ips:
            for allocator in self._cluster_ips.values():
                allocator.release(address)
        self._forget()

    def revert(self) -> None:
        """Give back all that was taken; harmless after ``commit``."""
        for port in self._allocated_ports:
            self._node_ports.release(port)
        if not self._dry_run:
            for address in self.allocated_ips:
                for allocator in self._cluster_ips.values():
                    allocator.release(address)
            self.allocated_ips.clear()
        self._forget()

    def _forget(self) -> None:
        self._allocated_ports.clear()
        self._released_ports.clear()
