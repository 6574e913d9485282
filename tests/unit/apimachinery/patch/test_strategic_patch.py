"""Strategic merge patch: directives, merge keys, order and errors."""

from __future__ import annotations

import copy

import pytest

from kapi.apimachinery.errors import BadRequest, StatusError
from kapi.apimachinery.patch import strategic
from kapi.apimachinery.scheme.model import Field, Type

STRING = Type("string")
TEXTS = Type("list", element=STRING)
TEXT_MAP = Type("map", element=STRING)
ENV = Type("struct", "Env", {"name": Field("name", STRING), "value": Field("value", STRING)})
CONTAINER = Type(
    "struct",
    "io.example.Container",
    {
        "name": Field("name", STRING),
        "image": Field("image", STRING),
        "args": Field("args", TEXTS),
        "env": Field(
            "env", Type("list", element=ENV), patch_strategy="merge", patch_merge_key="name"
        ),
    },
)
STRATEGY = Type(
    "struct", "Strategy", {"type": Field("type", STRING), "rolling": Field("rolling", TEXT_MAP)}
)
SPEC = Type(
    "struct",
    "io.example.Spec",
    {
        "containers": Field(
            "containers",
            Type("list", element=CONTAINER),
            patch_strategy="merge",
            patch_merge_key="name",
        ),
        "labels": Field("labels", TEXT_MAP),
        "finalizers": Field("finalizers", TEXTS, patch_strategy="merge"),
        "strategy": Field("strategy", STRATEGY, patch_strategy="retainKeys"),
        "whole": Field("whole", TEXT_MAP, patch_strategy="replace"),
        "count": Field("count", Type("int32")),
    },
)
ONE = {"name": "one", "image": "a:1", "env": [{"name": "A", "value": "1"}]}
TWO = {"name": "two", "image": "b:1", "args": ["x"]}
THREE = {"name": "three", "image": "c:1"}


def run(document: dict, patch: dict) -> dict:
    """Apply a patch and check that neither side was changed."""
    before = copy.deepcopy((document, patch))
    try:
        return strategic.apply(document, patch, SPEC)
    finally:
        assert (document, patch) == before


@pytest.mark.parametrize(
    ("document", "patch", "want"),
    [
        ({"labels": {"a": "1", "b": "2"}}, {"labels": {"a": None}}, {"labels": {"b": "2"}}),
        (
            {"labels": {"a": "1"}},
            {"labels": {"$patch": "replace", "c": "3"}},
            {"labels": {"c": "3"}},
        ),
        ({"labels": {"a": "1"}}, {"labels": {"$patch": "delete"}}, {"labels": {}}),
        ({"whole": {"a": "1"}}, {"whole": {"b": "2"}}, {"whole": {"b": "2"}}),
        ({"count": 1, "labels": {"a": "1"}}, {"$patch": "replace", "count": 2}, {"count": 2}),
        ({"finalizers": ["a"]}, {"finalizers": ["b", "a"]}, {"finalizers": ["b", "a"]}),
        ({"finalizers": ["a"]}, {"finalizers": ["b"]}, {"finalizers": ["b", "a"]}),
        (
            {"finalizers": ["a", "b", "c"]},
            {"$deleteFromPrimitiveList/finalizers": ["b", "x"]},
            {"finalizers": ["a", "c"]},
        ),
        (
            {"finalizers": ["a", "b"]},
            {"$setElementOrder/finalizers": ["c", "b", "a"], "finalizers": ["c"]},
            {"finalizers": ["c", "b", "a"]},
        ),
        (
            {"strategy": {"type": "Rolling", "rolling": {"surge": "1"}}},
            {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}},
            {"strategy": {"type": "Recreate"}},
        ),
        ({}, {"labels": {"a": None, "b": "1"}, "strategy": None}, {"labels": {"b": "1"}}),
        (
            {},
            {"containers": [{"$patch": "any"}, {**THREE, "$retainKeys": ["name"]}]},
            {"containers": [{**THREE, "$retainKeys": ["name"]}]},
        ),
        ({}, {"labels": {"$patch": "any", "a": "1"}}, {}),
        ({}, {"strategy": {"rolling": {"$patch": "any"}}}, {"strategy": {}}),
        (
            {"containers": [ONE]},
            {"containers": [{**THREE, "args": None, "$retainKeys": ["name"]}]},
            {"containers": [{**THREE, "args": None, "$retainKeys": ["name"]}, ONE]},
        ),
    ],
)
def test_maps_and_primitive_lists(document: dict, patch: dict, want: dict) -> None:
    """Maps merge unless told otherwise, primitive lists are sets with an order."""
    assert run(document, patch) == want


@pytest.mark.parametrize(
    ("containers", "order", "want"),
    [
        ([{"name": "two", "image": "b:2"}], None, [ONE, {**TWO, "image": "b:2"}]),
        ([THREE], None, [THREE, ONE, TWO]),
        ([{"name": "two", "args": ["y"]}], None, [ONE, {**TWO, "args": ["y"]}]),
        ([{"name": "one", "$patch": "delete"}], None, [TWO]),
        ([{"name": "none", "$patch": "delete"}], None, [ONE, TWO]),
        ([{"$patch": "replace"}, THREE], None, [THREE]),
        (
            [{"name": "one", "env": [{"name": "B", "value": "2"}, {"name": "A", "value": "3"}]}],
            None,
            [{**ONE, "env": [{"name": "B", "value": "2"}, {"name": "A", "value": "3"}]}, TWO],
        ),
        (None, ["two", "one"], [TWO, ONE]),
        ([THREE], ["three", "two", "one"], [THREE, TWO, ONE]),
        ([THREE], ["one", "three"], [ONE, THREE, TWO]),
        ([THREE], ["three", "two"], [THREE, ONE, TWO]),
    ],
)
def test_lists_with_merge_keys(
    containers: list[dict] | None, order: list[str] | None, want: list[dict]
) -> None:
    """Items merge by key; new ones come first unless an order is given; others keep their place."""
    patch: dict = {} if containers is None else {"containers": containers}
    if order is not None:
        patch["$setElementOrder/containers"] = [{"name": name} for name in order]
    assert run({"containers": [ONE, TWO]}, patch) == {"containers": want}


@pytest.mark.parametrize(
    ("patch", "code", "message"),
    [
        (
            {"containers": [{"image": "x"}]},
            500,
            "map: map[image:x] does not contain declared merge key: name",
        ),
        (
            {"labels": {"$patch": "merge", "m": "2"}},
            500,
            "unknown patch type: merge in map: map[$patch:merge m:2]",
        ),
        (
            {"labels": {"$patch": 5}},
            500,
            "unknown patch type: %!s(int64=5) in map: map[$patch:5]",
        ),
        (
            {"strategy": {"$retainKeys": ["type"], "rolling": {"surge": "1"}}},
            400,
            "invalid patch format of retainKeys",
        ),
        (
            {"$setElementOrder/containers": [{"name": "one"}], "containers": [TWO]},
            500,
            (
                "The order in patch list:\n[map[args:[x] image:b:1 name:two]]\n"
                " doesn't match $setElementOrder list:\n[map[name:one]]\n"
            ),
        ),
        (
            {"$setElementOrder/containers": "one"},
            500,
            "expected a []interface {}, but received a string",
        ),
        (
            {"$setElementOrder/containers": [{"name": "one"}, "two"]},
            500,
            "value for key 1 is not a map",
        ),
        ({"$setElementOrder": []}, 400, "invalid patch format of setElementOrder list"),
        (
            {"labels": {"sub": {"x": {"y": "z"}}}},
            500,
            "merging an object in json but data type is not struct, instead is: map",
        ),
        (
            {"containers": [{"name": "one", "env": [["x"]]}]},
            500,
            "list element types are not identical: [[map[name:A value:1]] [[x]]]",
        ),
    ],
)
def test_errors(patch: dict, code: int, message: str) -> None:
    """A patch that does not fit the type fails with the message that clients know."""
    document = {
        "containers": [ONE, TWO],
        "labels": {"a": "1", "sub": {"x": {}}},
        "strategy": {"type": "Rolling"},
    }
    with pytest.raises(StatusError) as caught:
        run(document, patch)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_bodies_that_are_no_patch() -> None:
    """Only an object is a strategic merge patch."""
    for body, message in (
        (b"{", "unexpected end of JSON input"),
        (b"[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ):
        with pytest.raises(BadRequest) as caught:
            strategic.decode(body)
        assert caught.value.message == message


@pytest.mark.parametrize(
    ("patch", "text"),
    [
        ({"labels": {"b": 5, "a": None}}, "map[labels:map[a:<nil> b:5]]"),
        ({"new": {"$retainKeys": ["a"], "a": "1"}}, "map[new:map[$retainKeys:[a] a:1]]"),
        ({"labels": {"$patch": "replace", "a": 5}}, "map[labels:map[a:5]]"),
        ({"$retainKeys": ["count"], "count": "x"}, "map[count:x]"),
        ({"$setElementOrder/finalizers": ["a"], "finalizers": ["a"], "n": [1.5]}, "map[n:[1.5]]"),
        (
            {"$deleteFromPrimitiveList/finalizers": ["a"]},
            "map[$deleteFromPrimitiveList/finalizers:[a]]",
        ),
    ],
)
def test_quoted_patches(patch: dict, text: str) -> None:
    """Messages show a patch without the directives that the document obeyed."""
    assert strategic.shown_patch({"labels": {}}, patch) == text


def test_unchanged_parts_are_shared() -> None:
    """What the patch does not touch is not copied."""
    document = {"containers": [ONE, TWO], "labels": {"a": "1"}}
    result = run(document, {"containers": [{"name": "two", "image": "b:2"}]})
    assert result["labels"] is document["labels"]
    assert result["containers"][0] is ONE
