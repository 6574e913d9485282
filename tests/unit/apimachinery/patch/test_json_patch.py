"""JSON Patch: RFC 6902 with kube-apiserver's answers to its open ends."""

from __future__ import annotations

import copy
import json as standard

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapi.apimachinery.errors import BadRequest, Invalid, RequestEntityTooLarge
from kapi.apimachinery.patch import json


def run(document: dict, *operations: dict) -> object:
    """Apply operations and check that the document itself stays as it was."""
    before = copy.deepcopy(document)
    try:
        return json.apply(document, list(operations))
    finally:
        assert document == before


DOCUMENT = {"data": {"a/b": "1", "m~n": "2"}, "list": [1, 2, {"x": "y"}], "none": None}


@pytest.mark.parametrize(
    ("operation", "path", "want"),
    [
        (
            {"op": "add", "path": "/data/new", "value": 1},
            "data",
            {"a/b": "1", "m~n": "2", "new": 1},
        ),
        ({"op": "replace", "path": "/data/a~1b", "value": 1}, "data", {"a/b": 1, "m~n": "2"}),
        ({"op": "replace", "path": "/data/z", "value": 1}, "data", {**DOCUMENT["data"], "z": 1}),
        ({"op": "remove", "path": "/data/m~0n"}, "data", {"a/b": "1"}),
        ({"op": "add", "path": "/list/-", "value": 9}, "list", [1, 2, {"x": "y"}, 9]),
        ({"op": "add", "path": "/list/3", "value": 9}, "list", [1, 2, {"x": "y"}, 9]),
        ({"op": "add", "path": "/list/-1", "value": 9}, "list", [1, 2, {"x": "y"}, 9]),
        ({"op": "add", "path": "/list/1", "value": 9}, "list", [1, 9, 2, {"x": "y"}]),
        ({"op": "replace", "path": "/list/-3", "value": 9}, "list", [9, 2, {"x": "y"}]),
        ({"op": "remove", "path": "/list/-1"}, "list", [1, 2]),
        ({"op": "replace", "path": "/list/2/x", "value": 9}, "list", [1, 2, {"x": 9}]),
        ({"op": "move", "from": "/data/m~0n", "path": "/m"}, "data", {"a/b": "1"}),
        ({"op": "copy", "from": "/list/2", "path": "/data"}, "data", {"x": "y"}),
        ({"op": "copy", "from": "/data/none", "path": "/data"}, "data", None),
        ({"op": "test", "path": "/data/missing", "value": None}, "none", None),
        ({"op": "test", "path": "/list", "value": [1, 2, {"x": "y"}]}, "none", None),
    ],
)
def test_operations(operation: dict, path: str, want: object) -> None:
    """Each operation does what RFC 6902 says; negative indexes count from the end."""
    result = run(DOCUMENT, operation)
    assert isinstance(result, dict)
    assert result[path] == want


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "frobnicate", "path": "/data"},
        {"op": "add", "value": 1},
        {"op": "add", "path": "", "value": {}},
        {"op": "add", "path": "/no/such", "value": 1},
        {"op": "add", "path": "/list/4", "value": 1},
        {"op": "add", "path": "/list/x", "value": 1},
        {"op": "replace", "path": "/list/3", "value": 1},
        {"op": "replace", "path": "", "value": "text"},
        {"op": "remove", "path": "/data/none"},
        {"op": "remove", "path": "/list/-4"},
        {"op": "move", "path": "/data/x", "from": "/data/none"},
        {"op": "copy", "path": "/data/x"},
        {"op": "test", "path": "/list/0", "value": True},
        {"op": "test", "path": "/list/0", "value": 1.0},
        {"op": "test", "path": "/none/x", "value": None},
    ],
)
def test_failures(operation: dict) -> None:
    """Whatever goes wrong is the same 422, and nothing was changed."""
    with pytest.raises(Invalid) as caught:
        run(
            DOCUMENT,
            {"op": "remove", "path": "/list"},
            {"op": "add", "path": "/list", "value": [1]},
            operation,
        )
    assert caught.value.message == "the server rejected our request due to an error in our request"
    assert caught.value.details == {}


def test_a_copy_is_no_alias() -> None:
    """Changing a copy leaves its source alone."""
    result = run(
        DOCUMENT,
        {"op": "copy", "from": "/list", "path": "/data/l"},
        {"op": "replace", "path": "/data/l/2/x", "value": "changed"},
    )
    assert result == {**DOCUMENT, "data": {**DOCUMENT["data"], "l": [1, 2, {"x": "changed"}]}}


def test_copies_are_limited() -> None:
    """Copies that double a document again and again are refused."""
    double = [{"op": "copy", "from": "/data", "path": f"/data/{i}"} for i in range(40)]
    with pytest.raises(Invalid):
        run({"data": {"x": "y" * 1000}}, *double)


def test_decoding() -> None:
    """Unknown and repeated members are noticed; anything but operations is refused."""
    body = b'[{"op":"add","path":"/a","value":1,"why":2,"op":"test"},null]'
    operations, noticed = json.decode(body)
    assert operations == [{"op": "test", "path": "/a", "value": 1, "why": 2}, None]
    assert noticed == [
        'json patch duplicate field "[0].op"',
        'json patch unknown field "[0].why"',
    ]
    for text, message in (
        (b"[", "unexpected end of JSON input"),
        (b"{}", "json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
        (b"[5]", "json: cannot unmarshal number into Go value of type handlers.jsonPatchOp"),
        (
            b'[{"op":5}]',
            "json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
        ),
    ):
        with pytest.raises(BadRequest) as caught:
            json.decode(text)
        assert caught.value.message == f"error decoding patch: {message}"
    with pytest.raises(RequestEntityTooLarge, match="10000, got 10001"):
        json.decode(standard.dumps([{}] * 10_001).encode())


KEYS = st.sampled_from(["a", "b", "0", "1", "-"])
VALUES = st.recursive(
    st.none() | st.integers(0, 3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
PATHS = st.lists(KEYS, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
OPERATIONS = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
        "path": PATHS,
        "from": PATHS,
        "value": VALUES,
    }
)


@given(st.dictionaries(KEYS, VALUES), st.lists(OPERATIONS, max_size=5))
def test_neither_document_nor_patch_is_changed(document: dict, operations: list[dict]) -> None:
    """Any patch, applied twice to the same document, gives the same answer."""
    before = copy.deepcopy(operations)
    try:
        first = run(document, *operations)
    except Invalid:
        with pytest.raises(Invalid):
            run(document, *operations)
    else:
        kept = copy.deepcopy(first)
        assert run(document, *operations) == first == kept
    assert operations == before
