"""FieldManager: keeps ``metadata.managedFields`` for one endpoint of a kind.

Implements "Field management" and "Server-Side Apply" of the documentation. One FieldManager
serves one API version of the main resource or of one subresource; all objects it is given are at
that version. Objects are dictionaries of that version's JSON form, decoded and defaulted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kapi.apimachinery.managedfields.entries import (
    UPDATE,
    Entry,
    Managed,
    ManagerID,
    cap_update_managers,
    decode,
    decode_live,
    encode,
    encode_entry,
)
from kapi.structuredmerge.fieldpath import (
    LEAF,
    FieldSet,
    difference,
    from_paths,
    ordered,
    union,
)
from kapi.structuredmerge.listitems import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kapi.apimachinery.types import GroupVersionKind, JSONObject, JSONValue
    from kapi.structuredmerge.typed import TypedSchema

__all__ = ["FieldManager", "OtherVersion"]

# Metadata that the server sets; nobody owns it.
_NEVER_OWNED = (
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
)
_UNTRACKED = from_paths(
    [("f:apiVersion",), ("f:kind",), *(("f:metadata", "f:" + name) for name in _NEVER_OWNED)]
)
# An object whose managedFields are exactly this asks for an end of tracking.
_RESET: list[JSONObject] = [{}]


class OtherVersion(NamedTuple):
    """Another API version of the kind: its schema and the conversion to it."""

    typed: TypedSchema
    convert: Callable[[JSONObject], JSONObject]


def _no_other_version(api_version: str) -> OtherVersion | None:
    return None


class FieldManager:
    """Tracks who owns which field through writes at one endpoint.

    ``reset_fields`` are dotted paths that writes here never change (``status``,
    ``metadata.deletionTimestamp``). ``versions`` finds the other API versions of the kind, in
    which other managers may have written; None for one that is not served any more.
    """

    def __init__(
        self,
        typed: TypedSchema,
        gvk: GroupVersionKind,
        subresource: str = "",
        reset_fields: Iterable[str] = (),
        versions: Callable[[str], OtherVersion | None] = _no_other_version,
    ) -> None:
        self.typed = typed
        self.gvk = gvk
        self.subresource = subresource
        self._api_version = gvk.api_version
        self._versions = versions
        reset = from_paths(("f:" + part for part in path.split(".")) for path in reset_fields)
        exclude = union(reset, _UNTRACKED)
        comparer = typed.comparer
        self._created = comparer.created(typed.schema, typed.zero, exclude)
        self._changes = comparer.changes(typed.schema, exclude)
        self._exclude = exclude

    def update(self, live: JSONObject | None, new: JSONObject, manager: str, now: str) -> None:
        """Set ``new``'s managedFields after an ordinary write (create, PUT, or a patch).

        ``live`` is the stored object, None at creation. Nodes of the live entries are shared,
        not copied. When no ownership changed, ``new`` gets the very list of ``live``.
        """
        metadata = new["metadata"]
        given = metadata.pop("managedFields", None)
        if live is None:
            self._track_created(new, metadata, manager, now)
            return
        stored = live["metadata"].get("managedFields") or ()
        managed: Managed | None = None
        if given and given is not stored and not self.subresource and given != stored:
            if given == _RESET:
                return
            managed = _decode_given(given)
        if managed is None and not stored:
            return
        try:
            changed, removed = self._changes(live, new) if live != new else (None, None)
        except SchemaError:
            changed = removed = None
        if managed is None:
            if changed is None and removed is None and self._all_current(stored):
                metadata["managedFields"] = stored
                return
            managed = decode_live(stored)
        entries = self._updated(managed, live, new, changed, removed, manager, now)
        if entries:
            metadata["managedFields"] = entries

    def _track_created(self, new: JSONObject, metadata: JSONObject, manager: str, now: str) -> None:
        try:
            fields = self._created(new)
        except SchemaError:
            return
        if fields is not None:
            owner = ManagerID(manager or "unknown", UPDATE, self._api_version, self.subresource)
            entry = Entry(fields, self._api_version, now)
            metadata["managedFields"] = [encode_entry(owner, entry)]

    def _all_current(self, entries: Iterable[JSONObject]) -> bool:
        version = self._api_version
        return all(entry["apiVersion"] == version for entry in entries)

    def _updated(
        self,
        managed: Managed,
        live: JSONObject,
        new: JSONObject,
        changed: FieldSet | None,
        removed: FieldSet | None,
        manager: str,
        now: str,
    ) -> list[JSONObject]:
        own = ManagerID(manager or "unknown", UPDATE, self._api_version, self.subresource)
        lost = self._lost(live, new, changed, removed)
        result: Managed = {}
        for owner, entry in managed.items():
            fields = lost(entry)
            if fields:
                result[owner] = Entry(fields, entry.api_version, entry.time)
        if changed is not None:
            before = result.get(own)
            fields = changed if before is None else union(changed, before.fields)
            result[own] = Entry(ordered(fields), self._api_version, now)
        cap_update_managers(result)
        return encode(result)

    def _lost(
        self,
        live: JSONObject,
        new: JSONObject,
        changed: FieldSet | None,
        removed: FieldSet | None,
    ) -> Callable[[Entry], FieldSet]:
        """What of an entry is left when its fields were changed or removed by another write."""
        gone_at = {self._api_version: (changed or LEAF, removed or LEAF)}

        def left(entry: Entry) -> FieldSet:
            version = entry.api_version
            gone = gone_at.get(version)
            if gone is None:
                other = self._versions(version)
                if other is None:
                    return LEAF
                gone = gone_at[version] = self._changes_at(other, live, new)
            return difference(difference(entry.fields, gone[0]), gone[1])

        return left

    def _changes_at(
        self, other: OtherVersion, live: JSONObject, new: JSONObject
    ) -> tuple[FieldSet, FieldSet]:
        before, after = other.convert(live), other.convert(new)
        changes = other.typed.comparer.changes(other.typed.schema, self._exclude)
        changed, removed = changes(before, after)
        return changed or LEAF, removed or LEAF


def _decode_given(given: JSONValue) -> Managed | None:
    """The entries of a request, None when they cannot be used."""
    try:
        return decode(given) or None
    except (ValueError, TypeError, AttributeError):
        return None
