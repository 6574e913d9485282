"""PodDisruptionBudget: validation and columns."""

from __future__ import annotations

from kapi.apimachinery.field import ErrorList
from kapi.apis.policy.columns import POD_DISRUPTION_BUDGET
from kapi.apis.policy.validation import validate_budget, validate_budget_status


def problems(check, **members):
    """What is wrong with a budget."""
    errors = ErrorList()
    check({"metadata": {"name": "b"}, **members}, errors)
    return [str(error) for error in errors]


def test_one_limit_or_none():
    """Both limits together are refused with the whole spec; none at all is fine."""
    assert problems(validate_budget, spec={}) == []
    spec = {"minAvailable": 1, "maxUnavailable": "10%", "selector": {"matchLabels": {"a": "b"}}}
    assert problems(validate_budget, spec=spec) == [
        (
            'spec: Invalid value: {"MinAvailable":1,"Selector":{"matchLabels":{"a":"b"}},'
            '"MaxUnavailable":"10%","UnhealthyPodEvictionPolicy":null}: minAvailable and '
            "maxUnavailable cannot be both set"
        )
    ]


def test_limits_are_counts_or_shares():
    """A share is at most everything."""
    assert problems(validate_budget, spec={"maxUnavailable": "110%"}) == [
        'spec.maxUnavailable: Invalid value: "110%": must not be greater than 100%'
    ]


def test_counts_of_the_status_are_not_negative():
    """Every one of them is checked."""
    status = {"disruptionsAllowed": -1, "expectedPods": -2}
    assert problems(validate_budget_status, status=status) == [
        "status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0",
        "status.expectedPods: Invalid value: -2: must be greater than or equal to 0",
    ]


def test_cells():
    """Limits are text, and an unset one is not applicable."""
    obj = {"metadata": {"name": "b"}, "spec": {"minAvailable": 0}, "status": {}}
    assert POD_DISRUPTION_BUDGET.cells(obj, 0.0) == ["b", "0", "N/A", 0, "<unknown>"]
