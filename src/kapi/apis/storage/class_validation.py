"""Validation of StorageClass, VolumeAttributesClass and CSIStorageCapacity.

Implements "Storage Classes", "Volume Attributes Classes" and "Storage Capacity" of the
documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import metav1, names, quantity

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "validate_csi_storage_capacity",
    "validate_immutable",
    "validate_storage_class",
    "validate_volume_attributes_class",
]

_RECLAIM_POLICIES = ("Delete", "Retain")
_BINDING_MODES = ("Immediate", "WaitForFirstConsumer")
_MAX_PARAMETERS = 512
_MAX_PARAMETERS_BYTES = 256 * 1024


def validate_immutable(
    obj: JSONObject, old: JSONObject, members: tuple[str, ...], errors: ErrorList
) -> None:
    """Top-level members that a storage object keeps for its life."""
    for member in members:
        value = obj.get(member)
        if (value or None) != (old.get(member) or None):
            errors.invalid(member, value, "field is immutable")


def validate_storage_class(obj: JSONObject, errors: ErrorList) -> None:
    """Provisioner, parameters, policies and topologies."""
    _validate_provisioner(obj.get("provisioner", ""), "provisioner", errors)
    _validate_parameters(obj.get("parameters") or {}, errors)
    policy = obj.get("reclaimPolicy")
    if policy and policy not in _RECLAIM_POLICIES:
        errors.not_supported("reclaimPolicy", policy, _RECLAIM_POLICIES)
    mode = obj.get("volumeBindingMode")
    if mode is None:
        errors.required("volumeBindingMode")
    elif mode not in _BINDING_MODES:
        errors.not_supported("volumeBindingMode", mode, _BINDING_MODES)
    _validate_topologies(obj.get("allowedTopologies") or [], errors)


def _validate_provisioner(name: str, path: str, errors: ErrorList) -> None:
    if not name:
        errors.required(path)
    else:
        lower = name.lower()
        errors.invalid_each(path, lower, names.qualified_name(lower))


def _validate_parameters(parameters: dict[str, str], errors: ErrorList) -> None:
    if len(parameters) > _MAX_PARAMETERS:
        errors.too_long("parameters", _MAX_PARAMETERS)
        return
    size = 0
    for key, value in parameters.items():
        if not key:
            errors.invalid("parameters", key, "field can not be empty.")
        size += len(key.encode()) + len(value.encode())
    if size > _MAX_PARAMETERS_BYTES:
        errors.too_long("parameters", _MAX_PARAMETERS_BYTES)


def _validate_topologies(terms: list[JSONObject], errors: ErrorList) -> None:
    # Kubernetes compares with as many terms that select nothing as there are terms.
    seen: list[dict[str, set[str]]] = [{} for _ in terms]
    for i, term in enumerate(terms):
        path = f"allowedTopologies[{i}].matchLabelExpressions"
        by_key: dict[str, set[str]] = {}
        for j, requirement in enumerate(term.get("matchLabelExpressions") or ()):
            where = f"{path}[{j}]"
            values = _validate_topology_values(requirement, where, errors)
            key = requirement.get("key", "")
            errors.invalid_each(f"{where}.key", key, names.qualified_name(key))
            if key in by_key:
                errors.duplicate(f"{where}.key", key)
            by_key[key] = values
        for _ in range(seen.count(by_key)):
            errors.duplicate(path, "")
        seen.append(by_key)


def _validate_topology_values(requirement: JSONObject, path: str, errors: ErrorList) -> set[str]:
    values = requirement.get("values") or ()
    if not values:
        errors.required(f"{path}.values")
    seen: set[str] = set()
    for i, value in enumerate(values):
        if value in seen:
            errors.duplicate(f"{path}.values[{i}]", value)
        seen.add(value)
    return seen


def validate_volume_attributes_class(obj: JSONObject, errors: ErrorList) -> None:
    """A driver and at least one parameter."""
    _validate_provisioner(obj.get("driverName", ""), "driverName", errors)
    parameters = obj.get("parameters") or {}
    if not parameters:
        errors.required("parameters", "must contain at least one key/value pair")
    _validate_parameters(parameters, errors)


def validate_csi_storage_capacity(obj: JSONObject, errors: ErrorList) -> None:
    """The class and topology that a capacity is for."""
    selector = obj.get("nodeTopology")
    if selector is not None:
        metav1.validate_label_selector(selector, "nodeTopology", errors)
    name = obj.get("storageClassName", "")
    errors.invalid_each("storageClassName", name, names.dns1123_subdomain(name))
    for member in ("capacity", "maximumVolumeSize"):
        amount = obj.get(member)
        if amount is not None and quantity.parse(amount).sign < 0:
            errors.invalid(member, amount, "must be greater than or equal to 0")
