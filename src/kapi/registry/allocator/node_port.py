"""Node ports of services, health-check node ports included.

Implements the port ranges of "Type NodePort" in the Kubernetes documentation: the first
``min(max(16, size / 32), 128)`` ports are the static band.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.allocator.band import pick_free, static_band_size
from kapi.registry.allocator.error import RANGE_IS_FULL, AllocationError

if TYPE_CHECKING:
    from kapi.util.ids import IDSource

__all__ = ["NodePortAllocator"]

_ALLOCATED = "provided port is already allocated"


class NodePortAllocator:
    """The ports of one range, 30000 to 32767 by default.

    Not safe for several threads; the one writer of the store owns it.
    """

    def __init__(self, ids: IDSource, first: int = 30000, last: int = 32767) -> None:
        self.first = first
        self.last = last
        self._dynamic = first + static_band_size(last - first + 1, 16, 128, 32)
        self._ids = ids
        self._taken: set[int] = set()

    def allocate(self, port: int) -> None:
        """Take one port."""
        if not self.first <= port <= self.last:
            raise AllocationError(
                "provided port is not in the valid range. "
                f"The range of valid ports is {self.first}-{self.last}"
            )
        if port in self._taken:
            raise AllocationError(_ALLOCATED)
        self._taken.add(port)

    def allocate_next(self) -> int:
        """Take any port, from the dynamic band when it has one."""
        port = pick_free(self._dynamic, self.last, self._taken, self._ids)
        if port is None:
            port = pick_free(self.first, self._dynamic - 1, self._taken, self._ids)
        if port is None:
            raise AllocationError(RANGE_IS_FULL)
        self._taken.add(port)
        return port

    def release(self, port: int) -> None:
        """Give a port back; one that is not taken is ignored."""
        self._taken.discard(port)

    def reserve(self, port: int) -> None:
        """Mark the port of a stored service as taken, whoever else holds it."""
        if self.first <= port <= self.last:
            self._taken.add(port)

    def has(self, port: int) -> bool:
        """Whether the port is taken."""
        return port in self._taken

    def clear(self) -> None:
        """Forget all ports, before a rebuild."""
        self._taken.clear()
