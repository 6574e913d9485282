"""PriorityClass."""

from __future__ import annotations

from kapi.apimachinery.field import ErrorList
from kapi.apis.scheduling.defaults import default_priority_class
from kapi.apis.scheduling.validation import (
    validate_priority_class,
    validate_priority_class_update,
)


def priority_class(name="pc", **members):
    obj = {"metadata": {"name": name}, **members}
    default_priority_class(obj)
    return obj


def errors_of(obj):
    errors = ErrorList()
    validate_priority_class(obj, errors)
    return [str(error) for error in errors]


def test_high_values_belong_to_the_system():
    """The system's own classes are accepted with their values only."""
    assert errors_of(priority_class(value=1_000_000_000)) == []
    assert errors_of(priority_class(value=1_000_000_001)) == [
        "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"
    ]
    name = "system-node-critical"
    assert errors_of(priority_class(name, value=2_000_001_000)) == []
    assert errors_of(priority_class(name, value=7))[0].endswith(
        f"error: value of {name} PriorityClass must be 2000001000"
    )


def test_other_names_of_the_system_are_reserved():
    """The prefix alone is enough."""
    (error,) = errors_of(priority_class("system-mine", value=1))
    assert error.startswith("metadata.name: Forbidden: priority class names with 'system-' prefix")


def test_value_and_policy_are_fixed_and_reported_differently():
    """One is forbidden, the other immutable."""
    errors = ErrorList()
    new = priority_class(value=2, preemptionPolicy="Never", description="x")
    validate_priority_class_update(new, priority_class(value=1), errors)
    assert [str(error) for error in errors] == [
        "value: Forbidden: may not be changed in an update.",
        'preemptionPolicy: Invalid value: "Never": field is immutable',
    ]
