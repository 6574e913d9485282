"""Service: defaults, and the questions about its type that its other rules ask.

Implements the defaults of "Service" in the API reference and "Virtual IPs and Service Proxies".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "default_service",
    "gets_node_ports",
    "is_externally_accessible",
    "is_headless",
    "needs_cluster_ip",
    "needs_health_check_node_port",
    "needs_node_port",
]

# Seconds a client sticks to a pod with session affinity (three hours).
DEFAULT_CLIENT_IP_TIMEOUT = 10800


_WITH_TRAFFIC_POLICY = frozenset(("ClusterIP", "NodePort", "LoadBalancer"))


def needs_cluster_ip(spec: JSONObject) -> bool:
    """Whether a service of this type has cluster IP fields (``None`` counts)."""
    return spec.get("type") != "ExternalName"


def needs_node_port(spec: JSONObject) -> bool:
    """Whether the ports of a service of this type may have node ports."""
    kind = spec.get("type")
    return kind in ("NodePort", "LoadBalancer")


def gets_node_ports(spec: JSONObject) -> bool:
    """Whether ports without a node port get one: load balancers may do without."""
    kind = spec.get("type")
    return kind == "NodePort" or (
        kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is not False
    )


def needs_health_check_node_port(spec: JSONObject) -> bool:
    """Whether a load balancer must ask each node if it has local endpoints."""
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def is_externally_accessible(spec: JSONObject) -> bool:
    """Whether traffic from outside of the cluster can reach the service."""
    kind = spec.get("type")
    if kind in ("NodePort", "LoadBalancer"):
        return True
    return kind == "ClusterIP" and bool(spec.get("externalIPs"))


def is_headless(spec: JSONObject) -> bool:
    """Whether the service has no cluster IP by wish."""
    addresses = spec.get("clusterIPs")
    return bool(addresses) and addresses == ["None"]


def default_service(obj: JSONObject) -> None:
    """Set the defaults of a v1 Service."""
    spec = obj.setdefault("spec", {})
    _default_affinity(spec)
    kind = spec.get("type")
    if not kind:
        kind = spec["type"] = "ClusterIP"
    for port in spec.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
        if not port.get("targetPort"):
            port["targetPort"] = port.get("port", 0)
    if not spec.get("externalTrafficPolicy") and is_externally_accessible(spec):
        spec["externalTrafficPolicy"] = "Cluster"
    if spec.get("internalTrafficPolicy") is None and kind in _WITH_TRAFFIC_POLICY:
        spec["internalTrafficPolicy"] = "Cluster"
    if kind == "LoadBalancer":
        if spec.get("allocateLoadBalancerNodePorts") is None:
            spec["allocateLoadBalancerNodePorts"] = True
        _default_ingress(obj)


def _default_affinity(spec: JSONObject) -> None:
    affinity = spec.get("sessionAffinity")
    if not affinity:
        affinity = spec["sessionAffinity"] = "None"
    if affinity == "None":
        spec.pop("sessionAffinityConfig", None)
    elif affinity == "ClientIP":
        config = spec.get("sessionAffinityConfig") or {}
        if (config.get("clientIP") or {}).get("timeoutSeconds") is None:
            spec["sessionAffinityConfig"] = {
                "clientIP": {"timeoutSeconds": DEFAULT_CLIENT_IP_TIMEOUT}
            }


def _default_ingress(obj: JSONObject) -> None:
    balancer = (obj.get("status") or {}).get("loadBalancer") or {}
    for ingress in balancer.get("ingress") or ():
        if ingress.get("ip") and ingress.get("ipMode") is None:
            ingress["ipMode"] = "VIP"
