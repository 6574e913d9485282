"""Tables and metadata-only views of objects.

Implements "Receiving resources as Tables" and PartialObjectMetadata of the API concepts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from kapi.apimachinery.errors import BadRequest
from kapi.registry.rules import Column, Columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.scheme import Scheme
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.catalogue import Resource

__all__ = ["TableWriter", "include_object", "partial_metadata"]

_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_INCLUDE = ("", "Metadata", "Object", "None")


def _name_and_creation(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    return [meta.get("name", ""), meta.get("creationTimestamp")]


_DEFAULT = Columns(
    (
        Column("Name", format="name", describes=f"{_META}.name"),
        Column("Created At", "date", describes=f"{_META}.creationTimestamp"),
    ),
    _name_and_creation,
)


def include_object(value: str) -> str:
    """Check the ``includeObject`` parameter; Metadata is the default."""
    if value not in _INCLUDE:
        raise BadRequest(
            f'Unable to convert to Table as requested: includeObject: Invalid value: "{value}": '
            "must be 'Metadata', 'Object', 'None', or empty"
        )
    return value or "Metadata"


def partial_metadata(resource: Resource, obj: JSONObject, version: str) -> JSONObject:
    """The metadata of a stored object as PartialObjectMetadata of ``meta.k8s.io``."""
    meta = obj["metadata"]
    hidden = resource.rules.hidden_annotations
    if hidden and "annotations" in meta:
        kept = {name: text for name, text in meta["annotations"].items() if name not in hidden}
        meta = {name: value for name, value in meta.items() if name != "annotations"}
        if kept:
            meta["annotations"] = kept
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": meta,
    }


class TableWriter:
    """Makes Tables; column definitions are built once per kind."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._definitions: WeakKeyDictionary[Columns, list[JSONObject]] = WeakKeyDictionary()

    def columns(self, resource: Resource) -> Columns:
        """The columns of a resource, or name and time of creation."""
        return resource.rules.columns or _DEFAULT

    def definitions(self, resource: Resource) -> list[JSONObject]:
        """The columnDefinitions of a resource's Tables."""
        columns = self.columns(resource)
        found = self._definitions.get(columns)
        if found is None:
            found = [self._definition(column) for column in columns.columns]
            self._definitions[columns] = found
        return found

    def _definition(self, column: Column) -> JSONObject:
        return {
            "name": column.name,
            "type": column.type,
            "format": column.format,
            "description": column.description or self._described(column.describes),
            "priority": column.priority,
        }

    def _described(self, field: str) -> str:
        name, _, member = field.rpartition(".")
        definition = self._scheme.definitions.get(name, {})
        text: str = definition.get("properties", {}).get(member, {}).get("description", "")
        return text

    def row(
        self,
        resource: Resource,
        obj: JSONObject,
        shown: JSONObject,
        now: float,
        include: str,
        version: str,
    ) -> JSONObject:
        """One row: cells from the hub object, ``shown`` is the object at the request's version."""
        columns = self.columns(resource)
        row: JSONObject = {"cells": columns.cells(obj, now)}
        if columns.conditions is not None:
            conditions = columns.conditions(obj)
            if conditions:
                row["conditions"] = conditions
        if include == "Metadata":
            row["object"] = partial_metadata(resource, obj, version)
        elif include == "Object":
            row["object"] = shown
        else:
            row["object"] = None
        return row

    def table(
        self,
        resource: Resource,
        rows: Iterable[JSONObject],
        metadata: JSONObject,
        version: str,
        *,
        definitions: bool = True,
    ) -> JSONObject:
        """A whole Table; watches send the definitions in their first event only."""
        return {
            "kind": "Table",
            "apiVersion": f"meta.k8s.io/{version}",
            "metadata": metadata,
            "columnDefinitions": self.definitions(resource) if definitions else None,
            # Kinds that nobody designed a Table for have no list of rows without any.
            "rows": list(rows) or (None if self.columns(resource) is _DEFAULT else []),
        }
