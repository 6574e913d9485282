"""Counts given as a number or as a percentage."""

from __future__ import annotations

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.intstr import (
    int_or_percent_value,
    nonnegative_members,
    nonnegative_or_percent,
    not_more_than_100_percent,
)


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3), ("25%", 25), ("7", 7), ("ten", 0), ("-1%", 0), (None, 0)]
)
def test_the_number_of_a_count_or_percentage(value, number):
    """Text that is neither a percentage nor a number counts as zero, like an unset field."""
    assert int_or_percent_value(value) == number


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-1, "p: Invalid value: -1: must be greater than or equal to 0"),
        ("101%", 'p: Invalid value: "101%": must not be greater than 100%'),
    ],
)
def test_a_limit_has_bounds(value, message):
    """A limit is not negative and at most everything."""
    errors = ErrorList()
    nonnegative_or_percent(value, "p", errors)
    not_more_than_100_percent(value, "p", errors)
    assert [str(e) for e in errors] == [message]


def test_text_that_is_no_percentage_is_named_once():
    """The upper bound says nothing about text that cannot be read."""
    errors = ErrorList()
    nonnegative_or_percent("ten", "p", errors)
    not_more_than_100_percent("ten", "p", errors)
    assert len(errors) == 1
    assert "a valid percent string must be a numeric string" in errors[0].body


def test_only_members_that_are_set_are_judged_in_the_order_given():
    """Absent members and null are no negative numbers."""
    errors = ErrorList()
    nonnegative_members({"b": -2, "a": -1, "n": None, "z": 0}, "spec", ("a", "n", "x", "b"), errors)
    assert [error.path for error in errors] == ["spec.a", "spec.b"]
