"""Validation of VolumeAttachment.

Implements "VolumeAttachment" of the API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.gostruct import GoStruct, value_of
from kapi.apis.core.persistent_volume_source_validation import validate_csi_driver_name
from kapi.apis.core.persistent_volume_validation import validate_persistent_volume_spec

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_volume_attachment", "validate_volume_attachment_update"]

_SOURCE = GoStruct(
    persistentVolumeName=("PersistentVolumeName", None, None),
    inlineVolumeSpec=("InlineVolumeSpec", None, None),
)
_SPEC = GoStruct(
    attacher=("Attacher", "", None),
    source=value_of("Source", _SOURCE),
    nodeName=("NodeName", "", None),
)
_EXACTLY_ONE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
_MAX_METADATA_BYTES = 256 * 1024
_MAX_MESSAGE_BYTES = 1024


def validate_volume_attachment(obj: JSONObject, errors: ErrorList) -> None:
    """Which volume is to be attached to which node, and what came of it."""
    spec = obj.get("spec") or {}
    attacher, node = spec.get("attacher", ""), spec.get("nodeName", "")
    validate_csi_driver_name(attacher, "spec.attacher", errors)
    _validate_source(spec.get("source") or {}, "spec.source", errors)
    errors.invalid_each("spec.nodeName", node, names.dns1123_subdomain(node))
    status = obj.get("status") or {}
    _validate_metadata(status.get("attachmentMetadata") or {}, errors)
    for member in ("attachError", "detachError"):
        error = status.get(member) or {}
        if len(error.get("message", "").encode()) > _MAX_MESSAGE_BYTES:
            # Kubernetes names the limit of the metadata here.
            errors.too_long(f"status.{member}.message", _MAX_METADATA_BYTES)
        code = error.get("errorCode")
        if code is not None and code < 0:
            rule = "must be between 0 and 2147483647, inclusive"
            errors.invalid(f"status.{member}.errorCode", code, rule)


def _validate_source(source: JSONObject, path: str, errors: ErrorList) -> None:
    inline, volume = source.get("inlineVolumeSpec"), source.get("persistentVolumeName")
    if inline is None and volume is None:
        errors.required(path, _EXACTLY_ONE)
    elif inline is not None and volume is not None:
        errors.forbidden(path, _EXACTLY_ONE)
    elif volume is not None:
        where = f"{path}.persistentVolumeName"
        if not volume:
            errors.required(where, "must specify non empty persistentVolumeName")
        else:
            errors.invalid_each(where, volume, names.dns1123_subdomain(volume))
    elif inline is not None:
        validate_persistent_volume_spec(inline, f"{path}.inlineVolumeSpec", errors, inline=True)


def _validate_metadata(metadata: dict[str, str], errors: ErrorList) -> None:
    size = 0
    for key, value in metadata.items():
        if not key:
            errors.invalid("status.attachmentMetadata", key, "field can not be empty.")
        size += len(key.encode()) + len(value.encode())
    if size > _MAX_METADATA_BYTES:
        errors.too_long("status.attachmentMetadata", _MAX_METADATA_BYTES)


def validate_volume_attachment_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Volume and node of an attachment are fixed."""
    validate_volume_attachment(obj, errors)
    spec = obj.get("spec") or {}
    if spec != (old.get("spec") or {}):
        errors.invalid("spec", _SPEC.show(spec), "field is immutable")
