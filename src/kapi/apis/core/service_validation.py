"""Service: validation at creation and update, of status too.

Implements the rules of the Service API reference. Which addresses and ports are free is the
allocator's business, not this module's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import addresses, names
from kapi.apimachinery.metav1 import validate_labels
from kapi.apis.core.ip_validation import validate_non_special_ip
from kapi.apis.core.service_defaults import (
    is_externally_accessible,
    is_headless,
    needs_health_check_node_port,
)
from kapi.apis.core.service_ip_validation import (
    validate_cluster_ip_change,
    validate_cluster_ip_fields,
    validate_ip_family_change,
)
from kapi.apis.core.service_port_validation import (
    KUBELET_PORT,
    validate_port_uniqueness,
    validate_service_ports,
)

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_service", "validate_service_status", "validate_service_update"]

SOURCE_RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges"
TOPOLOGY_MODE_ANNOTATION = "service.kubernetes.io/topology-mode"
TOPOLOGY_HINTS_ANNOTATION = "service.kubernetes.io/topology-aware-hints"

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_AFFINITIES = ("ClientIP", "None")
_WITH_TRAFFIC_POLICY = frozenset(("ClusterIP", "NodePort", "LoadBalancer"))
_TRAFFIC_POLICIES = ("Cluster", "Local")
_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
_MAX_AFFINITY_SECONDS = 86400
_ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"


def validate_service(obj: JSONObject, errors: ErrorList, minor: int) -> None:
    """Append what is wrong with a service in Kubernetes 1.``minor``."""
    spec = obj.get("spec") or {}
    ports = spec.get("ports") or []
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    _validate_topology_annotations(annotations, errors)
    if not ports and not is_headless(spec) and spec.get("type") != "ExternalName":
        errors.required("spec.ports")
    _validate_type_rules(spec, ports, errors)
    validate_service_ports(ports, errors)
    validate_labels(spec.get("selector"), "spec.selector", errors)
    _validate_affinity(spec, errors)
    validate_cluster_ip_fields(spec, errors)
    for index, address in enumerate(spec.get("externalIPs") or ()):
        path = f"spec.externalIPs[{index}]"
        messages = addresses.legacy_ip(address)
        errors.invalid_each(path, address, messages)
        if not messages:
            validate_non_special_ip(address, path, errors)
    kind = spec.get("type")
    if not kind:
        errors.required("spec.type")
    elif kind not in _TYPES:
        errors.not_supported("spec.type", kind, _TYPES)
    if kind == "ClusterIP":
        for index, port in enumerate(ports):
            if port.get("nodePort"):
                errors.forbidden(
                    f"spec.ports[{index}].nodePort", "may not be used when `type` is 'ClusterIP'"
                )
    validate_port_uniqueness(ports, errors)
    _validate_load_balancer(spec, annotations, errors)
    _validate_load_balancer_class(spec, None, errors)
    _validate_traffic_policies(spec, errors)
    distribution = spec.get("trafficDistribution")
    known = _DISTRIBUTIONS if minor >= 34 else _DISTRIBUTIONS[:1]
    if distribution is not None and distribution not in known:
        errors.not_supported("spec.trafficDistribution", distribution, known)


def _validate_topology_annotations(annotations: JSONObject, errors: ErrorList) -> None:
    mode, hints = (
        annotations.get(TOPOLOGY_MODE_ANNOTATION),
        annotations.get(TOPOLOGY_HINTS_ANNOTATION),
    )
    if mode is not None and hints is not None and mode != hints:
        errors.invalid(
            f"metadata.annotations[{TOPOLOGY_MODE_ANNOTATION}]",
            mode,
            f"must match annotations[{TOPOLOGY_HINTS_ANNOTATION}] when both are specified",
        )


def _validate_type_rules(spec: JSONObject, ports: list[JSONObject], errors: ErrorList) -> None:
    kind = spec.get("type")
    if kind == "LoadBalancer":
        for index, port in enumerate(ports):
            if port.get("port") == KUBELET_PORT:
                errors.invalid(
                    f"spec.ports[{index}]",
                    KUBELET_PORT,
                    f"may not expose port {KUBELET_PORT} externally since it is used by kubelet",
                )
    if kind in ("LoadBalancer", "NodePort") and is_headless(spec):
        errors.invalid(
            "spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services"
        )
    if kind == "ExternalName":
        for name in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if spec.get(name):
                errors.forbidden(f"spec.{name}", "may not be set for ExternalName services")
        # A trailing dot marks a name as fully qualified.
        host = (spec.get("externalName") or "").removesuffix(".")
        if not host:
            errors.required("spec.externalName")
        else:
            errors.invalid_each("spec.externalName", host, names.dns1123_subdomain(host))


def _validate_affinity(spec: JSONObject, errors: ErrorList) -> None:
    affinity = spec.get("sessionAffinity")
    config = spec.get("sessionAffinityConfig")
    path = "spec.sessionAffinityConfig"
    if not affinity:
        errors.required("spec.sessionAffinity")
    elif affinity not in _AFFINITIES:
        errors.not_supported("spec.sessionAffinity", affinity, _AFFINITIES)
    if affinity == "None" and config is not None:
        errors.forbidden(path, "must not be set when session affinity is None")
    if affinity != "ClientIP":
        return
    when = "when session affinity type is ClientIP"
    if config is None:
        errors.required(path, when)
        return
    client_ip = config.get("clientIP")
    if client_ip is None:
        errors.required(f"{path}.clientIP", when)
        return
    seconds = client_ip.get("timeoutSeconds")
    if seconds is None:
        errors.required(f"{path}.clientIP.timeoutSeconds", when)
    elif not 0 < seconds <= _MAX_AFFINITY_SECONDS:
        errors.invalid(
            f"{path}.clientIP.timeoutSeconds",
            seconds,
            f"must be greater than 0 and less than {_MAX_AFFINITY_SECONDS}",
        )


def _validate_load_balancer(spec: JSONObject, annotations: JSONObject, errors: ErrorList) -> None:
    is_balancer = spec.get("type") == "LoadBalancer"
    ranges = spec.get("loadBalancerSourceRanges")
    if ranges:
        path = "spec.LoadBalancerSourceRanges"
        if not is_balancer:
            errors.forbidden(path, _ONLY_LOAD_BALANCER)
        for index, value in enumerate(ranges):
            # Values of the annotation, which this field replaced, may be padded with spaces.
            cidr = value.strip()
            errors.invalid_each(f"{path}[{index}]", cidr, addresses.legacy_cidr(cidr))
    elif SOURCE_RANGES_ANNOTATION in annotations:
        path = f"metadata.annotations[{SOURCE_RANGES_ANNOTATION}]"
        text = annotations[SOURCE_RANGES_ANNOTATION].strip()
        if not is_balancer:
            errors.forbidden(path, _ONLY_LOAD_BALANCER)
        for value in text.split(",") if text else ():
            cidr = value.strip()
            errors.invalid_each(path, cidr, addresses.legacy_cidr(cidr))
    allocate = spec.get("allocateLoadBalancerNodePorts")
    if allocate is not None and not is_balancer:
        errors.forbidden("spec.allocateLoadBalancerNodePorts", _ONLY_LOAD_BALANCER)
    if allocate is None and is_balancer:
        errors.required("spec.allocateLoadBalancerNodePorts")


def _validate_load_balancer_class(
    spec: JSONObject, old: JSONObject | None, errors: ErrorList
) -> None:
    name = spec.get("loadBalancerClass")
    path = "spec.loadBalancerClass"
    if spec.get("type") != "LoadBalancer":
        if name is not None:
            errors.forbidden(path, _ONLY_LOAD_BALANCER)
        return
    if (
        old is not None
        and old.get("type") == "LoadBalancer"
        and old.get("loadBalancerClass") != name
    ):
        errors.invalid(path, name, "may not change once set")
    if name is not None:
        errors.invalid_each(path, name, names.qualified_name(name))


def _validate_traffic_policies(spec: JSONObject, errors: ErrorList) -> None:
    external = spec.get("externalTrafficPolicy")
    path = "spec.externalTrafficPolicy"
    if not is_externally_accessible(spec):
        if external:
            errors.invalid(path, external, "may only be set for externally-accessible services")
    elif not external:
        errors.required(path)
    elif external not in _TRAFFIC_POLICIES:
        errors.not_supported(path, external, _TRAFFIC_POLICIES)
    _validate_health_check_node_port(spec, errors)
    internal = spec.get("internalTrafficPolicy")
    path = "spec.internalTrafficPolicy"
    if internal is None:
        if spec.get("type") in _WITH_TRAFFIC_POLICY:
            errors.required(path)
    elif internal not in _TRAFFIC_POLICIES:
        errors.not_supported(path, internal, _TRAFFIC_POLICIES)


def _validate_health_check_node_port(spec: JSONObject, errors: ErrorList) -> None:
    port = spec.get("healthCheckNodePort") or 0
    path = "spec.healthCheckNodePort"
    if not needs_health_check_node_port(spec):
        if port:
            errors.invalid(
                path,
                port,
                "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is"
                " 'Local'",
            )
    elif not port:
        errors.required(path)
    else:
        errors.invalid_each(path, port, names.port_number(port))


def validate_service_update(
    obj: JSONObject, old: JSONObject, errors: ErrorList, minor: int
) -> None:
    """Append what is wrong with a change of a service."""
    spec, before = obj.get("spec") or {}, old.get("spec") or {}
    validate_cluster_ip_change(spec, before, errors)
    validate_ip_family_change(spec, before, errors)
    _validate_load_balancer_class(spec, before, errors)
    if (
        needs_health_check_node_port(before)
        and needs_health_check_node_port(spec)
        and before.get("healthCheckNodePort") != spec.get("healthCheckNodePort")
    ):
        errors.forbidden("spec.healthCheckNodePort", "field is immutable")
    validate_service(obj, errors, minor)


def validate_service_status(obj: JSONObject, errors: ErrorList) -> None:
    """Append what is wrong with the load balancer that a controller reports."""
    balancer = (obj.get("status") or {}).get("loadBalancer") or {}
    ingresses = balancer.get("ingress") or ()
    path = "status.loadBalancer.ingress"
    if ingresses and (obj.get("spec") or {}).get("type") != "LoadBalancer":
        errors.forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")
        return
    for index, ingress in enumerate(ingresses):
        _validate_ingress(ingress, f"{path}[{index}]", errors)


def _validate_ingress(ingress: JSONObject, path: str, errors: ErrorList) -> None:
    address = ingress.get("ip")
    if address:
        errors.invalid_each(f"{path}.ip", address, addresses.legacy_ip(address))
    mode = ingress.get("ipMode")
    if mode is None:
        if address:
            errors.required(f"{path}.ipMode", "must be specified when `ip` is set")
    elif not address:
        errors.forbidden(f"{path}.ipMode", "may not be specified when `ip` is not set")
    elif mode not in ("Proxy", "VIP"):
        errors.not_supported(f"{path}.ipMode", mode, ("Proxy", "VIP"))
    host = ingress.get("hostname")
    if host:
        errors.invalid_each(f"{path}.hostname", host, names.dns1123_subdomain(host))
        if addresses.parse_ip_sloppy(host) is not None:
            errors.invalid(f"{path}.hostname", host, "must be a DNS name, not an IP address")
