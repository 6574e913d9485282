"""Default values of the networking kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["default_ingress_class", "default_network_policy"]


def default_ingress_class(obj: JSONObject) -> None:
    """Parameters are a cluster-scoped object unless said otherwise."""
    parameters = (obj.get("spec") or {}).get("parameters")
    if parameters is not None and parameters.get("scope") is None:
        parameters["scope"] = "Cluster"


def default_network_policy(obj: JSONObject) -> None:
    """Ports are TCP; the policy is for ingress, and for egress if it has such rules."""
    spec = obj.setdefault("spec", {})
    for rules in (spec.get("ingress"), spec.get("egress")):
        for rule in rules or ():
            for port in rule.get("ports") or ():
                if port.get("protocol") is None:
                    port["protocol"] = "TCP"
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
