"""Members and defaults that a minor version does not have, or has off."""

from __future__ import annotations

import pytest

from kapi.apimachinery.scheme import Scheme
from kapi.apis.install import install
from kapi.registry.catalogue import Catalogue, builtin_resources
from kapi.registry.rules import Rules

TEMPLATE = {"spec": {"containers": [{"name": "c", "image": "i"}]}}


@pytest.fixture(scope="module")
def decode():
    """Read and default an object as a minor version does."""
    rules = Rules()
    install(rules)
    catalogues = {}

    def read(minor, gvr, obj):
        if minor not in catalogues:
            catalogues[minor] = Catalogue()
            catalogues[minor].add(builtin_resources(Scheme.load(minor), rules))
        return catalogues[minor].get(*gvr).codec.decode(obj)

    return read


@pytest.mark.parametrize(
    ("gvr", "spec", "member", "since"),
    [
        (("batch", "v1", "jobs"), {"template": TEMPLATE}, "podReplacementPolicy", 29),
        (
            ("apps", "v1", "statefulsets"),
            {"template": TEMPLATE},
            "persistentVolumeClaimRetentionPolicy",
            27,
        ),
        (("storage.k8s.io", "v1", "csidrivers"), {}, "seLinuxMount", 28),
    ],
)
def test_defaults_come_with_their_feature(decode, gvr, spec, member, since):
    """The server does not set what it does not know or has off."""
    for minor, expected in ((since - 1, False), (since, True)):
        obj = decode(minor, gvr, {"metadata": {"name": "a"}, "spec": spec}).obj
        assert (member in obj["spec"]) is expected


def test_members_behind_a_gate_are_read_and_dropped(decode):
    """They are known, so nobody is warned, and they have no effect."""
    pods = ("", "v1", "pods")
    pod = {"spec": {**TEMPLATE["spec"], "schedulingGates": [{"name": "wait"}]}}
    for minor, kept in ((26, False), (27, True)):
        decoded = decode(minor, pods, pod)
        assert decoded.unknown == []
        assert ("schedulingGates" in decoded.obj["spec"]) is kept
    unknown = decode(25, pods, pod).unknown
    assert unknown == ["spec.schedulingGates"]


def test_levels_of_1_25_cannot_be_lent(decode):
    """A default of a nested member that 1.25 lacks."""
    gvr = ("flowcontrol.apiserver.k8s.io", "v1beta2", "prioritylevelconfigurations")
    spec = {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}
    assert "lendablePercent" not in decode(25, gvr, {"spec": spec}).obj["spec"]["limited"]
    assert decode(26, gvr, {"spec": spec}).obj["spec"]["limited"]["lendablePercent"] == 0
