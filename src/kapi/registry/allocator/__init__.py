"""Allocators of what services share: cluster IP addresses and node ports.

Plain data structures without storage; the server rebuilds them from the stored services.
"""

from __future__ import annotations

from kapi.registry.allocator.cluster_ip import ClusterIPAllocator
from kapi.registry.allocator.error import AllocationError
from kapi.registry.allocator.node_port import NodePortAllocator

__all__ = ["AllocationError", "ClusterIPAllocator", "NodePortAllocator"]
