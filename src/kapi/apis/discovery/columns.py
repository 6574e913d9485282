"""Table columns of EndpointSlice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["ENDPOINT_SLICE"]

_SLICE = "io.k8s.api.discovery.v1.EndpointSlice"
_MAX_SHOWN = 3


def _list(items: list[str]) -> str:
    shown = ",".join(items[:_MAX_SHOWN])
    if len(items) > _MAX_SHOWN:
        return f"{shown} + {len(items) - _MAX_SHOWN} more..."
    return shown or "<unset>"


def _endpoint_slice_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    ports = [str(port.get("port", port.get("name", "*"))) for port in obj.get("ports") or ()]
    endpoints = obj.get("endpoints") or ()
    addresses = [address for e in endpoints for address in e.get("addresses") or ()]
    return [
        meta["name"],
        obj.get("addressType", ""),
        _list(ports),
        _list(addresses),
        age(meta.get("creationTimestamp"), now),
    ]


ENDPOINT_SLICE = Columns(
    (
        NAME,
        Column("AddressType", describes=f"{_SLICE}.addressType"),
        Column("Ports", describes=f"{_SLICE}.ports"),
        Column("Endpoints", describes=f"{_SLICE}.endpoints"),
        AGE,
    ),
    _endpoint_slice_cells,
)
