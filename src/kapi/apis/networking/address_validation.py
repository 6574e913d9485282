"""Validation of IPAddress and ServiceCIDR.

Implements "Extend Service IP Ranges" of the documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.addresses import cidr, parse_cidr_sloppy
from kapi.apimachinery.gostruct import GoStruct

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "validate_ip_address",
    "validate_ip_address_update",
    "validate_service_cidr",
    "validate_service_cidr_update",
]

_PARENT_REF = GoStruct(
    group=("Group", "", None),
    resource=("Resource", "", None),
    namespace=("Namespace", "", None),
    name=("Name", "", None),
)
_SERVICE_CIDR_SPEC = GoStruct(cidrs=("CIDRs", None, None))
_MAX_CIDRS = 2  # one for each IP family


def validate_ip_address(obj: JSONObject, errors: ErrorList) -> None:
    """An IPAddress belongs to an object."""
    parent = (obj.get("spec") or {}).get("parentRef")
    path = "spec.parentRef"
    if parent is None:
        errors.required(path)
        return
    group = parent.get("group")
    if group:
        errors.invalid_each(f"{path}.group", group, names.dns1123_subdomain(group))
    for member in ("resource", "name"):
        value = parent.get(member, "")
        if not value:
            errors.required(f"{path}.{member}")
        else:
            errors.invalid_each(f"{path}.{member}", value, names.path_segment_name(value))
    namespace = parent.get("namespace")
    if namespace:
        errors.invalid_each(f"{path}.namespace", namespace, names.path_segment_name(namespace))


def validate_ip_address_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """The object an address belongs to never changes."""
    parent = _PARENT_REF.show_pointer((obj.get("spec") or {}).get("parentRef"))
    if parent != _PARENT_REF.show_pointer((old.get("spec") or {}).get("parentRef")):
        errors.invalid("spec.parentRef", parent, "field is immutable")


def validate_service_cidr(obj: JSONObject, errors: ErrorList) -> None:
    """A ServiceCIDR has one range, or one of each family."""
    spec = obj.get("spec") or {}
    cidrs = spec.get("cidrs") or []
    path = "spec.cidrs"
    if not cidrs:
        errors.required(path, "at least one CIDR required")
        return
    if len(cidrs) > _MAX_CIDRS:
        shown = _SERVICE_CIDR_SPEC.show(spec)
        errors.invalid(path, shown, "may only hold up to 2 values")
        return
    before = len(errors)
    for i, value in enumerate(cidrs):
        errors.invalid_each(f"{path}[{i}]", value, cidr(value))
    if len(errors) > before or len(cidrs) < _MAX_CIDRS:
        return
    networks = [parse_cidr_sloppy(value) for value in cidrs]
    if len({network.version for network in networks if network is not None}) < _MAX_CIDRS:
        errors.invalid(
            path,
            cidrs,
            "may specify no more than one IP for each IP family, "
            "i.e 192.168.0.0/24 and 2001:db8::/64",
        )


def validate_service_cidr_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Ranges never change; a second family may be added."""
    cidrs = (obj.get("spec") or {}).get("cidrs") or []
    old_cidrs = (old.get("spec") or {}).get("cidrs") or []
    if len(cidrs) == len(old_cidrs) or (len(old_cidrs) == 1 and len(cidrs) == _MAX_CIDRS):
        for i, (value, old_value) in enumerate(zip(cidrs, old_cidrs, strict=False)):
            if value != old_value:
                errors.invalid(f"spec.cidrs[{i}]", value, "field is immutable")
    else:
        errors.invalid("spec.cidrs", cidrs or None, "field is immutable")
