"""Table columns of FlowSchema and PriorityLevelConfiguration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["FLOW_SCHEMA", "PRIORITY_LEVEL_CONFIGURATION"]

_V1 = "io.k8s.api.flowcontrol.v1"
_NONE = "<none>"


def _flow_schema_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    conditions = (obj.get("status") or {}).get("conditions") or ()
    dangling = next((c.get("status", "") for c in conditions if c.get("type") == "Dangling"), "?")
    method = spec.get("distinguisherMethod")
    return [
        meta["name"],
        (spec.get("priorityLevelConfiguration") or {}).get("name", ""),
        spec.get("matchingPrecedence", 0),
        _NONE if method is None else method.get("type", ""),
        age(meta.get("creationTimestamp"), now),
        dangling,
    ]


def _priority_level_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    limited = spec.get("limited") or {}
    queuing = (limited.get("limitResponse") or {}).get("queuing") or {}
    return [
        meta["name"],
        spec.get("type", ""),
        limited.get("nominalConcurrencyShares", 0) if limited else _NONE,
        queuing.get("queues", _NONE),
        queuing.get("handSize", _NONE),
        queuing.get("queueLengthLimit", _NONE),
        age(meta.get("creationTimestamp"), now),
    ]


FLOW_SCHEMA = Columns(
    (
        NAME,
        Column("PriorityLevel", describes=f"{_V1}.PriorityLevelConfigurationReference.name"),
        Column("MatchingPrecedence", describes=f"{_V1}.FlowSchemaSpec.matchingPrecedence"),
        Column("DistinguisherMethod", describes=f"{_V1}.FlowSchemaSpec.distinguisherMethod"),
        AGE,
        Column(
            "MissingPL",
            description="references a broken or non-existent PriorityLevelConfiguration",
        ),
    ),
    _flow_schema_cells,
)
PRIORITY_LEVEL_CONFIGURATION = Columns(
    (
        NAME,
        Column("Type", describes=f"{_V1}.PriorityLevelConfigurationSpec.type"),
        Column(
            "NominalConcurrencyShares",
            describes=f"{_V1}.LimitedPriorityLevelConfiguration.nominalConcurrencyShares",
        ),
        Column("Queues", describes=f"{_V1}.QueuingConfiguration.queues"),
        Column("HandSize", describes=f"{_V1}.QueuingConfiguration.handSize"),
        Column("QueueLengthLimit", describes=f"{_V1}.QueuingConfiguration.queueLengthLimit"),
        AGE,
    ),
    _priority_level_cells,
)
