"""Cluster IPs and node ports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapi.registry.allocator import AllocationError, ClusterIPAllocator, NodePortAllocator
from kapi.registry.allocator.band import pick_free, static_band_size
from kapi.util.ids import SeededIDs


def ips(cidr="10.0.0.0/24"):
    return ClusterIPAllocator(cidr, SeededIDs(1))


def ports():
    return NodePortAllocator(SeededIDs(1))


@pytest.mark.parametrize(
    ("size", "expected"), [(8, 0), (16, 16), (256, 16), (4096, 256), (2**20, 256)]
)
def test_static_band_of_addresses(size, expected):
    """The static band is a sixteenth of the range, between 16 and 256 addresses."""
    assert static_band_size(size, 16, 256, 16) == expected


@given(st.sets(st.integers(0, 20)), st.integers(0, 1000))
def test_picked_number_is_free_and_in_range(taken, seed):
    """A pick is free and in range, and there is one unless all are taken."""
    picked = pick_free(3, 12, taken, SeededIDs(seed))
    free = set(range(3, 13)) - taken
    assert picked in free if free else picked is None


def test_addresses_come_from_the_dynamic_band_first():
    """The lower sixteen addresses are given only when the rest is used up."""
    allocator = ips()
    first = [allocator.allocate_next() for _ in range(239)]
    assert {int(address.rpartition(".")[2]) for address in first} == set(range(16, 255))
    rest = [allocator.allocate_next() for _ in range(15)]
    assert {int(address.rpartition(".")[2]) for address in rest} == set(range(1, 16))
    with pytest.raises(AllocationError, match="range is full"):
        allocator.allocate_next()


def test_small_range_ends_before_its_broadcast_address():
    """A range that is all static band gives its fourteen usable addresses and no more."""
    allocator = ips("10.0.0.0/28")
    given = {allocator.allocate_next() for _ in range(14)}
    assert given == {f"10.0.0.{number}" for number in range(1, 15)}
    with pytest.raises(AllocationError, match="range is full"):
        allocator.allocate_next()


@pytest.mark.parametrize("address", ["10.0.0.0", "10.0.0.255", "10.0.1.1", "fd00::1"])
def test_addresses_outside_the_range(address):
    """The network's own addresses and other networks cannot be had."""
    with pytest.raises(AllocationError, match="provided network does not match the current range"):
        ips().allocate(address)


def test_address_is_taken_once_and_free_after_release():
    """An address belongs to one service at a time."""
    allocator = ips()
    allocator.allocate("10.0.0.9")
    with pytest.raises(AllocationError, match="provided IP is already allocated"):
        allocator.allocate("10.0.0.9")
    allocator.release("10.0.0.9")
    allocator.allocate("10.0.0.9")


def test_dry_run_takes_no_address():
    """A dry run answers with an address that stays free."""
    allocator = ips()
    address = allocator.allocate_next(dry_run=True)
    assert not allocator.has(address)
    allocator.allocate(address)
    allocator.allocate(address, dry_run=True)


def test_ipv6_range():
    """A huge IPv6 range works without listing it; its last address is usable."""
    allocator = ips("fd00::/112")
    assert allocator.first_address() == "fd00::1"
    allocator.allocate("fd00::ffff")
    assert allocator.has(allocator.allocate_next())


@pytest.mark.parametrize("port", [29999, 32768, 80, -1])
def test_port_outside_the_range(port):
    """The message names the range."""
    with pytest.raises(AllocationError) as error:
        ports().allocate(port)
    assert str(error.value) == (
        "provided port is not in the valid range. The range of valid ports is 30000-32767"
    )


def test_ports_come_from_the_dynamic_band_first():
    """The lower 86 ports are kept for explicit requests."""
    allocator = ports()
    assert min(allocator.allocate_next() for _ in range(2682)) == 30086
    assert allocator.allocate_next() < 30086


def test_port_is_taken_once():
    """A port belongs to one service at a time."""
    allocator = ports()
    allocator.allocate(30057)
    with pytest.raises(AllocationError, match="provided port is already allocated"):
        allocator.allocate(30057)
