"""Table columns of PriorityClass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["PRIORITY_CLASS"]

_CLASS = "io.k8s.api.scheduling.v1.PriorityClass"


def _priority_class_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    return [
        meta["name"],
        obj.get("value", 0),
        bool(obj.get("globalDefault")),
        age(meta.get("creationTimestamp"), now),
        obj.get("preemptionPolicy") or "",
    ]


PRIORITY_CLASS = Columns(
    (
        NAME,
        Column("Value", "integer", describes=f"{_CLASS}.value"),
        Column("Global-Default", "boolean", describes=f"{_CLASS}.globalDefault"),
        AGE,
        Column("PreemptionPolicy", describes=f"{_CLASS}.preemptionPolicy"),
    ),
    _priority_class_cells,
)
