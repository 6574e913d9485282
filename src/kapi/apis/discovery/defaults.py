"""Default values of EndpointSlice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["default_endpoint_slice"]


def default_endpoint_slice(obj: JSONObject) -> None:
    """Ports have an empty name and are TCP."""
    for port in obj.get("ports") or ():
        if port.get("name") is None:
            port["name"] = ""
        if port.get("protocol") is None:
            port["protocol"] = "TCP"
