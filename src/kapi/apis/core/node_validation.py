"""Node: validation of taints, pod CIDRs, resources and what is set only once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import addresses, names
from kapi.apimachinery.field import FieldError, render
from kapi.apimachinery.gostruct import GoStruct
from kapi.apis.core.resource_names import validate_resource_quantity

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_node", "validate_node_update"]

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_SET_ONCE = 'node updates may not change {} except from "" to valid'

TAINT = GoStruct(
    key=("Key", "", None),
    value=("Value", "", None),
    effect=("Effect", "", None),
    timeAdded=("TimeAdded", None, None),
)
NODE_ADDRESS = GoStruct(type=("Type", "", None), address=("Address", "", None))


def validate_node(obj: JSONObject, errors: ErrorList) -> None:
    """Append what is wrong with a node."""
    spec = obj.get("spec") or {}
    _validate_taints(spec.get("taints") or (), errors)
    _validate_resources(obj.get("status") or {}, errors)
    cidrs = spec.get("podCIDRs") or []
    path = "spec.podCIDRs"
    for index, value in enumerate(cidrs):
        errors.invalid_each(f"{path}[{index}]", value, addresses.legacy_cidr(value))
    if len(cidrs) > 1:
        families = {":" in value for value in cidrs}
        if len(cidrs) > 2 or len(families) != 2:
            errors.invalid(path, cidrs, "may specify no more than one CIDR for each IP family")


def _validate_taints(taints: list[JSONObject] | tuple[JSONObject, ...], errors: ErrorList) -> None:
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        path = f"metadata.taints[{index}]"
        key, value, effect = (taint.get(name) or "" for name in ("key", "value", "effect"))
        errors.invalid_each(f"{path}.key", key, names.qualified_name(key))
        messages = names.label_value(value)
        if messages:
            errors.invalid(f"{path}.value", value, ";".join(messages))
        if not effect:
            errors.required(f"{path}.effect")
        elif effect not in _EFFECTS:
            errors.not_supported(f"{path}.effect", effect, _EFFECTS)
        if (key, effect) in seen:
            body = f"Duplicate value: {render(TAINT.show(taint))}"
            errors.append(
                FieldError(
                    "FieldValueDuplicate",
                    path,
                    f"{body}: taints must be unique by key and effect pair",
                )
            )
        seen.add((key, effect))


def _validate_resources(status: JSONObject, errors: ErrorList) -> None:
    for name in ("capacity", "allocatable"):
        for resource, amount in (status.get(name) or {}).items():
            validate_resource_quantity(resource, amount, f"status.{name}.{resource}", errors)


def validate_node_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Append what is wrong with a change of a node or of its status."""
    spec, before = obj.get("spec") or {}, old.get("spec") or {}
    status = obj.get("status") or {}
    _validate_resources(status, errors)
    _validate_addresses(status.get("addresses") or (), errors)
    cidrs, old_cidrs = spec.get("podCIDRs") or [], before.get("podCIDRs") or []
    if old_cidrs:
        changed = sum(new != was for new, was in zip(cidrs, old_cidrs, strict=False))
        for _ in range(changed if len(cidrs) == len(old_cidrs) else 1):
            errors.forbidden("spec.podCIDRs", _SET_ONCE.format("podCIDR"))
    provider = before.get("providerID")
    if provider and spec.get("providerID") != provider:
        errors.forbidden("spec.providerID", _SET_ONCE.format("providerID"))
    _validate_taints(spec.get("taints") or (), errors)
    if (spec.get("externalID") or "") != (before.get("externalID") or ""):
        errors.forbidden("spec.externalID", "may not be updated")


def _validate_addresses(
    node_addresses: list[JSONObject] | tuple[JSONObject, ...], errors: ErrorList
) -> None:
    seen: set[tuple[str | None, str | None]] = set()
    for index, address in enumerate(node_addresses):
        key = (address.get("type"), address.get("address"))
        if key in seen:
            errors.duplicate(f"status.addresses[{index}]", NODE_ADDRESS.show(address))
        seen.add(key)
