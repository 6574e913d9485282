"""Service: how cluster IPs, families and family policy complete each other before allocation.

Implements "IPv4/IPv6 dual-stack" for clusters of one or two families.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.addresses import is_ipv6
from kapi.apimachinery.errors import Invalid
from kapi.apimachinery.field import ErrorList
from kapi.apis.core.service_defaults import (
    gets_node_ports,
    needs_cluster_ip,
    needs_health_check_node_port,
)
from kapi.apis.core.service_ip_validation import validate_cluster_ip_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.types import JSONObject

__all__ = [
    "complete_ip_families",
    "invalid_service",
    "keep_allocated_values",
    "keeps_dual_stack_preference",
    "normalize_cluster_ips",
]

_OTHER_FAMILY = {"IPv4": "IPv6", "IPv6": "IPv4"}
_WITH_ADDRESS = frozenset(("ClusterIP", "NodePort", "LoadBalancer"))
# The lists with a value for each family, and what the values are called.
_LISTS = {"clusterIPs": "cluster IP", "ipFamilies": "IP family"}


def invalid_service(obj: JSONObject, errors: ErrorList) -> Invalid:
    """The 422 answer with these field errors."""
    name = (obj.get("metadata") or {}).get("name") or ""
    return Invalid.kind("", "Service", name, errors)


def keep_allocated_values(spec: JSONObject, old: JSONObject) -> None:
    """What was allocated and the client left out stays: addresses and ports."""
    if needs_cluster_ip(old) and needs_cluster_ip(spec):
        if not spec.get("clusterIP") and old.get("clusterIP"):
            spec["clusterIP"] = old["clusterIP"]
        if not spec.get("clusterIPs") and old.get("clusterIPs"):
            spec["clusterIPs"] = list(old["clusterIPs"])
    if gets_node_ports(old) and gets_node_ports(spec):
        _keep_node_ports(spec.get("ports") or [], old.get("ports") or [])
    if (
        needs_health_check_node_port(old)
        and needs_health_check_node_port(spec)
        and not spec.get("healthCheckNodePort")
        and old.get("healthCheckNodePort")
    ):
        spec["healthCheckNodePort"] = old["healthCheckNodePort"]


def _keep_node_ports(ports: list[JSONObject], old: list[JSONObject]) -> None:
    """A port without a node port gets that of the old port of the same name, unless in use."""
    asked = {port.get("nodePort") for port in ports}
    used = {port["nodePort"] for port in old if port.get("nodePort") and port["nodePort"] in asked}
    by_name = {port.get("name") or "": port.get("nodePort") for port in old}
    for port in ports:
        if port.get("nodePort"):
            continue
        number = by_name.get(port.get("name") or "")
        if number and number not in used:
            port["nodePort"] = number
            used.add(number)


def normalize_cluster_ips(spec: JSONObject, old: JSONObject | None) -> None:
    """Bring ``clusterIPs`` in line when a client only knows ``clusterIP``."""
    address = spec.get("clusterIP")
    if old is None:
        if address and not spec.get("clusterIPs"):
            spec["clusterIPs"] = [address]
        return
    before = old.get("clusterIP")
    if old.get("clusterIPs") and not spec.get("clusterIPs") and before == address:
        spec["clusterIPs"] = list(old["clusterIPs"])
    if before != address and (spec.get("clusterIPs") or []) == (old.get("clusterIPs") or []):
        if before and not address:
            spec.pop("clusterIPs", None)
        elif address:
            spec["clusterIPs"] = [address]


def keeps_dual_stack_preference(spec: JSONObject, old: JSONObject | None) -> bool:
    """Whether a PreferDualStack service stays as it is.

    Such a service does not gain or lose an address because the cluster changed in between.
    """
    return (
        old is not None
        and spec.get("type") == old.get("type")
        and spec.get("type") in _WITH_ADDRESS
        and spec.get("ipFamilyPolicy") == "PreferDualStack"
        and old.get("ipFamilyPolicy") in (None, "PreferDualStack")
        and all(_list(spec, name) == _list(old, name) for name in _LISTS)
    )


def _list(spec: JSONObject, name: str) -> list[str]:
    return spec.get(name) or []


def complete_ip_families(
    obj: JSONObject, old: JSONObject | None, configured: Sequence[str]
) -> None:
    """Fill in families and policy; ``configured`` are the cluster's families, default first.

    Raises Invalid when the wish does not fit the cluster.
    """
    spec = obj["spec"]
    before = None if old is None else old.get("spec") or {}
    if spec.get("type") == "ExternalName" or keeps_dual_stack_preference(spec, before):
        return
    selectorless = spec.get("clusterIP") == "None" and not spec.get("selector")
    if spec.get("ipFamilyPolicy") is None:
        default = "RequireDualStack" if selectorless else "SingleStack"
        spec["ipFamilyPolicy"] = (before or {}).get("ipFamilyPolicy") or default
    errors = ErrorList()
    validate_cluster_ip_fields(spec, errors)
    if not errors:
        if before is not None:
            _release_second(spec, before, errors)
        _check_policy(spec, errors)
        _infer_families(spec, configured, errors)
    if errors:
        raise invalid_service(obj, errors)
    if selectorless:
        _complete_selectorless(spec, configured)
        return
    _check_cluster(spec, configured, errors)
    if errors:
        raise invalid_service(obj, errors)
    _complete_configured(spec, configured)


def _release_second(spec: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Going back to SingleStack releases the second address without naming it."""
    policy = spec["ipFamilyPolicy"]
    for name, what in _LISTS.items():
        values, before = _list(spec, name), _list(old, name)
        if policy != "SingleStack":
            if 0 < len(values) < len(before):
                rule = f"must be 'SingleStack' to release the secondary {what}"
                errors.invalid("spec.ipFamilyPolicy", policy, rule)
        elif len(values) > 1 and values == before:
            spec[name] = values[:1]


def _check_policy(spec: JSONObject, errors: ErrorList) -> None:
    if spec["ipFamilyPolicy"] != "SingleStack":
        return
    for name, what in (("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families")):
        if len(_list(spec, name)) == 2:
            errors.invalid(
                "spec.ipFamilyPolicy",
                "SingleStack",
                "must be 'RequireDualStack' or 'PreferDualStack' when multiple "
                f"{what} are specified",
            )


def _check_cluster(spec: JSONObject, configured: Sequence[str], errors: ErrorList) -> None:
    """The cluster must have what the service wants."""
    if spec["ipFamilyPolicy"] == "RequireDualStack" and len(configured) < 2:
        errors.invalid(
            "spec.ipFamilyPolicy",
            "RequireDualStack",
            "this cluster is not configured for dual-stack services",
        )
    for index, family in enumerate(_list(spec, "ipFamilies")):
        if family not in configured:
            errors.invalid(f"spec.ipFamilies[{index}]", family, "not configured on this cluster")


def _infer_families(spec: JSONObject, configured: Sequence[str], errors: ErrorList) -> None:
    """The families of the addresses that the client chose."""
    addresses = spec.get("clusterIPs") or []
    families = list(spec.get("ipFamilies") or ())
    for index, address in enumerate(addresses):
        if address == "None":
            break
        if index < len(families):
            continue
        family = "IPv6" if is_ipv6(address) else "IPv4"
        if family not in configured:
            errors.invalid(
                f"spec.clusterIPs[{index}]",
                addresses,
                f"{family} is not configured on this cluster",
            )
        else:
            families.append(family)
    if families:
        spec["ipFamilies"] = families


def _complete_selectorless(spec: JSONObject, configured: Sequence[str]) -> None:
    """A headless service without selector may name families that the cluster does not have."""
    families = _list(spec, "ipFamilies") or [configured[0]]
    if len(families) == 1 and spec["ipFamilyPolicy"] != "SingleStack":
        families = [*families, _OTHER_FAMILY[families[0]]]
    spec["ipFamilies"] = families


def _complete_configured(spec: JSONObject, configured: Sequence[str]) -> None:
    """The cluster's default family, and its other one for services that want both."""
    families = _list(spec, "ipFamilies") or [configured[0]]
    wants_both = spec["ipFamilyPolicy"] != "SingleStack"
    if wants_both and len(families) == 1 and len(configured) == 2:
        families = [*families, _OTHER_FAMILY[families[0]]]
    spec["ipFamilies"] = families
