"""ManagedFieldsEntry: reading, ordering and writing ``metadata.managedFields``.

Implements ManagedFieldsEntry of the API reference: one entry for each manager, operation,
subresource and (for Update) API version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from kapi.structuredmerge.fieldpath import FieldSet, read_fields_v1, union

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = [
    "Entry",
    "Managed",
    "ManagerID",
    "cap_update_managers",
    "decode",
    "decode_live",
    "encode",
]

APPLY = "Apply"
UPDATE = "Update"
# More Update entries than this are merged, oldest first.
MAX_UPDATE_MANAGERS = 10
ANCIENT_CHANGES = "ancient-changes"


class ManagerID(NamedTuple):
    """Who owns: a manager applies under one identity, and updates under one for each version."""

    manager: str
    operation: str
    api_version: str = ""
    subresource: str = ""


class Entry(NamedTuple):
    """What a manager owns at an API version; ``time`` is empty when unknown."""

    fields: FieldSet
    api_version: str
    time: str = ""


Managed: TypeAlias = dict[ManagerID, Entry]


def _manager_id(entry: JSONObject) -> ManagerID:
    operation = entry["operation"]
    return ManagerID(
        entry.get("manager") or "",
        operation,
        entry["apiVersion"] if operation == UPDATE else "",
        entry.get("subresource") or "",
    )


def decode_live(entries: Iterable[JSONObject]) -> Managed:
    """Read the entries of a stored object, which this module wrote."""
    return {
        _manager_id(entry): Entry(
            entry.get("fieldsV1") or {}, entry["apiVersion"], entry.get("time") or ""
        )
        for entry in entries
    }


def decode(entries: JSONValue) -> Managed:
    """Read the entries that a client sent. Raises ValueError when one makes no sense."""
    managed: Managed = {}
    for number, entry in enumerate(entries):
        if entry.get("operation") not in (APPLY, UPDATE):
            raise ValueError("operation must be `Apply` or `Update`")
        if not entry.get("apiVersion"):
            raise ValueError("apiVersion must not be empty")
        if entry.get("fieldsType") != "FieldsV1":
            raise ValueError(f"invalid fieldsType in managed fields entry {number}")
        fields = entry.get("fieldsV1")
        managed[_manager_id(entry)] = Entry(
            {} if fields is None else read_fields_v1(fields),
            entry["apiVersion"],
            entry.get("time") or "",
        )
    return managed


def encode(managed: Managed) -> list[JSONObject]:
    """The entries as they are stored: Apply before Update, then by time, then by manager."""
    order = sorted(
        managed.items(),
        key=lambda item: (
            item[0].operation,
            item[1].time,
            item[0].manager,
            item[1].api_version,
            item[0].subresource,
        ),
    )
    return [encode_entry(manager, entry) for manager, entry in order]


def encode_entry(manager: ManagerID, entry: Entry) -> JSONObject:
    """One ManagedFieldsEntry, with its members in the order of the API reference."""
    out: JSONObject = {
        "manager": manager.manager,
        "operation": manager.operation,
        "apiVersion": entry.api_version,
    }
    if entry.time:
        out["time"] = entry.time
    out["fieldsType"] = "FieldsV1"
    out["fieldsV1"] = entry.fields
    if manager.subresource:
        out["subresource"] = manager.subresource
    return out


def cap_update_managers(managed: Managed) -> None:
    """Merge the oldest Update entries of each version into one when there are too many."""
    updaters = [manager for manager in managed if manager.operation == UPDATE]
    surplus = len(updaters) - MAX_UPDATE_MANAGERS
    if surplus <= 0:
        return
    updaters.sort(key=lambda manager: (managed[manager].time, manager))
    first_of_version: dict[str, ManagerID] = {}
    for manager in updaters:
        if surplus <= 0:
            return
        version = managed[manager].api_version
        first = first_of_version.setdefault(version, manager)
        if first == manager:
            continue
        bucket = ManagerID(ANCIENT_CHANGES, UPDATE, version)
        if bucket not in managed:
            managed[bucket] = managed.pop(first)
        entry = managed[manager]
        managed[bucket] = Entry(
            union(entry.fields, managed[bucket].fields), entry.api_version, entry.time
        )
        if manager != bucket:
            del managed[manager]
        surplus -= 1
