"""Table columns of the networking kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.labels import format_label_selector
from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["INGRESS", "INGRESS_CLASS", "IP_ADDRESS", "NETWORK_POLICY", "SERVICE_CIDR"]

_NETWORKING = "io.k8s.api.networking.v1"
_MAX_HOSTS = 3


def _hosts(rules: list[JSONObject]) -> str:
    hosts = [rule["host"] for rule in rules if rule.get("host")]
    shown = ",".join(hosts[:_MAX_HOSTS])
    if len(hosts) > _MAX_HOSTS:
        return f"{shown} + {len(hosts) - _MAX_HOSTS} more..."
    return shown or "*"


def _ingress_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    balancer = (obj.get("status") or {}).get("loadBalancer") or {}
    points = {p.get("ip") or p.get("hostname") for p in balancer.get("ingress") or ()}
    name = spec.get("ingressClassName")
    return [
        meta["name"],
        "<none>" if name is None else name,
        _hosts(spec.get("rules") or []),
        ",".join(sorted(point for point in points if point)),
        "80, 443" if spec.get("tls") else "80",
        age(meta.get("creationTimestamp"), now),
    ]


def _ingress_class_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    parameters, shown = spec.get("parameters"), "<none>"
    if parameters is not None:
        group = parameters.get("apiGroup")
        kind = parameters.get("kind", "") if group is None else f"{parameters['kind']}.{group}"
        shown = f"{kind}/{parameters.get('name', '')}"
    return [
        meta["name"],
        spec.get("controller", ""),
        shown,
        age(meta.get("creationTimestamp"), now),
    ]


def _network_policy_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    selector = (obj.get("spec") or {}).get("podSelector")
    return [
        meta["name"],
        format_label_selector(selector),
        age(meta.get("creationTimestamp"), now),
    ]


def _ip_address_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, shown = obj["metadata"], "<none>"
    parent = (obj.get("spec") or {}).get("parentRef")
    if parent is not None:
        resource, group = parent.get("resource", ""), parent.get("group")
        parts = [(f"{resource}.{group}" if group else resource).lower()]
        if parent.get("namespace"):
            parts.append(parent["namespace"])
        parts.append(parent.get("name", ""))
        shown = "/".join(parts)
    # The age has a cell and no column: clients know this Table so.
    return [meta["name"], shown, age(meta.get("creationTimestamp"), now)]


def _service_cidr_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    cidrs = (obj.get("spec") or {}).get("cidrs") or ()
    return [meta["name"], ",".join(cidrs), age(meta.get("creationTimestamp"), now)]


INGRESS = Columns(
    (
        NAME,
        Column(
            "Class",
            description="The name of the IngressClass resource that should be used for "
            "additional configuration",
        ),
        Column(
            "Hosts",
            description="Hosts that incoming requests are matched against before the ingress rule",
        ),
        Column(
            "Address",
            description="Address is a list containing ingress points for the load-balancer",
        ),
        Column("Ports", description="Ports of TLS configurations that open"),
        AGE,
    ),
    _ingress_cells,
)
INGRESS_CLASS = Columns(
    (
        NAME,
        Column("Controller", description="Controller that is responsible for handling this class"),
        Column("Parameters", description="A reference to a resource with additional parameters"),
        AGE,
    ),
    _ingress_class_cells,
)
NETWORK_POLICY = Columns(
    (NAME, Column("Pod-Selector", describes=f"{_NETWORKING}.NetworkPolicySpec.podSelector"), AGE),
    _network_policy_cells,
)
IP_ADDRESS = Columns(
    (NAME, Column("ParentRef", describes=f"{_NETWORKING}.IPAddressSpec.parentRef")),
    _ip_address_cells,
)
SERVICE_CIDR = Columns(
    (NAME, Column("CIDRs", describes=f"{_NETWORKING}.ServiceCIDRSpec.cidrs"), AGE),
    _service_cidr_cells,
)
