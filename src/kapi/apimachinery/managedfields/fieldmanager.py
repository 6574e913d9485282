"""FieldManager: keeps ``metadata.managedFields`` for one endpoint of a kind.

Implements "Field management" and "Server-Side Apply" of the documentation. One FieldManager
serves one API version of the main resource or of one subresource; all objects it is given are at
that version. Objects are dictionaries of that version's JSON form, decoded and defaulted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest, StatusError
from kapi.apimachinery.managedfields.conflict import apply_conflict
from kapi.apimachinery.managedfields.entries import (
    APPLY,
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
from kapi.apimachinery.managedfields.lastapplied import agreed_fields, set_last_applied
from kapi.apimachinery.types import GroupVersion, GroupVersionKind
from kapi.structuredmerge.fieldpath import difference, from_paths, ordered, union
from kapi.structuredmerge.listitems import SchemaError
from kapi.structuredmerge.merge import Applied, Conflicts, OtherVersion, Updater
from kapi.structuredmerge.validation import message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.structuredmerge.typed import TypedSchema

__all__ = ["FieldManager", "gvk_text", "keep_times", "name_text"]

# Metadata that the server sets; nobody owns it.
_NEVER_OWNED = (
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "resourceVersion",
)
_UNTRACKED = from_paths(
    [
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(("f:metadata", "f:" + name) for name in _NEVER_OWNED),
    ]
)
# An object whose managedFields are exactly this asks for an end of tracking.
_RESET: list[JSONObject] = [{}]
# Owns what was there before tracking began.
_BEFORE_FIRST_APPLY = "before-first-apply"
# The manager that takes over what client-side apply set.
_KUBECTL = "kubectl"


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
        reset = from_paths(("f:" + part for part in path.split(".")) for path in reset_fields)
        self._lists = tuple(_null_members(typed.zero, ()))
        self._updater = Updater(typed, self._api_version, reset, _UNTRACKED, versions)

    def update(
        self,
        live: JSONObject | None,
        new: JSONObject,
        manager: str,
        now: str,
        *,
        body: JSONObject | None = None,
    ) -> None:
        """Set ``new``'s managedFields after an ordinary write (create, PUT, or a patch).

        ``live`` is the stored object, None at creation. Nodes of the live entries are shared,
        not copied. When no ownership changed, ``new`` gets the very list of ``live``.

        ``body`` is ``new`` before it was decoded. With it a list that was given and is empty
        gets an owner, although it is stored as null.
        """
        if live is not None and body is not None and self._clears(body):
            new["metadata"].pop("managedFields", None)
            return
        emptied = self._emptied(new, body) if body is not None and self._lists else ()
        for parent, name in emptied:
            parent[name] = []
        self._update(live, new, manager, now)
        for parent, name in emptied:
            parent[name] = None

    def _clears(self, body: JSONObject) -> bool:
        """Whether a body sets the managedFields to an empty list, which is gone when decoded."""
        metadata = body.get("metadata")
        given = metadata.get("managedFields") if isinstance(metadata, dict) else None
        return given == [] and not self.subresource

    def _emptied(self, new: JSONObject, body: JSONObject) -> list[tuple[JSONObject, str]]:
        """The members of ``new`` that are null and were empty in ``body``."""
        found = []
        for path in self._lists:
            given: JSONValue = body
            decoded: JSONValue = new
            for name in path[:-1]:
                given = given.get(name) if isinstance(given, dict) else None
                decoded = decoded.get(name) or {}
            last = path[-1]
            if isinstance(given, dict) and given.get(last) in ([], {}) and decoded[last] is None:
                found.append((decoded, last))
        return found

    def _update(self, live: JSONObject | None, new: JSONObject, manager: str, now: str) -> None:
        metadata = new["metadata"]
        given = metadata.pop("managedFields", None)
        if live is None:
            entry = self._created_entry(new, manager, now)
            if entry is not None:
                metadata["managedFields"] = [encode_entry(*entry)]
            return
        stored = live["metadata"].get("managedFields") or ()
        managed: Managed | None = None
        if given and given is not stored and not self.subresource and given != stored:
            if given == _RESET:
                return
            managed = _decode_given(given)
        if managed is None and not stored:
            return
        entries = self._updated(managed, stored, live, new, manager, now)
        if entries:
            metadata["managedFields"] = entries

    def _created_entry(
        self, new: JSONObject, manager: str, now: str
    ) -> tuple[ManagerID, Entry] | None:
        try:
            fields = self._updater.created(new)
        except SchemaError:
            return None  # validation will refuse the object
        if fields is None:
            return None
        return self._updating(manager), Entry(fields, self._api_version, now)

    def _updating(self, manager: str) -> ManagerID:
        return ManagerID(manager or "unknown", UPDATE, self._api_version, self.subresource)

    def _updated(
        self,
        managed: Managed | None,
        stored: Iterable[JSONObject],
        live: JSONObject,
        new: JSONObject,
        manager: str,
        now: str,
    ) -> Iterable[JSONObject]:
        """The entries after the write; none when an owner's version cannot hold the object."""
        try:
            changes = self._updater.changes(live, new)
        except SchemaError:
            return stored if managed is None else encode(managed)  # validation will refuse it
        changed, removed = changes
        if managed is None:
            version = self._api_version
            nothing = changed is None and removed is None
            if nothing and all(entry["apiVersion"] == version for entry in stored):
                return stored
            managed = self._decode_live(stored)
        try:
            left = self._updater.left(managed, live, new, changes)
        except SchemaError:
            return ()
        result: Managed = {
            owner: managed[owner]._replace(fields=fields) for owner, fields in left.items()
        }
        if changed is not None:
            own = self._updating(manager)
            before = result.get(own)
            fields = changed if before is None else union(changed, before.fields)
            result[own] = Entry(ordered(fields), self._api_version, now)
        cap_update_managers(result)
        return encode(result)

    def _decode_live(self, stored: Iterable[JSONObject]) -> Managed:
        managed = decode_live(stored)
        if self.typed.strict:  # the schema may be another one than when they were written
            return {
                owner: entry._replace(fields=self._updater.reconciled(entry))
                for owner, entry in managed.items()
            }
        return managed

    def apply(
        self,
        live: JSONObject | None,
        applied: JSONObject,
        manager: str,
        now: str,
        *,
        force: bool = False,
    ) -> JSONObject:
        """The object after a server-side apply, with its managedFields.

        ``applied`` is the body as it was sent, ``live`` the stored object or None. The result is
        neither decoded nor defaulted and shares parts with both arguments, which must not be
        changed afterwards. Raises BadRequest, Conflict, and StatusError (500) for a body that
        does not fit the schema.
        """
        self._check(applied)
        base = self._empty() if live is None else live
        managed = self._decode_live(base["metadata"].get("managedFields") or ())
        if live is not None and not managed:
            entry = self._created_entry(live, _BEFORE_FIRST_APPLY, now)
            if entry is not None:
                managed[entry[0]] = entry[1]
        own = ManagerID(manager or "unknown", APPLY, "", self.subresource)
        result = self._apply(base, applied, managed, own, force=force)
        merged: Managed = {}
        for owner, fields in result.fields.items():
            known = managed.get(owner)
            if owner != own:
                assert known is not None
                merged[owner] = known._replace(fields=fields)
            else:
                before = known.time if known is not None else ""
                time = before if result.obj is None else now
                merged[owner] = Entry(ordered(fields), self._api_version, time)
        obj = dict(base if result.obj is None else result.obj)
        metadata = obj["metadata"] = dict(obj["metadata"])
        metadata.pop("managedFields", None)
        if merged:
            metadata["managedFields"] = encode(merged)
        if manager == _KUBECTL:
            set_last_applied(obj, applied)
        return obj

    def _empty(self) -> JSONObject:
        return {"apiVersion": self._api_version, "kind": self.gvk.kind, **self.typed.zero}

    def _check(self, applied: JSONObject) -> None:
        gvk = _given_kind(applied)
        if gvk != self.gvk:
            raise BadRequest(f"invalid object type: {gvk_text(gvk)}")
        metadata = applied.get("metadata") or {}
        given = metadata.get("managedFields") if isinstance(metadata, dict) else None
        # What are no entries at all is left to the schema.
        if isinstance(given, list) and all(isinstance(entry, dict) for entry in given):
            raise BadRequest("metadata.managedFields must be nil")
        problems = self.typed.validate(applied)
        if problems:
            raise StatusError(
                f"failed to create typed patch object ({name_text(applied, gvk)}): "
                f"{message(problems)}"
            )

    def _apply(
        self,
        live: JSONObject,
        applied: JSONObject,
        managed: Managed,
        own: ManagerID,
        *,
        force: bool,
    ) -> Applied[ManagerID]:
        if self.typed.strict:
            problems = self.typed.validate(live, duplicates=True)
            if problems:
                raise StatusError(
                    f"failed to create typed live object ({name_text(live, self.gvk)}): "
                    f"{message(problems)}"
                )
        try:
            return self._updater.apply(live, applied, managed, own, force=force)
        except SchemaError as error:
            raise StatusError(str(error)) from None
        except Conflicts as error:
            conflicts = error.fields
            if own.manager == _KUBECTL:
                agreed = agreed_fields(self.typed, live)
                rest = {owner: difference(fields, agreed) for owner, fields in conflicts.items()}
                conflicts = {owner: fields for owner, fields in rest.items() if fields}
            if conflicts:
                raise apply_conflict(conflicts) from None
        return self._updater.apply(live, applied, managed, own, force=True)


def _null_members(zero: JSONObject, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths of what is null in the empty object: lists and maps that are always written."""
    for name, value in zero.items():
        if value is None:
            yield (*path, name)
        elif isinstance(value, dict):
            yield from _null_members(value, (*path, name))


def _given_kind(applied: JSONObject) -> GroupVersionKind:
    """The kind that an object says it is; empty where it says something else than text."""
    api_version, kind = _text(applied, "apiVersion"), _text(applied, "kind")
    if api_version.count("/") > 1:
        return GroupVersionKind("", "", "")
    version = GroupVersion.parse(api_version)
    return GroupVersionKind(version.group, version.version, kind)


def _text(obj: JSONObject, name: str) -> str:
    value = obj.get(name)
    return value if isinstance(value, str) else ""


def gvk_text(gvk: GroupVersionKind) -> str:
    """A kind as Go prints it."""
    return f"{gvk.group}/{gvk.version}, Kind={gvk.kind}"


def name_text(obj: JSONObject, gvk: GroupVersionKind) -> str:
    """An object that somebody applies as messages name it."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    return f"{_text(metadata, 'namespace')}/{_text(metadata, 'name')}; {gvk_text(gvk)}"


def _decode_given(given: JSONValue) -> Managed | None:
    """The entries of a request, None when they cannot be used."""
    try:
        return decode(given) or None
    except (ValueError, TypeError, AttributeError):
        return None


def keep_times(live: JSONObject, new: JSONObject) -> None:
    """Give ``new`` the managedFields of ``live`` when nothing but their times differs.

    To be called when ``new`` is in its final form, so that a write without effect stays one.
    """
    old, entries = live["metadata"].get("managedFields"), new["metadata"].get("managedFields")
    if not old or not entries or old is entries or len(old) != len(entries):
        return
    before, after = decode_live(old), decode_live(entries)
    if before.keys() != after.keys():
        return
    for manager, entry in before.items():
        other = after[manager]
        if entry.fields != other.fields or entry.api_version != other.api_version:
            return
    new["metadata"]["managedFields"] = old
    if new != live:
        new["metadata"]["managedFields"] = entries
