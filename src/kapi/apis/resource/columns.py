"""Table columns of the dynamic resource allocation kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["NAME_AND_AGE", "RESOURCE_CLAIM", "RESOURCE_SLICE"]

_V1 = "io.k8s.api.resource.v1"


def _name_and_age_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    return [meta["name"], age(meta.get("creationTimestamp"), now)]


def _claim_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, status = obj["metadata"], obj.get("status") or {}
    states = []
    if meta.get("deletionTimestamp"):
        states.append("deleted")
    if status.get("allocation") is None:
        if not states:
            states.append("pending")
    else:
        states.append("allocated")
        if status.get("reservedFor"):
            states.append("reserved")
    return [meta["name"], ",".join(states), age(meta.get("creationTimestamp"), now)]


def _slice_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    return [
        meta["name"],
        spec.get("nodeName") or "",
        spec.get("driver", ""),
        (spec.get("pool") or {}).get("name", ""),
        age(meta.get("creationTimestamp"), now),
    ]


NAME_AND_AGE = Columns((NAME, AGE), _name_and_age_cells)
RESOURCE_CLAIM = Columns(
    (
        NAME,
        Column(
            "State",
            description="A summary of the current state (allocated, pending, reserved, etc.).",
        ),
        AGE,
    ),
    _claim_cells,
)
RESOURCE_SLICE = Columns(
    (
        NAME,
        Column("Node", describes=f"{_V1}.ResourceSliceSpec.nodeName"),
        Column("Driver", describes=f"{_V1}.ResourceSliceSpec.driver"),
        Column("Pool", describes=f"{_V1}.ResourcePool.name"),
        AGE,
    ),
    _slice_cells,
)
