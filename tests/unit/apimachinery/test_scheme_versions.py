"""Members behind feature gates are dropped."""

from __future__ import annotations

import pytest

from kapi.apimachinery.scheme import Scheme
from kapi.apimachinery.types import GroupVersionKind

POD = GroupVersionKind("", "v1", "Pod")


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
