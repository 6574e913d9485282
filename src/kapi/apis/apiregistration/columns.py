"""Table columns of APIService."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["API_SERVICE"]


def _api_service_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    service = (obj.get("spec") or {}).get("service")
    shown = "Local"
    if service is not None:
        shown = f"{service.get('namespace', '')}/{service.get('name', '')}"
    available = "Unknown"
    for condition in (obj.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "Available":
            available, reason = condition.get("status", ""), condition.get("reason")
            if available != "True" and reason:
                available = f"{available} ({reason})"
    return [meta["name"], shown, available, age(meta.get("creationTimestamp"), now)]


API_SERVICE = Columns(
    (
        NAME,
        Column("Service", description="The reference to the service that hosts this API endpoint."),
        Column("Available", description="Whether this service is available."),
        AGE,
    ),
    _api_service_cells,
)
