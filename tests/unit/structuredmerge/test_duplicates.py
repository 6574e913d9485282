"""A quick look for items that cannot be told apart agrees with validation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from merging_schema import OBJECTS, ROOT

from kapi.structuredmerge.duplicates import may_have_duplicates
from kapi.structuredmerge.validation import validate


@pytest.mark.parametrize(
    ("spec", "repeated"),
    [
        ({"tags": ["a", "b"], "items": [{"name": "a"}, {"name": "b"}]}, False),
        ({"tags": ["a", "a"]}, True),
        ({"items": [{"name": "a"}, {"name": "a"}]}, True),
        ({"items": [{"name": "a", "env": [{"name": "x"}, {"name": "x"}]}]}, True),
        ({"items": [{"name": "a", "args": ["x", "x"]}]}, False),
        ({"ports": [{"port": 1}, {"port": 1, "protocol": "UDP"}]}, False),
        ({"ports": [{"port": 1}, {"port": 1, "protocol": "TCP"}]}, True),
        ({"free": {"any": ["x", "x"]}, "next": {"tags": ["a", "a"]}}, True),
    ],
)
def test_duplicates(spec, repeated):
    """Keyed lists by their keys with defaults, sets by value, atomic and untyped lists not."""
    assert may_have_duplicates(ROOT, {"spec": spec}) is repeated
    assert bool(validate(ROOT, {"spec": spec})) is repeated


@given(OBJECTS, st.integers(0, 2))
def test_nothing_is_overlooked(obj, which):
    """Whatever validation finds is found, and valid objects have none."""
    assert may_have_duplicates(ROOT, obj) is bool(validate(ROOT, obj))
    spec = obj.get("spec") or {}
    for name in ("items", "tags"):
        if spec.get(name):
            again = [*spec[name], spec[name][which % len(spec[name])]]
            assert may_have_duplicates(ROOT, {**obj, "spec": {**spec, name: again}})
