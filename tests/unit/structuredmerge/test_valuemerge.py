"""Merging an applied value into a live one, and taking fields out of a value."""

from __future__ import annotations

import pytest
from merging_schema import TYPED


def items(*names):
    return {"spec": {"items": [{"name": name} for name in names]}}


@pytest.mark.parametrize(
    ("live", "applied", "merged"),
    [
        ("ab", "c", "abc"),
        ("ba", "ab", "ab"),
        ("ab", "ca", "cab"),
        ("abxc", "cda", "bxcda"),
        ("abc", "cb", "acb"),
        ("", "ba", "ba"),
        ("ab", "", "ab"),
    ],
)
def test_items_follow_the_applied_order(live, applied, merged):
    """Applied items stand in the applied order, others keep their place among them."""
    assert TYPED.merge(items(*live), items(*applied)) == items(*merged)


def test_keyed_items_merge_and_atomic_values_are_replaced():
    """Parts of an item come from both sides, an atomic list from the applied one alone."""
    live = {"spec": {"items": [{"name": "a", "image": "x", "args": ["1", "2"]}]}}
    applied = {"spec": {"items": [{"name": "a", "args": ["3"]}], "selector": {"b": "c"}}}
    assert TYPED.merge(live, applied) == {
        "spec": {
            "items": [{"name": "a", "image": "x", "args": ["3"]}],
            "selector": {"b": "c"},
        }
    }
    assert live["spec"]["items"][0]["args"] == ["1", "2"]


def test_untyped_maps_merge_and_untyped_lists_are_replaced():
    """Without a schema maps are granular and lists atomic."""
    live = {"spec": {"free": {"a": {"b": 1}, "l": [1]}}}
    applied = {"spec": {"free": {"a": {"c": 2}, "l": [2]}}}
    assert TYPED.merge(live, applied) == {"spec": {"free": {"a": {"b": 1, "c": 2}, "l": [2]}}}


def test_removing_takes_paths_with_all_below_them():
    """An item goes with its parts, a map that loses everything stays, empty."""
    value = {"data": {"x": "1"}, "spec": {"items": [{"name": "a", "image": "i"}, {"name": "b"}]}}
    fields = {
        "f:data": {"f:x": {}},
        "f:spec": {"f:items": {'k:{"name":"a"}': {"f:image": {}}, 'k:{"name":"b"}': {}}},
    }
    assert TYPED.remove(value, fields) == {"data": {}, "spec": {"items": [{"name": "a"}]}}


def test_field_set_names_items_and_entries_not_structs():
    """An applied struct is not owned as such; items, map entries and empty structs are."""
    value = {"data": {"x": "1"}, "spec": {"items": [{"name": "a", "env": []}], "next": {}}}
    assert TYPED.field_set(value) == {
        "f:data": {"f:x": {}},
        "f:spec": {"f:items": {'k:{"name":"a"}': {".": {}, "f:name": {}}}, "f:next": {}},
    }


def test_named_members_are_the_structs_on_the_way():
    """Struct members get fields of their own, map entries and items do not."""
    fields = {"f:spec": {"f:items": {'k:{"name":"a"}': {"f:image": {}}}}}
    assert TYPED.with_named_members(fields) == {
        "f:spec": {".": {}, "f:items": {".": {}, 'k:{"name":"a"}': {"f:image": {}}}}
    }


def test_owners_of_parts_own_the_whole_once_it_is_atomic():
    """After a schema change to atomic the parts in a set become the value; others stay."""
    fields = {
        "f:data": {"f:x": {}},
        "f:spec": {"f:selector": {".": {}, "f:a": {}}, "f:items": {'k:{"name":"a"}': {}}},
    }
    assert TYPED.reconcile(fields) == {
        "f:data": {"f:x": {}},
        "f:spec": {"f:selector": {}, "f:items": {'k:{"name":"a"}': {}}},
    }
    assert TYPED.reconcile({"f:spec": {"f:items": {}}}) == {"f:spec": {"f:items": {}}}


def test_lists_that_lose_their_items_go():
    """A list without items left is taken out, and a map in which there was nothing else."""
    gone = {"f:spec": {"f:items": {'k:{"name":"a"}': {}}}}
    alone = {"spec": {"items": [{"name": "a"}]}}
    assert TYPED.remove(alone, gone) == {}
    beside = {"spec": {"items": [{"name": "a"}], "size": 1}, "data": {"x": "1"}}
    assert TYPED.remove(beside, gone) == {"spec": {"size": 1}, "data": {"x": "1"}}
