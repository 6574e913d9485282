"""Types of every version are compiled fast, and members behind gates are dropped."""

from __future__ import annotations

import time

import pytest

from kapi.apimachinery.scheme import Scheme
from kapi.apimachinery.types import GroupVersionKind

COMPILE_SECONDS = 0.005
ATTEMPTS = 10
POD = GroupVersionKind("", "v1", "Pod")


def compile_seconds(minor, gvk):
    """The best of some attempts, in time of the processor."""
    best = float("inf")
    for _ in range(ATTEMPTS):
        scheme = Scheme.load(minor)
        start = time.process_time()
        kind = scheme.type(gvk)
        scheme.compiler.decoder(kind)
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.parametrize("minor", [25, 31, 37])
def test_the_largest_kinds_compile_within_five_milliseconds(minor):
    """A Pod has the most types, a CronJob holds one in three layers."""
    for gvk in (POD, GroupVersionKind("batch", "v1", "CronJob")):
        assert compile_seconds(minor, gvk) < COMPILE_SECONDS


def test_gated_members_are_checked_and_dropped():
    """JSON of a wrong type is still refused."""
    for minor, kept in ((32, False), (33, True)):
        scheme = Scheme.load(minor)
        kind = scheme.type(POD)
        decoded = scheme.decode(kind, {"spec": {"hostUsers": True}})
        assert decoded.unknown == []
        assert ("hostUsers" in decoded.obj["spec"]) is kept
        with pytest.raises(ValueError, match="hostUsers"):
            scheme.decode(kind, {"spec": {"hostUsers": "yes"}})


def test_gated_members_of_protobuf_are_dropped():
    """The other form of the same object gives the same object."""
    full = Scheme.load(33)
    pod = {"metadata": {"name": "a"}, "spec": {"hostUsers": True, "hostname": "h"}}
    message = full.protobuf.encode(full.type(POD), pod)
    old = Scheme.load(32)
    spec = old.protobuf.decode(old.type(POD), message)["spec"]
    assert spec["hostname"] == "h"
    assert "hostUsers" not in spec
