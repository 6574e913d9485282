"""Default values of APIService."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["default_api_service"]

_PORT = 443


def default_api_service(obj: JSONObject) -> None:
    """The service listens on the port of https."""
    service = (obj.get("spec") or {}).get("service")
    if service is not None and service.get("port") is None:
        service["port"] = _PORT
