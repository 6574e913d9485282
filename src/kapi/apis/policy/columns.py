"""Table columns of PodDisruptionBudget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["POD_DISRUPTION_BUDGET"]


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    return [
        meta.get("name", ""),
        _limit(spec.get("minAvailable")),
        _limit(spec.get("maxUnavailable")),
        (obj.get("status") or {}).get("disruptionsAllowed", 0),
        age(meta.get("creationTimestamp"), now),
    ]


def _limit(value: JSONValue) -> str:
    return "N/A" if value is None else str(value)


POD_DISRUPTION_BUDGET = Columns(
    (
        NAME,
        Column("Min Available", description="The minimum number of pods that must be available."),
        Column(
            "Max Unavailable", description="The maximum number of pods that may be unavailable."
        ),
        Column(
            "Allowed Disruptions",
            "integer",
            description="Calculated number of pods that may be disrupted at this time.",
        ),
        AGE,
    ),
    _cells,
)
