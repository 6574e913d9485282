"""ComponentStatus: its Table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.rules import Column, Columns

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["COMPONENT_STATUS_COLUMNS"]


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    status, message, error = "Unknown", "", ""
    for condition in obj.get("conditions") or ():
        if condition.get("type") == "Healthy":
            status = "Healthy" if condition.get("status") == "True" else "Unhealthy"
            message, error = condition.get("message", ""), condition.get("error", "")
            break
    return [obj["metadata"].get("name", ""), status, message, error]


COMPONENT_STATUS_COLUMNS = Columns(
    (
        Column(
            "Name",
            format="name",
            describes="io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta.name",
        ),
        Column("Status", description="Status of the component conditions"),
        Column("Message", description="Message of the component conditions"),
        Column("Error", description="Error of the component conditions"),
    ),
    _cells,
)
