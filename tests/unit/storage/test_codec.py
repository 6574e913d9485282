"""Stored values and the bytes that are served."""

from __future__ import annotations

import orjson
import pytest

from kapi.storage.cacher import JSONCodec, stored_value, value_header
from kapi.storage.errors import Corrupt

HEADER = value_header("apps/v1", "Deployment")
CODEC = JSONCodec("/r/", [value_header("apps/v1beta1", "Deployment"), HEADER])

OBJECTS = [
    {"metadata": {}},
    {"metadata": {"name": "a"}},
    {"metadata": {}, "spec": {"a": 1}},
    {"metadata": {"name": "a", "resourceVersion": "5"}, "spec": {}, "kind": "x"},
]


@pytest.mark.parametrize("obj", OBJECTS)
def test_a_stored_value_is_the_plain_object_and_becomes_its_body(obj):
    """The header names apiVersion and kind, the resourceVersion is added when served."""
    value = stored_value(obj, HEADER)
    metadata = {name: each for name, each in obj["metadata"].items() if name != "resourceVersion"}
    rest = {name: each for name, each in obj.items() if name not in ("kind", "metadata")}
    stored = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, **rest}
    assert orjson.loads(value) == stored
    entry = CODEC.decode("/r/ns/a", value, 71)
    assert orjson.loads(entry.body) == {
        "metadata": {"resourceVersion": "71", **metadata},
        **rest,
    }
    assert orjson.loads(entry.at(123).body)["metadata"]["resourceVersion"] == "123"
    assert entry.at(123).at(71).body == entry.body


@pytest.mark.parametrize("obj", OBJECTS)
def test_an_entry_knows_whether_a_value_would_change_it(obj):
    """Equal bytes are no change, also under another revision; another version is one."""
    value = stored_value(obj, HEADER)
    entry = CODEC.decode("/r/ns/a", value, 9)
    assert entry.holds(value)
    assert not entry.holds(value[:-1] + b',"x":1}')
    assert not entry.holds(stored_value(obj, value_header("apps/v1beta1", "Deployment")))
    assert not entry.holds(stored_value({"metadata": {"name": "b"}}, HEADER))


def test_a_value_of_another_layout_is_laid_out_again():
    """Another order of members or white space, as another program may have written it."""
    value = b'{ "kind": "Deployment", "spec": {"a": 1}, "apiVersion": "apps/v1", "metadata": {"resourceVersion": "3", "name": "a", "labels": {"x": "y"}}}'  # noqa: E501
    entry = CODEC.decode("/r/ns/a", value, 12)
    assert entry.body == (
        b'{"metadata":{"resourceVersion":"12","name":"a","labels":{"x":"y"}},"spec":{"a":1}}'
    )
    assert entry.labels == {"x": "y"}
    assert not entry.holds(value)


def test_keys_name_namespace_and_object():
    """Cluster-scoped objects have no namespace."""
    value = stored_value({"metadata": {"name": "a"}}, HEADER)
    assert (CODEC.decode("/r/a", value, 1).namespace, CODEC.decode("/r/a", value, 1).name) == (
        "",
        "a",
    )
    assert CODEC.decode("/r/ns/a", value, 1).namespace == "ns"


def test_fields_for_selectors_come_from_the_object():
    """In the order that the resource defines."""
    codec = JSONCodec("/r/", [HEADER], lambda obj: (obj.get("spec", {}).get("node", ""), "x"))
    assert codec.decode("/r/a", stored_value({"metadata": {}}, HEADER), 1).fields == ("", "x")
    value = stored_value({"metadata": {}, "spec": {"node": "n1"}}, HEADER)
    assert codec.decode("/r/a", value, 1).fields == ("n1", "x")


@pytest.mark.parametrize("value", [b"", b"[]", b"{}", b'{"metadata":1}', b"{", b"null"])
def test_what_is_no_object_is_corrupt(value):
    """The message names the key."""
    with pytest.raises(Corrupt, match="/r/a"):
        CODEC.decode("/r/a", value, 1)
