"""The Table of CustomResourceDefinitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.rules import Column, Columns

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["DEFINITION_COLUMNS"]

_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    return [meta.get("name", ""), meta.get("creationTimestamp")]


DEFINITION_COLUMNS = Columns(
    (
        Column("Name", format="name", describes=f"{_META}.name"),
        Column("Created At", type="date", describes=f"{_META}.creationTimestamp"),
    ),
    _cells,
)
