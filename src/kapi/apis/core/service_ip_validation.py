"""Service: clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy, alone and against each other.

Implements the rules of "IPv4/IPv6 dual-stack" in the Kubernetes documentation. The allocator
checks these fields before it works with them, validation checks them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.addresses import is_ipv6, legacy_ip
from kapi.apis.core.service_defaults import is_headless

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_cluster_ip_change", "validate_cluster_ip_fields", "validate_ip_family_change"]

_FAMILIES = ("IPv4", "IPv6")
_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_SET_ONCE = "may not change once set"


def validate_cluster_ip_fields(spec: JSONObject, errors: ErrorList) -> None:
    """Check the four fields of a service that is not of type ExternalName."""
    if spec.get("type") == "ExternalName":
        return
    addresses: list[str] = spec.get("clusterIPs") or []
    first = spec.get("clusterIP")
    if first:
        if not addresses:
            errors.required("spec.clusterIPs")
        elif addresses[0] != first:
            errors.invalid("spec.clusterIPs", addresses, "first value must match `clusterIP`")
    elif addresses:
        errors.invalid(
            "spec.clusterIPs", addresses, "must be empty when `clusterIP` is not specified"
        )
    _validate_families(spec.get("ipFamilies") or (), errors)
    policy = spec.get("ipFamilyPolicy")
    if policy is not None and policy not in _POLICIES:
        errors.not_supported("spec.ipFamilyPolicy", policy, _POLICIES)
    if addresses and _validate_addresses(addresses, errors):
        _validate_address_families(spec, addresses, errors)


def _validate_families(families: list[str] | tuple[str, ...], errors: ErrorList) -> None:
    for index, family in enumerate(families):
        if family not in _FAMILIES:
            errors.not_supported(f"spec.ipFamilies[{index}]", family, _FAMILIES)
        if family in families[:index]:
            errors.duplicate(f"spec.ipFamilies[{index}]", family)


def _validate_addresses(addresses: list[str], errors: ErrorList) -> bool:
    """Whether every value is an address (or the first alone is ``None``)."""
    valid = True
    for index, address in enumerate(addresses):
        if index == 0 and address == "None":
            if len(addresses) > 1:
                valid = False
                errors.invalid(
                    "spec.clusterIPs", addresses, "'None' must be the first and only value"
                )
            continue
        messages = legacy_ip(address)
        if messages:
            valid = False
            errors.invalid_each(f"spec.clusterIPs[{index}]", address, messages)
    if len(addresses) > 2:
        errors.invalid("spec.clusterIPs", addresses, "may only hold up to 2 values")
    return valid


def _validate_address_families(spec: JSONObject, addresses: list[str], errors: ErrorList) -> None:
    if len(addresses) > 1 and len({is_ipv6(address) for address in addresses}) != 2:
        errors.invalid(
            "spec.clusterIPs", addresses, "may specify no more than one IP for each IP family"
        )
    if is_headless(spec):
        return
    for index, (address, family) in enumerate(
        zip(addresses, spec.get("ipFamilies") or (), strict=False)
    ):
        actual = "IPv6" if is_ipv6(address) else "IPv4"
        if family in _FAMILIES and family != actual:
            errors.invalid(
                f"spec.clusterIPs[{index}]",
                address,
                f"expected an {family} value as indicated by `ipFamilies[{index}]`",
            )


def validate_cluster_ip_change(spec: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """The first cluster IP stays; a second one may come, and go with policy SingleStack."""
    if "ExternalName" in (spec.get("type"), old.get("type")):
        return
    if is_headless(spec) and is_headless(old):
        return
    before: list[str] = old.get("clusterIPs") or []
    after: list[str] = spec.get("clusterIPs") or []
    path = "spec.clusterIPs"
    if len(before) == len(after):
        for index, value in enumerate(before):
            if value != after[index]:
                errors.invalid(f"{path}[{index}]", after, _SET_ONCE)
        return
    if before and not after:
        errors.invalid(f"{path}[0]", None, "primary clusterIP can not be unset")
    elif before and before[0] != after[0]:
        errors.invalid(f"{path}[0]", after, _SET_ONCE)
    if len(after) == 1 < len(before):
        _validate_release(spec, "clusterIP", errors)


def validate_ip_family_change(spec: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """The first family stays; a second one may come, and go with policy SingleStack.

    Services that have no cluster IP, or that get or lose one, may change their families.
    """
    if "ExternalName" in (spec.get("type"), old.get("type")):
        return
    if is_headless(spec) or is_headless(old):
        return
    before: list[str] = old.get("ipFamilies") or []
    after: list[str] = spec.get("ipFamilies") or []
    addresses: list[str] = spec.get("clusterIPs") or []
    path = "spec.ipFamilies[0]"
    if len(before) == len(after):
        for index, value in enumerate(before):
            if value != after[index]:
                errors.invalid(path, after, _SET_ONCE)
        return
    if len(before) > len(after) and not addresses:
        errors.invalid(path, after or None, "primary ipFamily can not be unset")
    if before and after and before[0] != after[0]:
        errors.invalid(path, addresses or None, _SET_ONCE)
    if len(after) == 1 < len(before):
        _validate_release(spec, "ipFamily", errors)


def _validate_release(spec: JSONObject, what: str, errors: ErrorList) -> None:
    policy = spec.get("ipFamilyPolicy")
    if policy != "SingleStack":
        rule = f"must be set to 'SingleStack' when releasing the secondary {what}"
        errors.invalid("spec.ipFamilyPolicy", policy, rule)
