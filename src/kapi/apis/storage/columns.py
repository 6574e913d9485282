"""Table columns of the storage kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = [
    "CSI_DRIVER",
    "CSI_NODE",
    "STORAGE_CLASS",
    "VOLUME_ATTACHMENT",
    "VOLUME_ATTRIBUTES_CLASS",
]

_V1 = "io.k8s.api.storage.v1"
# Classes marked as default show it behind their name.
_DEFAULT_ANNOTATIONS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


def _storage_class_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    annotations = meta.get("annotations") or {}
    name = meta["name"]
    if any(annotations.get(key) == "true" for key in _DEFAULT_ANNOTATIONS):
        name += " (default)"
    return [
        name,
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy") or "Delete",
        obj.get("volumeBindingMode") or "Immediate",
        bool(obj.get("allowVolumeExpansion")),
        age(meta.get("creationTimestamp"), now),
    ]


def _csi_driver_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    attach = spec.get("attachRequired")
    tokens = spec.get("tokenRequests")
    return [
        meta["name"],
        True if attach is None else attach,
        bool(spec.get("podInfoOnMount")),
        bool(spec.get("storageCapacity")),
        ",".join(token.get("audience", "") for token in tokens) if tokens else "<unset>",
        bool(spec.get("requiresRepublish")),
        ",".join(spec.get("volumeLifecycleModes") or ()) or "<none>",
        age(meta.get("creationTimestamp"), now),
    ]


def _csi_node_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    drivers = (obj.get("spec") or {}).get("drivers") or ()
    return [meta["name"], len(drivers), age(meta.get("creationTimestamp"), now)]


def _volume_attachment_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    volume = (spec.get("source") or {}).get("persistentVolumeName")
    return [
        meta["name"],
        spec.get("attacher", ""),
        "" if volume is None else volume,
        spec.get("nodeName", ""),
        bool((obj.get("status") or {}).get("attached")),
        age(meta.get("creationTimestamp"), now),
    ]


def _volume_attributes_class_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    return [meta["name"], obj.get("driverName", ""), age(meta.get("creationTimestamp"), now)]


def _described(name: str, member: str, type_: str = "string", format_: str = "") -> Column:
    return Column(name, type_, format_, describes=f"{_V1}.{member}")


STORAGE_CLASS = Columns(
    (
        NAME,
        _described("Provisioner", "StorageClass.provisioner"),
        _described("ReclaimPolicy", "StorageClass.reclaimPolicy"),
        _described("VolumeBindingMode", "StorageClass.volumeBindingMode"),
        _described("AllowVolumeExpansion", "StorageClass.allowVolumeExpansion"),
        AGE,
    ),
    _storage_class_cells,
)
CSI_DRIVER = Columns(
    (
        NAME,
        _described("AttachRequired", "CSIDriverSpec.attachRequired", "boolean"),
        _described("PodInfoOnMount", "CSIDriverSpec.podInfoOnMount", "boolean"),
        _described("StorageCapacity", "CSIDriverSpec.storageCapacity", "boolean"),
        _described("TokenRequests", "CSIDriverSpec.tokenRequests"),
        _described("RequiresRepublish", "CSIDriverSpec.requiresRepublish", "boolean"),
        _described("Modes", "CSIDriverSpec.volumeLifecycleModes"),
        AGE,
    ),
    _csi_driver_cells,
)
CSI_NODE = Columns(
    (
        NAME,
        Column(
            "Drivers",
            "integer",
            description="Drivers indicates the number of CSI drivers registered on the node",
        ),
        AGE,
    ),
    _csi_node_cells,
)
VOLUME_ATTACHMENT = Columns(
    (
        NAME,
        _described("Attacher", "VolumeAttachmentSpec.attacher", format_="name"),
        _described("PV", "VolumeAttachmentSource.persistentVolumeName"),
        _described("Node", "VolumeAttachmentSpec.nodeName"),
        _described("Attached", "VolumeAttachmentStatus.attached", "boolean"),
        AGE,
    ),
    _volume_attachment_cells,
)
VOLUME_ATTRIBUTES_CLASS = Columns(
    (NAME, _described("DriverName", "VolumeAttributesClass.driverName"), AGE),
    _volume_attributes_class_cells,
)
