"""Lease and LeaseCandidate."""

from __future__ import annotations

from kapi.apimachinery.field import ErrorList
from kapi.apis.coordination.strategy import LeaseStrategy
from kapi.apis.coordination.validation import (
    validate_lease,
    validate_lease_candidate,
    validate_lease_candidate_update,
)
from kapi.registry.context import RequestContext, UserInfo

CANDIDATE = {
    "leaseName": "l",
    "binaryVersion": "1.36.0",
    "emulationVersion": "1.35.0",
    "strategy": "OldestEmulationVersion",
}


def test_a_lease_lasts_and_counts_from_zero():
    """Durations are positive, transitions are not negative."""
    errors = ErrorList()
    validate_lease({"spec": {"leaseDurationSeconds": 0, "leaseTransitions": -1}}, errors)
    validate_lease({"spec": {"leaseDurationSeconds": 1, "leaseTransitions": 0}}, errors)
    validate_lease({}, errors)
    assert [str(error) for error in errors] == [
        "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
        "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
    ]


def test_members_of_coordinated_election_are_dropped_unless_in_use():
    """They belong to a feature that is off."""
    context = RequestContext(UserInfo("u"), "ns", "l", 0.0, 36)
    strategy = LeaseStrategy()
    obj = {"spec": {"holderIdentity": "a", "strategy": "Oldest"}}
    strategy.prepare_for_update(context, obj, {"spec": {"preferredHolder": "b"}})
    assert "strategy" in obj["spec"]
    strategy.prepare_for_update(context, obj, {"spec": {}})
    assert obj["spec"] == {"holderIdentity": "a"}


def test_a_candidate_does_not_emulate_a_later_version():
    """Versions are compared as numbers."""
    errors = ErrorList()
    validate_lease_candidate({"spec": CANDIDATE}, errors)
    assert errors == []
    validate_lease_candidate({"spec": {**CANDIDATE, "emulationVersion": "1.100.0"}}, errors)
    validate_lease_candidate_update({"spec": CANDIDATE}, {"spec": {"leaseName": "m"}}, errors)
    assert [str(error) for error in errors] == [
        (
            'spec.emulationVersion: Invalid value: "1.100.0": must be less than or equal to '
            "`binaryVersion`"
        ),
        'spec.leaseName: Invalid value: "l": field is immutable',
    ]
