"""JSON Merge Patch: the examples of RFC 7386 and the errors for other bodies."""

from __future__ import annotations

import pytest

from kapi.apimachinery.errors import BadRequest
from kapi.apimachinery.patch import merge


@pytest.mark.parametrize(
    ("document", "patch", "want"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({}, {"a": [{"b": None}, None]}, {"a": [{}, None]}),
    ],
)
def test_merging(document: dict, patch: dict, want: dict) -> None:
    """Objects are merged, null removes, everything else replaces; the input stays as it is."""
    before, patch_before = repr(document), repr(patch)
    assert merge.apply(document, patch) == want
    assert (repr(document), repr(patch)) == (before, patch_before)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "error decoding patch: unexpected end of JSON input"),
        (b"null", "Invalid JSON Patch"),
        (
            b"[]",
            (
                "error decoding patch: json: cannot unmarshal array into Go value of type "
                "map[string]interface {}"
            ),
        ),
    ],
)
def test_bodies_that_are_no_patch(body: bytes, message: str) -> None:
    """Only an object is a merge patch."""
    with pytest.raises(BadRequest) as caught:
        merge.decode(body)
    assert caught.value.message == message


def test_repeated_members_are_noticed() -> None:
    """The last of repeated members counts, objects are not merged."""
    assert merge.decode(b'{"a":{"b":1},"a":{"c":2}}') == (
        {"a": {"c": 2}},
        ['duplicate field "a"'],
    )
