"""Field sets: algebra against plain sets of paths, the FieldsV1 form, texts of paths."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapi.structuredmerge import fieldpath
from kapi.structuredmerge.fieldpath import from_paths, paths

ELEMENTS = st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', 'v:"y"', "i:0"])
PATHS = st.sets(st.lists(ELEMENTS, min_size=1, max_size=4).map(tuple), max_size=12)


def as_set(fields):
    return set(paths(fields))


@given(PATHS, PATHS)
def test_algebra_is_that_of_plain_sets(a, b):
    """Union, difference and intersection agree with Python's sets of paths."""
    left, right = from_paths(a), from_paths(b)
    assert as_set(left) == a
    assert as_set(fieldpath.union(left, right)) == a | b
    assert as_set(fieldpath.difference(left, right)) == a - b
    assert as_set(fieldpath.intersection(left, right)) == a & b


@given(PATHS, PATHS)
def test_recursive_difference_takes_what_is_below(a, b):
    """A path goes when it or one of its prefixes is in the second set."""
    left = fieldpath.recursive_difference(from_paths(a), from_paths(b))
    assert as_set(left) == {p for p in a if not any(p[:n] in b for n in range(1, len(p) + 1))}


@given(PATHS)
def test_leaves_have_nothing_below_them(a):
    """Leaves are the paths that are no prefix of another."""
    leaves = {p for p in a if not any(q != p and q[: len(p)] == p for q in a)}
    assert as_set(fieldpath.leaves(from_paths(a))) == leaves


@given(PATHS, PATHS)
def test_results_are_canonical_and_arguments_stay(a, b):
    """Equal sets are equal dictionaries, and no function changes its arguments."""
    left, right = from_paths(a), from_paths(b)
    before = json.dumps([left, right])
    assert fieldpath.union(left, right) == from_paths(a | b)
    assert fieldpath.difference(left, right) == from_paths(a - b)
    assert fieldpath.intersection(left, right) == from_paths(a & b)
    assert json.dumps([left, right]) == before


@given(PATHS)
def test_fields_v1_round_trip(a):
    """Writing a set in order and reading it again gives the same set."""
    fields = from_paths(a)
    text = json.dumps(fieldpath.ordered(fields))
    assert fieldpath.read_fields_v1(json.loads(text)) == fields
    assert all(fieldpath.has(fields, path) for path in a)


def test_written_order_is_self_then_members_then_items():
    """Members come before items, items by the value of their keys, numbers by size."""
    fields = from_paths(
        [
            ("v:2",),
            ('k:{"port":443}',),
            ('k:{"port":80}',),
            ("f:b",),
            ("f:a", "f:c"),
            ("f:a",),
            ('k:{"name":"a b"}',),
        ]
    )
    assert list(fieldpath.ordered(fields)) == [
        "f:a",
        "f:b",
        'k:{"name":"a b"}',
        'k:{"port":80}',
        'k:{"port":443}',
        "v:2",
    ]
    assert list(fieldpath.ordered(fields)["f:a"]) == [".", "f:c"]


def test_lone_self_is_written_as_empty():
    """What is left of a map whose entries were taken is {}, not {".": {}}."""
    created = {"f:data": {".": {}, "f:x": {}}}
    assert fieldpath.difference(created, {"f:data": {"f:x": {}}}) == {"f:data": {}}


def test_reading_brings_elements_into_canonical_form():
    """Spaces and key order in an element do not matter; unknown kinds of elements are dropped."""
    given_fields = {'k:{"b": 1, "a": "x&y"}': {".": {}, "g:new": {}}, "g:data": {}}
    assert fieldpath.read_fields_v1(given_fields) == {'k:{"a":"x\\u0026y","b":1}': {}}


@pytest.mark.parametrize(
    "value", ["x", 5, [], {"f:data": 5}, {"k:{": {}}, {"k:1": {}}, {"i:x": {}}]
)
def test_malformed_sets_are_refused(value):
    """What is no tree of path elements raises ValueError."""
    with pytest.raises(ValueError):
        fieldpath.read_fields_v1(value)


def test_path_text_is_that_of_messages():
    """Members after dots, keys and values in brackets."""
    path = ("f:spec", 'k:{"port":80,"protocol":"TCP"}', "f:name")
    assert fieldpath.path_text(path) == '.spec[port=80,protocol="TCP"].name'
    assert fieldpath.path_text(("f:finalizers", 'v:"a/b"')) == '.finalizers[="a/b"]'
    assert fieldpath.path_text(("f:args", "i:3")) == ".args[3]"


def test_paths_end_before_they_go_on():
    """Conflicts list the fields of a level before those below it."""
    fields = {"f:a": {"f:x": {}}, "f:b": {}}
    assert [fieldpath.path_text(p) for p in paths(fields)] == [".b", ".a.x"]
