"""PersistentVolume: validation of spec and changes.

Implements "Persistent Volumes" of the Kubernetes documentation.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.structdiff import struct_diff
from kapi.apis.core.persistent_volume_source_validation import (
    VOLUME_SOURCES,
    validate_volume_source,
)
from kapi.apis.core.persistent_volume_structs import NODE_AFFINITY, VOLUME_SOURCE
from kapi.apis.core.pod_validation_affinity import validate_node_selector
from kapi.apis.core.resource_names import validate_positive_quantity

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "validate_access_modes",
    "validate_persistent_volume",
    "validate_persistent_volume_update",
    "validate_volume_mode",
]

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
_VOLUME_MODES = ("Block", "Filesystem")
# References to secrets that may be added to a CSI volume later.
_LATE_SECRETS = ("controllerExpandSecretRef", "nodeExpandSecretRef")
_IMMUTABLE = "field is immutable"
_STABLE_LABELS = {
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
}


def validate_access_modes(modes: list[str], path: str, errors: ErrorList) -> None:
    """Check each mode; ReadWriteOncePod stands alone."""
    for mode in modes:
        if mode not in _ACCESS_MODES:
            errors.not_supported(path, mode, _ACCESS_MODES)
    if "ReadWriteOncePod" in modes and any(mode != "ReadWriteOncePod" for mode in modes):
        errors.forbidden(path, "may not use ReadWriteOncePod with other access modes")


def validate_volume_mode(spec: JSONObject, errors: ErrorList) -> None:
    """Check Filesystem or Block."""
    mode = spec.get("volumeMode")
    if mode is not None and mode not in _VOLUME_MODES:
        errors.not_supported("spec.volumeMode", mode, _VOLUME_MODES)


def validate_persistent_volume(obj: JSONObject, errors: ErrorList) -> None:
    """Append what is wrong with a volume."""
    spec = obj.get("spec") or {}
    modes = spec.get("accessModes") or []
    if not modes:
        errors.required("spec.accessModes")
    validate_access_modes(modes, "spec.accessModes", errors)
    _validate_capacity(spec.get("capacity"), errors)
    policy = spec.get("persistentVolumeReclaimPolicy")
    policy_path = "spec.persistentVolumeReclaimPolicy"
    if policy and policy not in _RECLAIM_POLICIES:
        errors.not_supported(policy_path, policy, _RECLAIM_POLICIES)
    _validate_node_affinity(spec.get("nodeAffinity"), errors)
    validate_volume_source(spec, "spec", errors)
    host_path = (spec.get("hostPath") or {}).get("path")
    # A POSIX path may start with two slashes, which mean one here.
    if policy == "Recycle" and host_path and posixpath.normpath(host_path) in ("/", "//"):
        errors.forbidden(policy_path, "may not be 'recycle' for a hostPath mount of '/'")
    class_name = spec.get("storageClassName")
    if class_name:
        errors.invalid_each(
            "spec.storageClassName", class_name, names.dns1123_subdomain(class_name)
        )
    validate_volume_mode(spec, errors)
    _validate_attributes_class(spec, errors)


def _validate_capacity(capacity: JSONObject | None, errors: ErrorList) -> None:
    path = "spec.capacity"
    if not capacity:
        errors.required(path)
    if not capacity or "storage" not in capacity or len(capacity) > 1:
        errors.not_supported(path, capacity or None, ("storage",))
    for name, amount in (capacity or {}).items():
        validate_positive_quantity(amount, f"{path}[{name}]", errors)


def _validate_node_affinity(affinity: JSONObject | None, errors: ErrorList) -> None:
    if affinity is None:
        return
    path = "spec.nodeAffinity.required"
    if affinity.get("required") is None:
        errors.required(path, "must specify required node constraints")
    else:
        validate_node_selector(affinity["required"], path, errors)


def _validate_attributes_class(spec: JSONObject, errors: ErrorList) -> None:
    name = spec.get("volumeAttributesClassName")
    if name is None:
        return
    path = "spec.volumeAttributesClassName"
    if not name:
        errors.required(path, "an empty string is disallowed")
    else:
        errors.invalid_each(path, name, names.dns1123_subdomain(name))
    if spec.get("csi") is None:
        errors.required("spec.csi", "has to be specified when using volumeAttributesClassName")


def validate_persistent_volume_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Append what is wrong with a change: the volume itself stays."""
    validate_persistent_volume(obj, errors)
    spec, before = obj.get("spec") or {}, old.get("spec") or {}
    source, old_source = _source(spec), _source(before)
    if source.get("csi") and old_source.get("csi"):
        late = {
            name: source["csi"][name]
            for name in _LATE_SECRETS
            if name in source["csi"] and old_source["csi"].get(name) is None
        }
        old_source = {**old_source, "csi": {**old_source["csi"], **late}}
    if source != old_source:
        diff = struct_diff(VOLUME_SOURCE.show(old_source), VOLUME_SOURCE.show(source))
        errors.forbidden(
            "spec.persistentvolumesource",
            f"spec.persistentvolumesource is immutable after creation\n{diff}",
        )
    if spec.get("volumeMode") != before.get("volumeMode"):
        errors.invalid("volumeMode", spec.get("volumeMode"), _IMMUTABLE)
    affinity = spec.get("nodeAffinity")
    if before.get("nodeAffinity") is not None and affinity != _with_stable_labels(
        before["nodeAffinity"], affinity
    ):
        errors.invalid(
            "nodeAffinity",
            NODE_AFFINITY.show_pointer(affinity),
            f"{_IMMUTABLE}, except for updating from beta label to GA",
        )
    _validate_attributes_class_change(spec, before, errors)


def _with_stable_labels(old: JSONObject, new: JSONObject | None) -> JSONObject:
    """The old affinity with each beta label renamed where the new one does so."""
    terms = _terms(new)
    renamed = []
    for index, term in enumerate(_terms(old)):
        expressions = (terms[index] if index < len(terms) else {}).get("matchExpressions") or []
        result = dict(term)
        if term.get("matchExpressions"):
            result["matchExpressions"] = [
                {**expression, "key": _STABLE_LABELS[expression["key"]]}
                if position < len(expressions)
                and _STABLE_LABELS.get(expression.get("key")) == expressions[position].get("key")
                else expression
                for position, expression in enumerate(term["matchExpressions"])
            ]
        renamed.append(result)
    return {"required": {"nodeSelectorTerms": renamed}}


def _terms(affinity: JSONObject | None) -> list[JSONObject]:
    return ((affinity or {}).get("required") or {}).get("nodeSelectorTerms") or []


def _source(spec: JSONObject) -> JSONObject:
    return {name: spec[name] for name in VOLUME_SOURCES if spec.get(name) is not None}


def _validate_attributes_class_change(
    spec: JSONObject, before: JSONObject, errors: ErrorList
) -> None:
    if before.get("volumeAttributesClassName") and not spec.get("volumeAttributesClassName"):
        errors.forbidden(
            "spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden"
        )
