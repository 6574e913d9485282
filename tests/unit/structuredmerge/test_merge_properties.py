"""Laws of apply and update that hold for any objects."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from merging_schema import OBJECTS, TYPED

from kapi.structuredmerge.fieldpath import LEAF, FieldSet, has, intersection, paths
from kapi.structuredmerge.merge import Conflicts, OtherVersion, Updater

UPDATER = Updater(TYPED, "v1", LEAF, LEAF, {}.get)


class Own(NamedTuple):
    fields: FieldSet
    api_version: str = "v1"


class World:
    """One object and its owners."""

    def __init__(self):
        self.obj = {}
        self.owned = {}

    def apply(self, manager, config, *, force=True):
        done = UPDATER.apply(self.obj, config, self.owned, manager, force=force)
        if done.obj is not None:
            self.obj = done.obj
        self.owned = {key: Own(fields) for key, fields in done.fields.items()}
        return done


def without_nulls(value):
    if isinstance(value, dict):
        kept = {name: without_nulls(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item not in (None, {}, [])}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def unordered(value):
    """The object with each keyed list in the order of its keys, and its set in order.

    Whoever applied last decides on the order, also of items that others own too.
    """
    if isinstance(value, dict):
        return {
            name: sorted(item) if name == "tags" and item else unordered(item)
            for name, item in value.items()
        }
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return sorted(map(unordered, value), key=lambda item: item["name"])
    return value


@given(OBJECTS, OBJECTS, OBJECTS)
def test_apply_is_idempotent(first, other, config):
    """Applying the same again changes neither the object nor anybody's ownership."""
    world = World()
    world.apply("a", first)
    world.apply("b", other)
    world.apply("a", config)
    owned = world.owned
    assert world.apply("a", config, force=False).obj is None
    assert world.owned == owned


@given(OBJECTS, OBJECTS)
def test_appliers_that_agree_may_come_in_any_order(one, two):
    """Two configurations without conflict give the same object and ownership in either order."""
    ways = []
    for order in ([("a", one), ("b", two)], [("b", two), ("a", one)]):
        world = World()
        try:
            for manager, config in order:
                world.apply(manager, config, force=False)
        except Conflicts:
            ways.append(None)
            continue
        ways.append((without_nulls(unordered(world.obj)), world.owned))
    assert ways[0] == ways[1]


@given(OBJECTS, OBJECTS, OBJECTS)
def test_the_applier_owns_what_it_applied_and_all_owners_own_what_is_there(first, other, config):
    """After an apply each owned field exists, and the applier owns exactly what it named."""
    world = World()
    world.apply("a", first)
    world.apply("b", other)
    world.apply("a", config)
    assert world.owned.get("a", Own(LEAF)).fields == TYPED.field_set(config)
    there = TYPED.comparer.added(TYPED.schema)(world.obj) if world.obj else LEAF
    for own in world.owned.values():
        for path in paths(own.fields):
            assert has(there, path), path


@given(OBJECTS, OBJECTS, OBJECTS)
def test_ownership_is_only_lost_to_a_change(first, other, config):
    """A manager that is not applying loses a field only when its value changes or goes."""
    world = World()
    world.apply("a", first)
    world.apply("b", other)
    before, owned = world.obj, world.owned
    world.apply("a", config)
    changed, removed = UPDATER.changes(before, world.obj)
    kept = world.owned.get("b", Own(LEAF)).fields
    for path in paths(owned.get("b", Own(LEAF)).fields):
        lost = has(changed or LEAF, path) or has(removed or LEAF, path)
        assert has(kept, path) != lost


@given(OBJECTS, OBJECTS)
def test_applying_nothing_removes_what_only_the_applier_had(mine, theirs):
    """Giving everything up leaves the object as the other manager alone would have made it."""
    world = World()
    world.apply("b", theirs)
    try:
        world.apply("a", mine, force=False)
    except Conflicts:
        return
    world.apply("a", {})
    alone = World()
    alone.apply("b", theirs)
    assert without_nulls(unordered(world.obj)) == without_nulls(unordered(alone.obj))
    assert "a" not in world.owned


@given(OBJECTS, OBJECTS)
def test_an_update_takes_changed_and_removed_fields_from_others(mine, new):
    """After an update nobody else owns a field that it changed or removed."""
    world = World()
    world.apply("a", mine)
    changes = UPDATER.changes(world.obj, new)
    left = UPDATER.left(world.owned, world.obj, new, changes)
    for gone in changes:
        assert intersection(left.get("a", LEAF), gone or LEAF) == LEAF


def test_conflicts_name_the_fields_by_manager():
    """Changing what others own raises with each owner's fields and changes nothing."""
    world = World()
    world.apply("a", {"data": {"x": "1", "y": "1"}})
    with pytest.raises(Conflicts) as caught:
        world.apply("b", {"data": {"x": "2", "y": "1"}}, force=False)
    assert caught.value.fields == {"a": {"f:data": {"f:x": {}}}}
    assert world.obj == {"data": {"x": "1", "y": "1"}}


def test_owners_at_a_version_that_is_gone_are_forgotten():
    """An entry at an unknown version neither conflicts nor stays."""
    owned = {"old": Own({"f:data": {"f:x": {}}}, "v0")}
    done = UPDATER.apply({"data": {"x": "1"}}, {"data": {"x": "2"}}, owned, "b", force=False)
    assert done.fields == {"b": {"f:data": {"f:x": {}}}}


def test_owners_at_another_version_meet_the_change_in_their_names():
    """A field that is called otherwise at the owner's version conflicts under that name."""

    def rename(old, new):
        def convert(obj):
            data = dict(obj.get("data") or {})
            if old in data:
                data[new] = data.pop(old)
            return {**obj, "data": data}

        return convert

    other = OtherVersion(TYPED, rename("x", "renamed"), rename("renamed", "x"))
    updater = Updater(TYPED, "v1", LEAF, LEAF, {"v2": other}.get)
    owned = {"a": Own({"f:data": {"f:renamed": {}}}, "v2")}
    live = {"data": {"x": "1"}}
    with pytest.raises(Conflicts) as caught:
        updater.apply(live, {"data": {"x": "2"}}, owned, "b", force=False)
    assert caught.value.fields == {"a": {"f:data": {"f:renamed": {}}}}
    given_up = updater.apply(live, {"data": {"y": "1"}}, owned, "a", force=False)
    assert given_up.obj == {"data": {"y": "1"}}
