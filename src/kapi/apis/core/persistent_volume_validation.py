"""PersistentVolume: validation of spec and changes.

Implements "Persistent Volumes" of the Kubernetes documentation.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kapi.apimachinery import names, quantity
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.structdiff import struct_diff, with_sorted_maps
from kapi.apis.core.persistent_volume_source_validation import (
    VOLUME_SOURCES,
    validate_volume_source,
)
from kapi.apis.core.persistent_volume_structs import NODE_AFFINITY, VOLUME_SOURCE
from kapi.apis.core.pod_validation_affinity import validate_node_selector
from kapi.apis.core.resource_names import validate_positive_quantity

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "MOUNT_OPTIONS_ANNOTATION",
    "validate_access_modes",
    "validate_persistent_volume",
    "validate_persistent_volume_spec",
    "validate_persistent_volume_update",
    "validate_volume_mode",
]

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
_VOLUME_MODES = ("Block", "Filesystem")
# References to secrets that may be added to a CSI volume later.
_LATE_SECRETS = ("controllerExpandSecretRef", "nodeExpandSecretRef")
_IMMUTABLE = "field is immutable"
_INLINE = "in the context of inline volumes"
MOUNT_OPTIONS_ANNOTATION = "volume.beta.kubernetes.io/mount-options"
# The volume types that are mounted with the options of the annotation.
_MOUNTED_WITH_OPTIONS = """
    gcePersistentDisk awsElasticBlockStore glusterfs nfs rbd quobyte iscsi cinder cephfs azureFile
    vsphereVolume azureDisk photonPersistentDisk
""".split()  # noqa: SIM905 - thirteen names in a row
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
    known = {mode for mode in modes if mode in _ACCESS_MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        errors.forbidden(path, "may not use ReadWriteOncePod with other access modes")


def validate_volume_mode(spec: JSONObject, errors: ErrorList, path: str = "spec") -> None:
    """Check Filesystem or Block."""
    mode = spec.get("volumeMode")
    if mode is not None and mode not in _VOLUME_MODES:
        errors.not_supported(f"{path}.volumeMode", mode, _VOLUME_MODES)


def validate_persistent_volume(obj: JSONObject, errors: ErrorList) -> None:
    """Append what is wrong with a volume."""
    validate_persistent_volume_spec(obj.get("spec") or {}, "spec", errors)
    _validate_mount_options(obj, errors)


def validate_persistent_volume_spec(
    spec: JSONObject, path: str, errors: ErrorList, *, inline: bool = False
) -> None:
    """Append what is wrong with a spec; ``inline`` ones are those of pods without an object."""
    if inline:
        for member in ("claimRef", "capacity"):
            if spec.get(member):
                errors.forbidden(f"{path}.{member}", f"may not be specified {_INLINE}")
        if spec.get("csi") is None:
            errors.required(f"{path}.csi", f"has to be specified {_INLINE}")
    modes = spec.get("accessModes") or []
    if not modes:
        errors.required(f"{path}.accessModes")
    validate_access_modes(modes, f"{path}.accessModes", errors)
    if not inline:
        _validate_capacity(spec.get("capacity"), f"{path}.capacity", errors)
    _validate_reclaim_policy(spec, f"{path}.persistentVolumeReclaimPolicy", errors, inline=inline)
    _validate_node_affinity(spec.get("nodeAffinity"), f"{path}.nodeAffinity", errors, inline=inline)
    validate_volume_source(spec, path, errors)
    host_path = (spec.get("hostPath") or {}).get("path")
    recycled = spec.get("persistentVolumeReclaimPolicy") == "Recycle"
    # A POSIX path may start with two slashes, which mean one here.
    if recycled and host_path and posixpath.normpath(host_path) in ("/", "//"):
        why = "may not be 'recycle' for a hostPath mount of '/'"
        errors.forbidden(f"{path}.persistentVolumeReclaimPolicy", why)
    _validate_class_and_mode(spec, path, errors, inline=inline)
    if not inline:
        _validate_attributes_class(spec, path, errors)


def _validate_mount_options(obj: JSONObject, errors: ErrorList) -> None:
    annotations = obj["metadata"].get("annotations") or {}
    spec = obj.get("spec") or {}
    if MOUNT_OPTIONS_ANNOTATION in annotations and all(
        spec.get(name) is None for name in _MOUNTED_WITH_OPTIONS
    ):
        errors.forbidden(
            f"metadata.annotations.{MOUNT_OPTIONS_ANNOTATION}",
            "may not specify mount options for this volume type",
        )


def _validate_capacity(capacity: JSONObject | None, path: str, errors: ErrorList) -> None:
    if not capacity:
        errors.required(path)
    if not capacity or "storage" not in capacity or len(capacity) > 1:
        errors.not_supported(path, capacity, ("storage",))
    for name, amount in (capacity or {}).items():
        value = quantity.parse(amount).value()
        if value < 0:
            errors.invalid(f"{path}[{name}]", value, "must be a valid resource quantity")
        validate_positive_quantity(amount, f"{path}[{name}]", errors)


def _validate_reclaim_policy(
    spec: JSONObject, path: str, errors: ErrorList, *, inline: bool
) -> None:
    policy = spec.get("persistentVolumeReclaimPolicy")
    if not policy:
        return
    if inline:
        if policy != "Retain":
            errors.forbidden(path, f"may only be Retain {_INLINE}")
    elif policy not in _RECLAIM_POLICIES:
        errors.not_supported(path, policy, _RECLAIM_POLICIES)


def _validate_node_affinity(
    affinity: JSONObject | None, path: str, errors: ErrorList, *, inline: bool
) -> None:
    if affinity is None:
        return
    if inline:
        errors.forbidden(path, f"may not be specified {_INLINE}")
    elif affinity.get("required") is None:
        errors.required(f"{path}.required", "must specify required node constraints")
    else:
        validate_node_selector(affinity["required"], f"{path}.required", errors)


def _validate_class_and_mode(
    spec: JSONObject, path: str, errors: ErrorList, *, inline: bool
) -> None:
    class_name = spec.get("storageClassName")
    class_path = f"{path}.storageClassName"
    if not inline:
        if class_name:
            errors.invalid_each(class_path, class_name, names.dns1123_subdomain(class_name))
        validate_volume_mode(spec, errors, path)
        return
    if class_name:
        errors.forbidden(class_path, f"may not be specified {_INLINE}")
    if spec.get("volumeMode") not in (None, "Filesystem"):
        errors.forbidden(
            f"{path}.volumeMode", f"may not specify volumeMode other than Filesystem {_INLINE}"
        )


def _validate_attributes_class(spec: JSONObject, path: str, errors: ErrorList) -> None:
    name = spec.get("volumeAttributesClassName")
    if name is None:
        return
    name_path = f"{path}.volumeAttributesClassName"
    if not name:
        errors.required(name_path, "an empty string is disallowed")
    else:
        errors.invalid_each(name_path, name, names.dns1123_subdomain(name))
    if spec.get("csi") is None:
        errors.required(f"{path}.csi", "has to be specified when using volumeAttributesClassName")


def validate_persistent_volume_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Append what is wrong with a change: the volume itself stays."""
    found = ErrorList()
    validate_persistent_volume(obj, found)
    errors.extend(found)
    # What is wrong with the spec is told once more with what is wrong with the change.
    errors.extend(error for error in found if error.path.startswith("spec"))
    spec, before = obj.get("spec") or {}, old.get("spec") or {}
    _validate_same_source(spec, before, errors)
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


def _validate_same_source(spec: JSONObject, before: JSONObject, errors: ErrorList) -> None:
    source, old_source = _source(spec), _source(before)
    if source.get("csi") and old_source.get("csi"):
        late = {
            name: source["csi"][name]
            for name in _LATE_SECRETS
            if name in source["csi"] and old_source["csi"].get(name) is None
        }
        old_source = {**old_source, "csi": {**old_source["csi"], **late}}
    if source != old_source:
        diff = struct_diff(
            VOLUME_SOURCE.show(with_sorted_maps(old_source)),
            VOLUME_SOURCE.show(with_sorted_maps(source)),
        )
        errors.forbidden(
            "spec.persistentvolumesource",
            f"spec.persistentvolumesource is immutable after creation\n{diff}",
        )


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
