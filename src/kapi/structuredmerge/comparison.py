"""Comparison: which fields of a value were added, modified or removed by a write.

Walkers are compiled from a schema, each once and on first use. ``added`` gives all fields of a
value that was not there before; ``created`` gives the fields of a new object as against the empty
object of its kind, whose zero values nobody owns; ``changes`` compares two values. Added and
modified fields are one set here: every rule of server-side apply treats them alike.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

from kapi.structuredmerge.fieldpath import LEAF, SELF, FieldSet, sort_elements
from kapi.structuredmerge.listitems import Duplicates, SchemaError, element_of, index
from kapi.structuredmerge.schema import (
    DEDUCED,
    ListSchema,
    MapSchema,
    ScalarSchema,
    Schema,
    Untyped,
)

__all__ = ["Added", "Changes", "Comparer", "Created"]

# All fields of a value, itself included; to be used as a node.
Added: TypeAlias = Callable[[Any], FieldSet]
# The fields of a value that differ from a zero value, None when none do.
Created: TypeAlias = Callable[[Any], FieldSet | None]
# (changed, removed) of an old and a new value that are known to differ.
Changes: TypeAlias = Callable[[Any, Any], tuple[FieldSet | None, FieldSet | None]]
_Plan: TypeAlias = tuple[FieldSet, tuple[tuple[str, str, Created], ...]]

# Distinct sets of member names of one struct that are remembered; real objects have a handful.
_MAX_PLANS = 256


def _leaf(value: Any) -> FieldSet:
    return LEAF


def _leaf_changes(old: Any, new: Any) -> tuple[FieldSet | None, FieldSet | None]:
    return LEAF, None


def _without_self(node: FieldSet) -> FieldSet | None:
    return {element: inner for element, inner in node.items() if element != SELF} or None


def _equal(a: Any, b: Any) -> bool:
    """JSON equality: true is not 1, though 1.0 is."""
    if isinstance(a, dict):
        return (
            isinstance(b, dict)
            and a.keys() == b.keys()
            and all(_equal(item, b[name]) for name, item in a.items())
        )
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(_equal, a, b))
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


class Comparer:
    """Compiles and keeps the comparing walkers of the schemas of one kind of object.

    ``exact`` tells true from 1 on the way down; only schemas with untyped parts need that.
    """

    def __init__(self, *, exact: bool) -> None:
        self.equal: Callable[[Any, Any], bool] = _equal if exact else operator.eq
        self._added: dict[Schema, Added] = {}
        self._changes: dict[Schema, Changes] = {}

    def added(self, schema: Schema) -> Added:
        """The walker over a value that was not there before (or is there no longer)."""
        found = self._added.get(schema)
        if found is None:
            found = self._added[schema] = self._compile_added(schema)
        return found

    def _compile_added(self, schema: Schema) -> Added:
        if isinstance(schema, MapSchema):
            if schema.atomic:
                return _leaf
            return self._added_struct(schema) if schema.fields else self._added_map(schema)
        if isinstance(schema, ListSchema):
            if schema.type == "atomic":
                return _leaf
            return self._added_set(schema) if schema.type == "set" else self._added_items(schema)
        if isinstance(schema, Untyped) and not schema.atomic:
            return self._added_untyped
        return _leaf

    def _member(self, schema: MapSchema, name: str) -> Schema:
        ref = schema.fields.get(name, schema.element)
        return DEDUCED if ref is None else ref()

    def _added_struct(self, schema: MapSchema) -> Added:
        plans: dict[tuple[str, ...], _Plan] = {}

        def plan(names: tuple[str, ...]) -> _Plan:
            template: FieldSet = {SELF: LEAF}
            parts: list[tuple[str, str, Created]] = []
            for name in sorted(names):
                walk = self.added(self._member(schema, name))
                template["f:" + name] = LEAF
                if walk is not _leaf:
                    parts.append((name, "f:" + name, walk))
            if len(plans) >= _MAX_PLANS:
                plans.clear()
            made = plans[names] = template, tuple(parts)
            return made

        def walk(value: Any) -> FieldSet:
            if not value:
                return LEAF
            if value.__class__ is not dict:
                raise SchemaError(f"expected map, got {value!r}")
            names = tuple(value)
            template, parts = plans.get(names) or plan(names)
            if not parts:
                return template
            node = template.copy()
            for name, element, inner in parts:
                node[element] = inner(value[name])
            return node

        return walk

    def _added_map(self, schema: MapSchema) -> Added:
        inner = self.added(schema.element() if schema.element else DEDUCED)

        def walk(value: Any) -> FieldSet:
            if not value:
                return LEAF
            if value.__class__ is not dict:
                raise SchemaError(f"expected map, got {value!r}")
            node: FieldSet = {SELF: LEAF}
            for name in sorted(value):
                node["f:" + name] = inner(value[name])
            return node

        return walk

    def _added_untyped(self, value: Any) -> FieldSet:
        if not value or not isinstance(value, dict):
            return LEAF
        node: FieldSet = {SELF: LEAF}
        for name in sorted(value):
            node["f:" + name] = self._added_untyped(value[name])
        return node

    def _added_set(self, schema: ListSchema) -> Added:
        element = element_of(schema)

        def walk(value: Any) -> FieldSet:
            if not value:
                return LEAF
            value = _items_of(value)
            return {SELF: LEAF, **dict.fromkeys(sort_elements(list(map(element, value))), LEAF)}

        return walk

    def _added_items(self, schema: ListSchema) -> Added:
        element = element_of(schema)
        inner = self._lazily_added(schema)

        def walk(value: Any) -> FieldSet:
            if not value:
                return LEAF
            node: FieldSet = {SELF: LEAF}
            for item in _items_of(value):
                name = element(item)
                # Items that share a key are owned as one, without their parts.
                node[name] = LEAF if name in node else inner(item)
            if len(node) > 2:
                return {
                    SELF: LEAF,
                    **{name: node[name] for name in sort_elements(list(node)[1:])},
                }
            return node

        return walk

    def _lazily_added(self, schema: ListSchema) -> Added:
        """The walker of the items; it may be the list's own owner, still being compiled."""
        compiled: Added | None = None

        def walk(item: Any) -> FieldSet:
            nonlocal compiled
            if compiled is None:
                compiled = self.added(schema.element())
            return compiled(item)

        return walk

    def created(self, schema: Schema, zero: Any, exclude: FieldSet = LEAF) -> Created:
        """The walker over a new value as against ``zero``, without the fields of ``exclude``."""
        if isinstance(schema, Untyped) and not schema.atomic and isinstance(zero, dict):
            schema = _UNTYPED_MAP
        if isinstance(schema, MapSchema) and not schema.atomic and isinstance(zero, dict):
            return self._created_struct(schema, zero, exclude)
        if isinstance(schema, (ScalarSchema, Untyped)) or self.added(schema) is _leaf:
            return lambda value: None if _equal(value, zero) else LEAF
        added = self.added(schema)

        def walk(value: Any) -> FieldSet | None:
            if not value:
                return None if value == zero else LEAF
            return _without_self(added(value))

        return walk

    def _created_struct(self, schema: MapSchema, zero: Any, exclude: FieldSet) -> Created:
        plans: dict[tuple[str, ...], _Plan] = {}

        def plan(names: tuple[str, ...]) -> _Plan:
            template: FieldSet = {}
            parts: list[tuple[str, str, Created]] = []
            for name in sorted(names):
                inner_exclude = exclude.get("f:" + name)
                if inner_exclude is not None and not inner_exclude:
                    continue
                member = self._member(schema, name)
                walk: Created
                if name in zero:
                    walk = self.created(member, zero[name], inner_exclude or LEAF)
                elif inner_exclude:
                    walk = self.created(member, {}, inner_exclude)
                else:
                    walk = self.added(member)
                template["f:" + name] = LEAF
                if walk is not _leaf:
                    parts.append((name, "f:" + name, walk))
            if len(plans) >= _MAX_PLANS:
                plans.clear()
            made = plans[names] = template, tuple(parts)
            return made

        def walk(value: Any) -> FieldSet | None:
            names = tuple(_members_of(value))
            template, parts = plans.get(names) or plan(names)
            if not parts:
                return template or None
            node = template.copy()
            for name, element, inner in parts:
                found = inner(value[name])
                if found is None:
                    del node[element]
                else:
                    node[element] = found
            return node or None

        return walk

    def changes(self, schema: Schema, exclude: FieldSet = LEAF) -> Changes:
        """The walker over an old and a new value, without the fields of ``exclude``."""
        if exclude:
            return self._compile_changes(schema, exclude)
        found = self._changes.get(schema)
        if found is None:
            found = self._changes[schema] = self._compile_changes(schema, LEAF)
        return found

    def _compile_changes(self, schema: Schema, exclude: FieldSet) -> Changes:
        if isinstance(schema, Untyped) and exclude:
            schema = _UNTYPED_MAP
        if isinstance(schema, MapSchema) and not schema.atomic:
            return self._map_changes(schema, exclude)
        if isinstance(schema, ListSchema) and schema.type != "atomic":
            return self._list_changes(schema)
        if isinstance(schema, Untyped) and not schema.atomic:
            return self._untyped_changes
        return _leaf_changes

    def _map_changes(self, schema: MapSchema, exclude: FieldSet) -> Changes:
        # By name: element and walkers, None for a field that is excluded.
        members: dict[str, tuple[str, Added, Changes] | None] = {}
        equal = self.equal

        def member(name: str) -> tuple[str, Added, Changes] | None:
            inner = exclude.get("f:" + name)
            found: tuple[str, Added, Changes] | None = None
            if inner is None or inner:
                part = self._member(schema, name)
                found = "f:" + name, self.added(part), self.changes(part, inner or LEAF)
            if name in schema.fields:  # any other name is the client's, and there may be many
                members[name] = found
            return found

        def walk(old: Any, new: Any) -> tuple[FieldSet | None, FieldSet | None]:
            if not old and not new:
                return LEAF, None  # {} is not null
            old = _members_of(old)
            new = _members_of(new)
            changed: FieldSet = {}
            removed: FieldSet = {}
            for name, value in new.items():
                if name in old:
                    before = old[name]
                    if before is value or equal(before, value):
                        continue
                    found = members[name] if name in members else member(name)
                    if found is None:
                        continue
                    inner_changed, inner_removed = found[2](before, value)
                    if inner_changed is not None:
                        changed[found[0]] = inner_changed
                    if inner_removed is not None:
                        removed[found[0]] = inner_removed
                else:
                    found = members[name] if name in members else member(name)
                    if found is not None:
                        changed[found[0]] = found[1](value)
            for name in old:
                if name not in new:
                    found = members[name] if name in members else member(name)
                    if found is not None:
                        removed[found[0]] = found[1](old[name])
            return changed or None, removed or None

        return walk

    def _untyped_changes(self, old: Any, new: Any) -> tuple[FieldSet | None, FieldSet | None]:
        if isinstance(old, dict) and (isinstance(new, dict) or new is None):
            return self.changes(_UNTYPED_MAP)(old, new)
        if isinstance(new, dict):
            if old is None:
                return self.changes(_UNTYPED_MAP)(old, new)
            return self._added_untyped(new), None
        return LEAF, _without_self(self._added_untyped(old))

    def _list_changes(self, schema: ListSchema) -> Changes:
        element = element_of(schema)
        if schema.type == "set":
            added: Added = _leaf
            changes: Changes = _leaf_changes
        else:
            added = self._lazily_added(schema)

            def changes(old: Any, new: Any) -> tuple[FieldSet | None, FieldSet | None]:
                return self.changes(schema.element())(old, new)

        equal = self.equal

        def walk(old: Any, new: Any) -> tuple[FieldSet | None, FieldSet | None]:
            if not old and not new:
                return LEAF, None  # [] is not null
            before, after = index(_items_of(old), element), index(_items_of(new), element)
            changed: FieldSet = {}
            removed: FieldSet = {}
            for name in before.keys() | after.keys():
                one, two = before.get(name, _MISSING), after.get(name, _MISSING)
                if one is two or equal(one, two):
                    continue
                inner_changed, inner_removed = _item_changes(one, two, added, changes)
                if inner_changed is not None:
                    changed[name] = inner_changed
                if inner_removed is not None:
                    removed[name] = inner_removed
            return changed or None, removed or None

        return walk


def _members_of(value: Any) -> Any:
    if value is not None and value.__class__ is not dict:
        raise SchemaError(f"expected map, got {value!r}")
    return value or {}


def _items_of(value: Any) -> Any:
    if value is not None and value.__class__ is not list:
        raise SchemaError(f"expected list, got {value!r}")
    return value or []


_MISSING = object()
_UNTYPED_MAP = MapSchema(element=lambda: DEDUCED)


def _item_changes(
    old: Any, new: Any, added: Added, changes: Changes
) -> tuple[FieldSet | None, FieldSet | None]:
    """Of one item; items that share a key count as one value without parts."""
    was_many, are_many = old.__class__ is Duplicates, new.__class__ is Duplicates
    if was_many and are_many:
        return LEAF, None
    if are_many:
        return LEAF, None if old is _MISSING else added(old)
    if was_many:
        return (None if new is _MISSING else added(new)), LEAF
    if old is _MISSING:
        return added(new), None
    if new is _MISSING:
        return None, added(old)
    return changes(old, new)
