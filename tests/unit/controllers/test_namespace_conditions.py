"""The conditions of a terminating namespace."""

from __future__ import annotations

from kapi.apimachinery.types import GroupResource
from kapi.controllers.namespace_conditions import Remaining, with_conditions

PODS = "pods. has 2 resource instances"
ROLES = "roles.rbac.authorization.k8s.io has 1 resource instances"


def test_transition_times():
    """The time changes with the status, not with the message; conditions of others stay."""
    pods, roles = GroupResource("", "pods"), GroupResource("rbac.authorization.k8s.io", "roles")
    foreign = {"type": "Example", "status": "True"}
    first = with_conditions([foreign], Remaining({pods: 2, roles: 1}), "t1")
    second = with_conditions(first, Remaining({pods: 1}), "t2")
    third = with_conditions(second, Remaining(), "t3")
    assert all(conditions[0] == foreign for conditions in (first, second, third))
    told = [
        {c["type"]: c for c in conditions}["NamespaceContentRemaining"]
        for conditions in (first, second, third)
    ]
    assert [c["message"] for c in told] == [
        f"Some resources are remaining: {PODS}, {ROLES}",
        "Some resources are remaining: pods. has 1 resource instances",
        "All content successfully removed",
    ]
    assert [c["lastTransitionTime"] for c in told] == ["t1", "t1", "t3"]


def test_failures():
    """What could not be deleted is told."""
    found = with_conditions([], Remaining(failures=["no"]), "t")
    failed = {c["type"]: c for c in found}["NamespaceDeletionContentFailure"]
    assert (failed["status"], failed["reason"]) == ("True", "ContentDeletionFailed")
    assert failed["message"] == "Failed to delete all resource types, 1 remaining: no"
