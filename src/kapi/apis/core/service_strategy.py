"""Service: strategies of the object and its status.

The generic store brackets these with the allocation of addresses and ports
(``service_allocation``), which comes before ``prepare_for_create`` and ``prepare_for_update``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import addresses, names
from kapi.apis.core.service_defaults import (
    is_externally_accessible,
    is_headless,
    needs_cluster_ip,
    needs_health_check_node_port,
    needs_node_port,
)
from kapi.apis.core.service_validation import (
    TOPOLOGY_HINTS_ANNOTATION,
    TOPOLOGY_MODE_ANNOTATION,
    validate_service,
    validate_service_status,
    validate_service_update,
)
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["ServiceStatusStrategy", "ServiceStrategy"]


# The first minor version in which names of services may start with a digit.
_RELAXED_NAMES_MINOR = 36
_NAME_PATHS = ("metadata.name", "metadata.generateName")


def _validate_strict_name(meta: JSONObject, errors: ErrorList) -> None:
    """The rule for names before they were relaxed, in place of the present one."""
    errors[:] = [error for error in errors if error.path not in _NAME_PATHS]
    for member, prefix in (("generateName", True), ("name", False)):
        if meta.get(member):
            messages = names.dns1035_label(meta[member], prefix=prefix)
            errors.invalid_each(f"metadata.{member}", meta[member], messages)


class ServiceStrategy(Strategy):
    """The service itself."""

    metadata_rules = (CHANGE,)
    allow_create_on_update: ClassVar[bool] = True
    delete_returns_object: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """Services are named by a DNS label."""
        return names.dns1123_label(name, prefix=prefix)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Start without a status."""
        obj["status"] = {"loadBalancer": {}}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Judge a new service."""
        if context.minor < _RELAXED_NAMES_MINOR:
            _validate_strict_name(obj["metadata"], errors)
        validate_service(obj, errors, context.minor)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Warn about fields without effect."""
        _warn(context, obj)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Drop what the new type does not have and the client did not touch."""
        _drop_type_dependent_fields(obj, old)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Judge a change."""
        validate_service_update(obj, old, errors, context.minor)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Warn about fields without effect."""
        _warn(context, obj)

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """What field selectors may ask for."""
        spec = obj.get("spec") or {}
        return {
            "spec.clusterIP": spec.get("clusterIP") or "",
            "spec.type": spec.get("type") or "",
        }


class ServiceStatusStrategy(ServiceStrategy):
    """``services/status``."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Spec is kept by ``reset_fields``."""
        obj.setdefault("status", {}).setdefault("loadBalancer", {})

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Judge the reported load balancer."""
        validate_service_status(obj, errors)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """A status has nothing to warn about."""


def _drop_type_dependent_fields(obj: JSONObject, old: JSONObject) -> None:
    """A type change takes with it what only the old type has.

    What the client changed in the same request stays, so that validation can tell.
    """
    spec, before = obj.get("spec") or {}, old.get("spec") or {}
    if needs_cluster_ip(before) and not needs_cluster_ip(spec):
        if spec.get("clusterIP") == before.get("clusterIP") and _same(spec, before, "clusterIPs"):
            spec.pop("clusterIP", None)
            spec.pop("clusterIPs", None)
        for name in ("ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"):
            _drop_unchanged(spec, before, name)
    if needs_node_port(before) and not needs_node_port(spec) and _same_node_ports(spec, before):
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)
    if needs_health_check_node_port(before) and not needs_health_check_node_port(spec):
        _drop_unchanged(spec, before, "healthCheckNodePort")
    if before.get("type") == "LoadBalancer" and spec.get("type") != "LoadBalancer":
        _drop_unchanged(spec, before, "allocateLoadBalancerNodePorts")
        _drop_unchanged(spec, before, "loadBalancerClass")
    if is_externally_accessible(before) and not is_externally_accessible(spec):
        _drop_unchanged(spec, before, "externalTrafficPolicy")
    if spec.get("type") != "LoadBalancer":
        status = obj.get("status")
        if status and status.get("loadBalancer"):
            # A fresh dictionary: the status is shared with the stored object.
            obj["status"] = {**status, "loadBalancer": {}}


def _same(spec: JSONObject, before: JSONObject, name: str) -> bool:
    return (spec.get(name) or None) == (before.get(name) or None)


def _drop_unchanged(spec: JSONObject, before: JSONObject, name: str) -> None:
    if name in spec and spec[name] == before.get(name):
        del spec[name]


def _same_node_ports(spec: JSONObject, before: JSONObject) -> bool:
    """Whether the client asks for no node port that the old object did not have."""
    asked = {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}
    return asked <= {port.get("nodePort") for port in before.get("ports") or ()}


def _warn(context: RequestContext, obj: JSONObject) -> None:
    spec = obj.get("spec") or {}
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    if TOPOLOGY_HINTS_ANNOTATION in annotations:
        context.warn(
            f"annotation {TOPOLOGY_HINTS_ANNOTATION} is deprecated, please use "
            f"{TOPOLOGY_MODE_ANNOTATION} instead"
        )
    headless = is_headless(spec)
    _warn_about_addresses(context, spec, headless)
    external = spec.get("externalIPs")
    if headless:
        if spec.get("loadBalancerIP"):
            context.warn("spec.loadBalancerIP is ignored for headless services")
        if external:
            context.warn("spec.externalIPs is ignored for headless services")
        if spec.get("sessionAffinity") != "None":
            context.warn("spec.SessionAffinity is ignored for headless services")
    is_external_name = spec.get("type") == "ExternalName"
    if external:
        if context.minor >= 36:
            context.warn(
                "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
            )
        if is_external_name:
            context.warn('spec.externalIPs is ignored when spec.type is "ExternalName"')
    if spec.get("externalName") and not is_external_name:
        context.warn('spec.externalName is ignored when spec.type is not "ExternalName"')
    if spec.get("trafficDistribution") == "PreferClose" and context.minor >= 34:
        context.warn('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')


def _warn_about_addresses(context: RequestContext, spec: JSONObject, headless: bool) -> None:
    values = [] if headless else list(enumerate(spec.get("clusterIPs") or ()))
    texts = [
        text
        for index, address in values
        for text in addresses.ip_warnings(f"spec.clusterIPs[{index}]", address)
    ]
    for index, address in enumerate(spec.get("externalIPs") or ()):
        texts += addresses.ip_warnings(f"spec.externalIPs[{index}]", address)
    if spec.get("loadBalancerIP"):
        texts += addresses.ip_warnings("spec.loadBalancerIP", spec["loadBalancerIP"])
    for index, cidr in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        texts += addresses.cidr_warnings(f"spec.loadBalancerSourceRanges[{index}]", cidr.strip())
    for text in texts:
        context.warn(text)
