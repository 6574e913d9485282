"""What counts as added, changed and removed between two values."""

from __future__ import annotations

import pytest
from hypothesis import given
from merging_schema import OBJECTS, ROOT, SPEC

from kapi.structuredmerge.comparison import Comparer
from kapi.structuredmerge.fieldpath import LEAF, difference, paths, union
from kapi.structuredmerge.listitems import SchemaError
from kapi.structuredmerge.schema import DEDUCED, MapSchema

COMPARER = Comparer(exact=True)


def changes(old, new, schema=ROOT, exclude=LEAF):
    return COMPARER.changes(schema, exclude)(old, new)


@given(OBJECTS, OBJECTS)
def test_changes_lead_from_all_old_fields_to_all_new_ones(old, new):
    """The fields of the new value are those of the old one, less the removed, and the changed."""
    if old == new:
        return
    changed, removed = changes(old, new)
    before, after = COMPARER.added(ROOT)(old), COMPARER.added(ROOT)(new)
    reached = set(paths(union(difference(before, removed or LEAF), changed or LEAF)))
    assert set(paths(after)) == reached


def test_creation_owns_maps_and_lists_with_their_parts():
    """What was not there is owned itself, and so is all that is in it."""
    value = {"spec": {"size": 1, "items": [{"name": "x", "args": ["a"]}], "tags": ["b", "a"]}}
    assert COMPARER.added(ROOT)(value)["f:spec"] == {
        ".": {},
        "f:items": {".": {}, 'k:{"name":"x"}': {".": {}, "f:args": {}, "f:name": {}}},
        "f:size": {},
        "f:tags": {".": {}, 'v:"a"': {}, 'v:"b"': {}},
    }


def test_zero_values_are_nobodys():
    """Members of the empty object are owned only where they differ from it."""
    zero = {"spec": {"size": 0, "items": None}, "data": None}
    created = COMPARER.created(ROOT, zero)
    assert created({"spec": {"size": 0, "items": None}, "data": None}) is None
    assert created({"spec": {"size": 2, "items": [{"name": "x"}]}, "data": {"a": "b"}}) == {
        "f:data": {"f:a": {}},
        "f:spec": {"f:items": {'k:{"name":"x"}': {".": {}, "f:name": {}}}, "f:size": {}},
    }
    assert created({"spec": {"items": []}}) == {"f:spec": {"f:items": {}}}


@pytest.mark.parametrize("spec", ["x", ["x"], 5, {"items": "x"}, {"tags": {"a": 1}}])
def test_values_of_another_form_are_refused(spec):
    """Text in the place of an object or a list is no change of its parts."""
    old = {"spec": {"size": 1, "items": [{"name": "x"}], "tags": ["a"]}}
    with pytest.raises(SchemaError):
        changes(old, {"spec": spec})
    with pytest.raises(SchemaError):
        COMPARER.added(ROOT)({"spec": spec})


def test_excluded_fields_are_not_seen():
    """A reset field changes without a trace, at creation and later."""
    exclude = {"f:spec": {"f:size": {}}}
    created = COMPARER.created(ROOT, {}, exclude)
    assert created({"spec": {"size": 1, "paused": True}}) == {"f:spec": {"f:paused": {}}}
    old = {"spec": {"size": 1, "paused": True}}
    assert changes(old, {"spec": {"size": 2, "paused": True}}, exclude=exclude) == (None, None)


def test_order_of_keyed_items_is_no_change():
    """Moving an item of a keyed list changes no field."""
    a, b = {"name": "a"}, {"name": "b"}
    assert changes({"items": [a, b]}, {"items": [b, a]}, SPEC) == (None, None)


def test_atomic_values_change_as_a_whole():
    """An atomic map is one field, whatever differs in it."""
    old, new = {"selector": {"a": "1", "b": "2"}}, {"selector": {"a": "1"}}
    assert changes(old, new, SPEC) == ({"f:selector": {}}, None)


def test_items_that_share_a_key_are_one_field_without_parts():
    """A second item with the same key turns both into one owned value."""
    one, two = {"name": "a", "image": "x"}, {"name": "a", "image": "y"}
    changed, removed = changes({"items": [one]}, {"items": [one, two]}, SPEC)
    key = 'k:{"name":"a"}'
    assert changed == {"f:items": {key: {}}}
    assert removed == {"f:items": {key: {".": {}, "f:image": {}, "f:name": {}}}}
    assert changes({"items": [one, two]}, {"items": [two, one]}, SPEC)[0] == changed


def test_true_is_not_one_in_untyped_values():
    """A change from true to 1 is seen where no schema says which it is."""
    free = MapSchema(element=lambda: DEDUCED)
    assert changes({"a": {"b": True}}, {"a": {"b": 1}}, free) == ({"f:a": {"f:b": {}}}, None)


def test_key_default_stands_for_a_missing_key():
    """A port without protocol has the identity of a TCP port."""
    node = COMPARER.added(SPEC)({"ports": [{"port": 53}, {"port": 53, "protocol": "UDP"}]})
    assert list(node["f:ports"]) == [
        ".",
        'k:{"port":53,"protocol":"TCP"}',
        'k:{"port":53,"protocol":"UDP"}',
    ]


def test_recursive_schemas_are_walked_to_any_depth():
    """A struct that contains itself is compiled once and walked as deep as the value."""
    assert changes({"next": {"next": {"size": 1}}}, {"next": {"next": {"size": 2}}}, SPEC) == (
        {"f:next": {"f:next": {"f:size": {}}}},
        None,
    )
