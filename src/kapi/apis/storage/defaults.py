"""Default values of the storage kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["default_csi_driver", "default_storage_class"]

_CSI_DRIVER: tuple[tuple[str, JSONValue], ...] = (
    ("attachRequired", True),
    ("podInfoOnMount", False),
    ("storageCapacity", False),
    ("fsGroupPolicy", "ReadWriteOnceWithFSType"),
    ("requiresRepublish", False),
    ("seLinuxMount", False),
)


def default_storage_class(obj: JSONObject) -> None:
    """Volumes go with their claims and are bound at once."""
    if obj.get("reclaimPolicy") is None:
        obj["reclaimPolicy"] = "Delete"
    if obj.get("volumeBindingMode") is None:
        obj["volumeBindingMode"] = "Immediate"


def default_csi_driver(obj: JSONObject) -> None:
    """A driver for persistent volumes that must be attached."""
    spec = obj.setdefault("spec", {})
    for member, value in _CSI_DRIVER:
        if spec.get(member) is None:
            spec[member] = value
    if not spec.get("volumeLifecycleModes"):
        spec["volumeLifecycleModes"] = ["Persistent"]
