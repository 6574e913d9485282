"""Service and Endpoints: their Tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["ENDPOINTS_COLUMNS", "SERVICE_COLUMNS"]

_SPEC = "io.k8s.api.core.v1.ServiceSpec"

# How many endpoints a row shows before it counts the rest.
_MAX_ENDPOINTS = 3


def _service_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    metadata = obj["metadata"]
    spec = obj.get("spec") or {}
    addresses = spec.get("clusterIPs")
    selector = spec.get("selector")
    return [
        metadata.get("name", ""),
        spec.get("type", ""),
        addresses[0] if addresses else "<none>",
        _external_ip(obj, spec),
        ",".join(_port(port) for port in spec.get("ports") or ()) or "<none>",
        age(metadata.get("creationTimestamp"), now),
        ",".join(f"{key}={selector[key]}" for key in sorted(selector)) if selector else "<none>",
    ]


def _port(port: JSONObject) -> str:
    number = port.get("port", 0)
    protocol = port.get("protocol", "")
    if port.get("nodePort"):
        return f"{number}:{port['nodePort']}/{protocol}"
    return f"{number}/{protocol}"


def _external_ip(obj: JSONObject, spec: JSONObject) -> str:
    kind = spec.get("type")
    external: list[str] = spec.get("externalIPs") or []
    if kind == "ExternalName":
        return str(spec.get("externalName") or "")
    if kind != "LoadBalancer":
        return ",".join(external) or "<none>"
    balancer = (obj.get("status") or {}).get("loadBalancer") or {}
    ingress = sorted(
        {entry.get("ip") or entry.get("hostname") or "" for entry in balancer.get("ingress") or ()}
        - {""}
    )
    return ",".join(ingress + external) or "<pending>"


SERVICE_COLUMNS = Columns(
    (
        NAME,
        Column("Type", describes=f"{_SPEC}.type"),
        Column("Cluster-IP", describes=f"{_SPEC}.clusterIP"),
        Column("External-IP", describes=f"{_SPEC}.externalIPs"),
        Column("Port(s)", describes=f"{_SPEC}.ports"),
        AGE,
        Column("Selector", priority=1, describes=f"{_SPEC}.selector"),
    ),
    _service_cells,
)


def _endpoints_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    metadata = obj["metadata"]
    return [
        metadata.get("name", ""),
        _endpoints(obj.get("subsets") or []),
        age(metadata.get("creationTimestamp"), now),
    ]


def _endpoints(subsets: list[JSONObject]) -> str:
    shown: list[str] = []
    count = 0
    for subset in subsets:
        addresses = [address.get("ip", "") for address in subset.get("addresses") or ()]
        ports = subset.get("ports")
        if not ports:
            count += len(addresses)
            shown += addresses[: _MAX_ENDPOINTS - len(shown)]
            continue
        for port in ports:
            count += len(addresses)
            shown += [
                _host_port(address, port.get("port", 0))
                for address in addresses[: _MAX_ENDPOINTS - len(shown)]
            ]
    if not shown:
        return "<none>"
    text = ",".join(shown)
    return f"{text} + {count - len(shown)} more..." if count > len(shown) else text


def _host_port(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


ENDPOINTS_COLUMNS = Columns(
    (
        NAME,
        Column("Endpoints", describes="io.k8s.api.core.v1.Endpoints.subsets"),
        AGE,
    ),
    _endpoints_cells,
)
