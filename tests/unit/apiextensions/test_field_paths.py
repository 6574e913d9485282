"""Paths of fields below a schema."""

from __future__ import annotations

import pytest

from kapi.apiextensions.definition.version_validation import (
    validate_columns,
    validate_selectable_fields,
    validate_subresources,
)
from kapi.apiextensions.schema.field_path import FieldPathError, find_field
from kapi.apimachinery.field import ErrorList

SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "a.b": {"type": "string"},
                "m": {"type": "object", "additionalProperties": {"type": "integer"}},
                "o": {"type": "object"},
            },
        },
        "metadata": {"type": "object", "properties": {"name": {"type": "string"}}},
    },
}


@pytest.mark.parametrize(
    ("path", "names", "shown"),
    [
        (".spec.m.k", ("spec", "m", "k"), ".spec.m[k]"),
        (".spec['a.b']", ("spec", "a.b"), ".spec.a.b"),
        ("['spec'].m['k']", ("spec", "m", "k"), ".spec.m[k]"),
    ],
)
def test_paths(path, names, shown):
    """Members by name or in brackets; keys of maps are shown in brackets."""
    found = find_field(path, SCHEMA)
    assert (found.names, found.shown) == (names, shown)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("spec", "expected [ or . but got: spec"),
        (".spec.", "unexpected end of JSON path"),
        ("..spec", "does not refer to a valid field"),
        (".spec.zz", "does not refer to a valid field"),
        (".spec.o.k", "does not refer to a valid field"),
        (".spec[0]", "expected single quoted string but got 0"),
        (".spec['m'", "unexpected end of JSON path"),
        (".spec['m'.", "expected ] but got ."),
    ],
)
def test_paths_that_lead_nowhere(path, why):
    """The error says at what the path breaks."""
    with pytest.raises(FieldPathError) as caught:
        find_field(path, SCHEMA)
    assert str(caught.value) == why


def selectable(*paths):
    errors = ErrorList()
    validate_selectable_fields([{"jsonPath": path} for path in paths], SCHEMA, "f", errors)
    return [str(error) for error in errors]


def test_selectable_fields():
    """They are scalars outside of metadata, named once, without brackets."""
    assert selectable(".spec.m.k", ".spec.m.k", ".spec['o']", ".metadata.name", "") == [
        'f[1].jsonPath: Duplicate value: ".spec.m.k"',
        (
            "f[2].jsonPath: Invalid value: \".spec['o']\": is an invalid path: array notation is "
            "not allowed"
        ),
        'f[3].jsonPath: Invalid value: ".metadata.name": must not point to fields in metadata',
        "f[4].jsonPath: Required value",
    ]


def test_the_number_of_selectable_fields_is_told_last():
    """Only good paths count."""
    paths = [f".spec.m.k{index}" for index in range(9)]
    assert selectable(*paths, ".nope")[1:] == ["f: Too many: 9: must have at most 8 items"]


def test_columns_and_scale_ask_only_for_a_point_in_front():
    """Whatever follows is looked at when objects are shown."""
    errors = ErrorList()
    columns = [{"name": "a", "type": "string", "jsonPath": path} for path in (".a[", "a", "")]
    validate_columns(columns, "c", errors)
    scale = {"specReplicasPath": ".spec[0].a", "statusReplicasPath": ".status.a b"}
    validate_subresources({"scale": scale}, "s", errors)
    assert [str(error) for error in errors] == [
        'c[1].JSONPath: Invalid value: "a": must be a simple json path starting with .',
        "c[2].JSONPath: Required value",
        's.scale.specReplicasPath: Invalid value: ".spec[0].a": should be a json path under .spec',
    ]
