"""Which parts of a value would replace something as a whole."""

from __future__ import annotations

import pytest
from merging_schema import ROOT

from kapi.structuredmerge.atomics import atomic_paths
from kapi.structuredmerge.schema import DEDUCED, MapSchema, Untyped


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({"data": {"a": "b"}, "spec": {"size": 1, "tags": ["x"]}}, []),
        ({"spec": {"selector": {"a": "b"}}}, [".spec.selector"]),
        (
            {"spec": {"items": [{"name": "a"}, {"name": "b", "args": []}]}},
            [".spec.items[1].args"],
        ),
        ({"spec": {"items": [{"name": "a", "env": [{"name": "x"}]}]}}, []),
        ({"spec": {"free": {"any": ["x"]}}}, []),
        ({"spec": {"free": ["x"]}}, [".spec.free"]),
        (
            {"spec": {"next": {"selector": {}, "free": [1]}}},
            [".spec.next.selector", ".spec.next.free"],
        ),
    ],
)
def test_paths(value, paths):
    """Every atomic value is named, also those inside others; what has no schema is not searched."""
    assert atomic_paths(ROOT, value) == paths


def test_untyped_values():
    """Untyped maps are merged unless they are atomic, untyped lists never."""
    schema = MapSchema({"a": lambda: Untyped(atomic=True), "d": lambda: DEDUCED})
    assert atomic_paths(schema, {"a": {}, "d": {"x": []}}) == [".a"]
    assert atomic_paths(schema, {"a": 1, "d": []}) == [".d"]
