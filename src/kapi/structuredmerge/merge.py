"""Merge: what a write does to the ownership of fields, and what an apply makes of an object.

Implements "Conflicts", "Field management" and "Transferring ownership" of "Server-Side Apply".
Managers are opaque keys; each owns a set of fields at one API version. Objects are given at the
version of the Updater; sets at other versions are met by converting the objects.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from kapi.structuredmerge import validation
from kapi.structuredmerge.fieldpath import (
    LEAF,
    FieldSet,
    difference,
    intersection,
    recursive_difference,
    union,
)
from kapi.structuredmerge.listitems import SchemaError

if TYPE_CHECKING:
    from kapi.structuredmerge.typed import TypedSchema

__all__ = ["Applied", "Conflicts", "OtherVersion", "Owned", "Updater"]

Object = dict[str, Any]
K = TypeVar("K", bound=Hashable)


class Owned(Protocol):
    """The fields of one manager and the API version in which it named them."""

    @property
    def fields(self) -> FieldSet:
        """The owned fields."""
        ...

    @property
    def api_version(self) -> str:
        """The version of the field names."""
        ...


class OtherVersion(NamedTuple):
    """Another API version of the kind: its schema and the conversions to it and back.

    Conversions must not change their argument.
    """

    typed: TypedSchema
    convert: Callable[[Object], Object]
    revert: Callable[[Object], Object]


class Conflicts(Exception, Generic[K]):
    """An apply would change what others own: the fields by manager."""

    def __init__(self, fields: dict[K, FieldSet]) -> None:
        super().__init__("fields are owned by others")
        self.fields = fields


class Applied(NamedTuple, Generic[K]):
    """The result of an apply.

    ``obj`` is None when the object stays as it is; ``fields`` is what each manager owns now,
    without managers that own nothing.
    """

    obj: Object | None
    fields: dict[K, FieldSet]


class Updater:
    """The ownership rules for objects of one schema at one version.

    ``reset`` are fields that a write here does not reach, ``untracked`` those that nobody owns.
    ``versions`` finds other versions; None for one that does not exist (any more), whose owners
    are forgotten.
    """

    def __init__(
        self,
        typed: TypedSchema,
        version: str,
        reset: FieldSet,
        untracked: FieldSet,
        versions: Callable[[str], OtherVersion | None],
    ) -> None:
        self.typed = typed
        self.version = version
        self._reset = reset
        self._untracked = untracked
        self._exclude = exclude = union(reset, untracked)
        self._versions = versions
        self._changes = typed.comparer.changes(typed.schema, exclude)
        self.created = typed.comparer.created(typed.schema, typed.zero, exclude)

    def changes(self, live: Object, new: Object) -> tuple[FieldSet | None, FieldSet | None]:
        """The fields that were added or modified, and those that were removed."""
        return (None, None) if self.typed.equal(live, new) else self._changes(live, new)

    def left(
        self,
        owned: Mapping[K, Owned],
        live: Object,
        new: Object,
        changes: tuple[FieldSet | None, FieldSet | None],
    ) -> dict[K, FieldSet]:
        """What each manager still owns after others changed and removed fields.

        Raises SchemaError when an object does not fit the version of a manager.
        """
        differences = _Differences(self, live, new, changes)
        left: dict[K, FieldSet] = {}
        for manager, own in owned.items():
            gone = differences.at(own.api_version)
            if gone is not None:
                fields = difference(difference(own.fields, gone[0]), gone[1])
                if fields:
                    left[manager] = fields
        return left

    def apply(
        self, live: Object, config: Object, owned: Mapping[K, Owned], manager: K, *, force: bool
    ) -> Applied[K]:
        """Lay ``config`` over ``live`` for ``manager``.

        Raises Conflicts when a field of another manager would change, unless forced, and
        SchemaError when an object does not fit the version of a manager. ``config`` must be
        valid.
        """
        typed = self.typed
        fields = recursive_difference(typed.field_set(config), self._reset)
        new = typed.merge(live, config)
        last = owned.get(manager)
        if last is not None:
            new = self._prune(new, owned, manager, last, fields)
        others = {key: own for key, own in owned.items() if key != manager}
        changes = self.changes(live, new)
        if not force:
            conflicts = self._conflicts(others, live, new, changes)
            if conflicts:
                raise Conflicts(conflicts)
        left = self.left(others, live, new, changes)
        tracked = difference(fields, self._untracked)
        if tracked:
            left[manager] = tracked
        return Applied(None if typed.equal(live, new) else new, left)

    def _conflicts(
        self,
        others: Mapping[K, Owned],
        live: Object,
        new: Object,
        changes: tuple[FieldSet | None, FieldSet | None],
    ) -> dict[K, FieldSet]:
        differences = _Differences(self, live, new, changes)
        conflicts: dict[K, FieldSet] = {}
        for manager, own in others.items():
            changed = differences.at(own.api_version)
            both = intersection(own.fields, changed[0]) if changed is not None else LEAF
            if both:
                conflicts[manager] = both
        return conflicts

    def reconciled(self, own: Owned) -> FieldSet:
        """The fields of an owner, as the schema of their version has them by now."""
        at = self.find_version(own.api_version)
        return own.fields if at is None else at.typed.reconcile(own.fields)

    def changes_at(self, other: OtherVersion, live: Object, new: Object) -> _Change:
        """The changed and the removed fields as another version names them."""
        walk = other.typed.comparer.changes(other.typed.schema, self._exclude)
        changed, removed = walk(_at(other, live), _at(other, new))
        return changed or LEAF, removed or LEAF

    def find_version(self, version: str) -> OtherVersion | None:
        """The schema and conversions of a version; None when it does not exist."""
        if version == self.version:
            return OtherVersion(self.typed, _same, _same)
        return self._versions(version)

    def _prune(
        self, merged: Object, owned: Mapping[K, Owned], manager: K, last: Owned, fields: FieldSet
    ) -> Object:
        """Take out what the manager applied the last time, not now, and nobody else owns."""
        at = self.find_version(last.api_version)
        if at is None or not last.fields:
            return merged
        if last.api_version == self.version and not difference(last.fields, fields):
            return merged
        by_version: dict[str, FieldSet] = {self.version: fields}
        for key, own in owned.items():
            if key != manager:
                version = own.api_version
                by_version[version] = union(by_version.get(version, LEAF), own.fields)
        full = _at(at, merged)
        gone = at.typed.with_named_members(last.fields)
        pruned = at.typed.remove(full, gone)
        had = at.typed.with_named_members(at.typed.field_set(full))
        for version in _starting_with(last.api_version, by_version):
            other = at if version == last.api_version else self.find_version(version)
            if other is not None:
                owners = by_version[version]
                pruned = self._add_back_owned(at, other, full, pruned, owners, had)
        kept = at.typed.with_named_members(at.typed.field_set(pruned))
        pruned = at.typed.remove(full, intersection(difference(had, kept), gone))
        return at.revert(pruned)

    @staticmethod
    def _add_back_owned(
        at: OtherVersion,
        other: OtherVersion,
        full: Object,
        pruned: Object,
        owned: FieldSet,
        had: FieldSet,
    ) -> Object:
        """Put back what managers own at a version; objects and ``had`` are at ``at``."""
        typed = other.typed
        keep = typed.with_named_members(owned)
        if other is at:
            keep = union(typed.with_named_members(typed.field_set(pruned)), keep)
            return typed.remove(full, difference(had, keep))
        full, pruned = _at(other, at.revert(full)), _at(other, at.revert(pruned))
        keep = union(typed.with_named_members(typed.field_set(pruned)), keep)
        had = typed.with_named_members(typed.field_set(full))
        return _at(at, other.revert(typed.remove(full, difference(had, keep))))


_Change = tuple[FieldSet, FieldSet]


class _Differences:
    """The difference of two objects at each version in which somebody owns fields."""

    def __init__(
        self,
        updater: Updater,
        live: Object,
        new: Object,
        changes: tuple[FieldSet | None, FieldSet | None],
    ) -> None:
        self._updater = updater
        self._live = live
        self._new = new
        self._at: dict[str, _Change | None] = {
            updater.version: (changes[0] or LEAF, changes[1] or LEAF)
        }

    def at(self, version: str) -> _Change | None:
        """(changed, removed); None when the version does not exist."""
        if version not in self._at:
            other = self._updater.find_version(version)
            self._at[version] = (
                None if other is None else self._updater.changes_at(other, self._live, self._new)
            )
        return self._at[version]


def _at(version: OtherVersion, obj: Object) -> Object:
    """The object at another version. Raises SchemaError when that has no place for a field."""
    if version.convert is _same:
        return obj
    converted = version.convert(obj)
    problems = version.typed.validate(converted, duplicates=True)
    if problems:
        raise SchemaError(validation.message(problems))
    return converted


def _same(obj: Object) -> Object:
    return obj


def _starting_with(first: str, versions: Mapping[str, FieldSet]) -> list[str]:
    return sorted(versions, key=lambda version: (version != first, version))
