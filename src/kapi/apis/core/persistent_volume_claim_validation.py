"""PersistentVolumeClaim: validation of spec, changes and status.

``validate_claim_spec`` also serves the templates of claims in pods and stateful sets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names, quantity
from kapi.apimachinery.metav1 import validate_label_selector
from kapi.apimachinery.structdiff import struct_diff, with_sorted_maps
from kapi.apis.core.persistent_volume_structs import CLAIM_SPEC
from kapi.apis.core.persistent_volume_validation import validate_access_modes

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_claim_spec", "validate_claim_status", "validate_claim_update"]

CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"

_VOLUME_MODES = ("Block", "Filesystem")
_ZERO = quantity.parse("0")


def validate_claim_spec(spec: JSONObject, path: str, errors: ErrorList) -> None:
    """Append what is wrong with the spec of a claim."""
    modes = spec.get("accessModes") or []
    modes_path = f"{path}.accessModes"
    if not modes:
        errors.required(modes_path, "at least 1 access mode is required")
    validate_label_selector(spec.get("selector"), f"{path}.selector", errors)
    validate_access_modes(modes, modes_path, errors)
    storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    storage_path = f"{path}.resources[storage]"
    if storage is None:
        errors.required(storage_path)
    elif quantity.parse(storage).sign <= 0:
        errors.invalid(storage_path, storage, "must be greater than zero")
    _validate_class(spec, "storageClassName", path, errors)
    mode = spec.get("volumeMode")
    if mode is not None and mode not in _VOLUME_MODES:
        errors.not_supported(f"{path}.volumeMode", mode, _VOLUME_MODES)
    _validate_data_sources(spec, path, errors)
    _validate_class(spec, "volumeAttributesClassName", path, errors)


def _validate_class(spec: JSONObject, member: str, path: str, errors: ErrorList) -> None:
    name = spec.get(member)
    if name:
        errors.invalid_each(f"{path}.{member}", name, names.dns1123_subdomain(name))


def _validate_data_sources(spec: JSONObject, path: str, errors: ErrorList) -> None:
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    for name, value in (("dataSource", source), ("dataSourceRef", reference)):
        if value is not None:
            _validate_data_source(value, f"{path}.{name}", errors)
    if source is None or reference is None:
        return
    # The value in these two messages is an empty struct.
    if reference.get("namespace"):
        errors.invalid(path, {}, "may not be specified when dataSourceRef.namespace is specified")
    elif any(source.get(name) != reference.get(name) for name in ("apiGroup", "kind", "name")):
        errors.invalid(path, {}, "must match dataSourceRef")


def _validate_data_source(source: JSONObject, path: str, errors: ErrorList) -> None:
    kind, group = source.get("kind") or "", source.get("apiGroup") or ""
    if not source.get("name"):
        errors.required(f"{path}.name")
    if not kind:
        errors.required(f"{path}.kind")
    if not group and kind != "PersistentVolumeClaim":
        errors.invalid(
            path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        )
    if group:
        errors.invalid_each(f"{path}.apiGroup", group, names.dns1123_subdomain(group))
    namespace = source.get("namespace")
    if namespace:
        errors.invalid_each(f"{path}.namespace", namespace, names.dns1123_label(namespace))


def validate_claim_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Append what is wrong with a change: claims grow, get bound, and little else."""
    spec, before = obj.get("spec") or {}, old.get("spec") or {}
    validate_claim_spec(spec, "spec", errors)
    bound = (obj.get("status") or {}).get("phase") == "Bound"
    judged, kept = dict(spec), dict(before)
    if not before.get("volumeName"):
        _take(kept, judged, "volumeName")
    _allow_class_migration(obj, old, judged, errors)
    if bound:
        _ignore_size(judged, before)
        if judged.get("volumeAttributesClassName") is not None:
            _take(judged, before, "volumeAttributesClassName")
    if judged != kept:
        diff = struct_diff(
            CLAIM_SPEC.show(with_sorted_maps(kept)), CLAIM_SPEC.show(with_sorted_maps(judged))
        )
        errors.forbidden(
            "spec",
            "spec is immutable after creation except resources.requests and "
            f"volumeAttributesClassName for bound claims\n{diff}",
        )
    _validate_shrinking(spec, before, old, errors)
    if spec.get("volumeMode") != before.get("volumeMode"):
        errors.invalid("volumeMode", spec.get("volumeMode"), "field is immutable")
    if before.get("volumeAttributesClassName") and not spec.get("volumeAttributesClassName"):
        errors.forbidden(
            "spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden"
        )


def _take(target: JSONObject, source: JSONObject, member: str) -> None:
    if source.get(member) is None:
        target.pop(member, None)
    else:
        target[member] = source[member]


def _allow_class_migration(
    obj: JSONObject, old: JSONObject, judged: JSONObject, errors: ErrorList
) -> None:
    """The class may move from the annotation to the field, or be set when there was none."""
    annotation = (obj["metadata"].get("annotations") or {}).get(CLASS_ANNOTATION)
    before = (old["metadata"].get("annotations") or {}).get(CLASS_ANNOTATION)
    old_class = (old.get("spec") or {}).get("storageClassName")
    new_class = judged.get("storageClassName")
    if (
        before is not None
        and annotation is None
        and old_class is None
        and new_class is not None
        and new_class == before
    ):
        judged.pop("storageClassName", None)
        return
    if annotation != before:
        errors.invalid(
            f"metadata.annotations[{CLASS_ANNOTATION}]", annotation or "", "field is immutable"
        )
    if before is None and old_class is None and new_class is not None:
        judged.pop("storageClassName", None)


def _ignore_size(judged: JSONObject, before: JSONObject) -> None:
    resources = judged.get("resources") or {}
    requests = resources.get("requests")
    if requests is None:
        return
    old_size = ((before.get("resources") or {}).get("requests") or {}).get("storage", "0")
    judged["resources"] = {**resources, "requests": {**requests, "storage": old_size}}


def _validate_shrinking(
    spec: JSONObject, before: JSONObject, old: JSONObject, errors: ErrorList
) -> None:
    """A failed growth may be taken back, but not to what is there already."""
    size, old_size = _storage(spec), _storage(before)
    if not size < old_size:
        return
    capacity = ((old.get("status") or {}).get("capacity") or {}).get("storage", "0")
    if not quantity.parse(capacity) < size:
        errors.forbidden(
            "spec.resources.requests.storage", "field can not be less than status.capacity"
        )


def _storage(spec: JSONObject) -> quantity.Quantity:
    requests = (spec.get("resources") or {}).get("requests") or {}
    return quantity.parse(requests.get("storage", "0"))


def validate_claim_status(obj: JSONObject, errors: ErrorList) -> None:
    """Append what is wrong with the amounts of a status."""
    if not (obj.get("spec") or {}).get("accessModes"):
        errors.required("Spec.accessModes")
    status = obj.get("status") or {}
    for name, amount in (status.get("capacity") or {}).items():
        size = quantity.parse(amount)
        if size < _ZERO:
            errors.invalid(
                f"status.capacity[{name}]", size.value(), "must be a valid resource quantity"
            )
    for name, amount in (status.get("allocatedResources") or {}).items():
        if quantity.parse(amount) < _ZERO:
            errors.invalid(
                f"status.allocatedResources[{name}]",
                amount,
                "must be greater than or equal to 0",
            )
