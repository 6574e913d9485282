"""PersistentVolume: defaults, warnings, strategies and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apis.core.persistent_volume_validation import (
    MOUNT_OPTIONS_ANNOTATION,
    validate_persistent_volume,
    validate_persistent_volume_update,
)
from kapi.apis.core.pod_defaults import default_resource_list
from kapi.apis.core.volume_defaults import default_volume
from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME
from kapi.registry.strategy import CHANGE, WHOLE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext
    from kapi.registry.strategy import MetadataRule

__all__ = [
    "PERSISTENT_VOLUME_COLUMNS",
    "PersistentVolumeStatusStrategy",
    "PersistentVolumeStrategy",
    "access_modes_text",
    "default_persistent_volume",
    "warn_about_storage_annotations",
]

CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"

# Volume types with defaults of their own, which are those of pod volumes.
_DEFAULTED_SOURCES = ("hostPath", "iscsi", "rbd", "azureDisk", "scaleIO")
_DEAD_SOURCES = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
# Names in warnings that differ from the member's name.
_SHOWN_SOURCES = {"storageos": "storageOS"}


def default_persistent_volume(obj: JSONObject) -> None:
    """Set the defaults of a v1 PersistentVolume."""
    spec = obj.setdefault("spec", {})
    for name in _DEFAULTED_SOURCES:
        if spec.get(name) is not None:
            default_volume({name: spec[name]})
    if spec.get("capacity"):
        default_resource_list(spec["capacity"])
    if not spec.get("persistentVolumeReclaimPolicy"):
        spec["persistentVolumeReclaimPolicy"] = "Retain"
    if spec.get("volumeMode") is None:
        spec["volumeMode"] = "Filesystem"
    status = obj.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"


def warn_about_storage_annotations(context: RequestContext, obj: JSONObject) -> None:
    """Warn about annotations that became fields."""
    annotations = obj["metadata"].get("annotations") or {}
    if CLASS_ANNOTATION in annotations:
        context.warn(
            f"metadata.annotations[{CLASS_ANNOTATION}]: deprecated since v1.8; use "
            '"storageClassName" attribute instead'
        )
    if MOUNT_OPTIONS_ANNOTATION in annotations and context.minor >= 31:
        context.warn(
            f"metadata.annotations[{MOUNT_OPTIONS_ANNOTATION}]: deprecated since v1.31; use "
            '"mountOptions" attribute instead'
        )


# The first minor version that notes when a phase began.
_TRANSITION_TIME_MINOR = 29


class PersistentVolumeStrategy(Strategy):
    """Volumes."""

    metadata_rules: ClassVar[tuple[MetadataRule, ...]] = (WHOLE, WHOLE)
    delete_returns_object: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Start pending."""
        obj["status"] = {"phase": "Pending"}
        if context.minor >= _TRANSITION_TIME_MINOR:
            obj["status"]["lastPhaseTransitionTime"] = context.now

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Judge a new volume."""
        validate_persistent_volume(obj, errors)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Warn about volume types and policies that are gone or going."""
        warn_about_storage_annotations(context, obj)
        spec = obj.get("spec") or {}
        if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
            context.warn(
                "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
                "Instead, the recommended approach is to use dynamic provisioning."
            )
        for name, text in _DEAD_SOURCES.items():
            if spec.get(name) is not None:
                context.warn(f"spec.{_SHOWN_SOURCES.get(name, name)}: {text}")

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Judge a change."""
        validate_persistent_volume_update(obj, old, errors)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Warn as at creation."""
        self.warnings_on_create(context, obj)


class PersistentVolumeStatusStrategy(PersistentVolumeStrategy):
    """``persistentvolumes/status``."""

    metadata_rules = (CHANGE,)
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Note when the phase changes, unless the client tells the time itself."""
        status, before = obj.setdefault("status", {}), old.get("status") or {}
        name = "lastPhaseTransitionTime"
        if context.minor < _TRANSITION_TIME_MINOR:
            return
        if status.get("phase") != before.get("phase"):
            if status.get(name) in (None, before.get(name)):
                status[name] = context.now
        elif status.get(name) is None and before.get(name) is not None:
            status[name] = before[name]

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """A status is taken as it is."""

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """A status has nothing to warn about."""


_SHORT_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def access_modes_text(modes: list[str] | None) -> str:
    """Access modes as kubectl users know them."""
    return ",".join(short for mode, short in _SHORT_MODES.items() if mode in (modes or ()))


_SPEC = "io.k8s.api.core.v1.PersistentVolumeSpec"
_STATUS = "io.k8s.api.core.v1.PersistentVolumeStatus"


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    metadata, spec = obj["metadata"], obj.get("spec") or {}
    status, claim = obj.get("status") or {}, spec.get("claimRef")
    annotations = metadata.get("annotations") or {}
    return [
        metadata.get("name", ""),
        (spec.get("capacity") or {}).get("storage", "0"),
        access_modes_text(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        "Terminating" if metadata.get("deletionTimestamp") else status.get("phase", ""),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        annotations.get(CLASS_ANNOTATION) or spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        status.get("reason", ""),
        age(metadata.get("creationTimestamp"), now),
        spec.get("volumeMode") or "<unset>",
    ]


PERSISTENT_VOLUME_COLUMNS = Columns(
    (
        NAME,
        Column("Capacity", describes=f"{_SPEC}.capacity"),
        Column("Access Modes", describes=f"{_SPEC}.accessModes"),
        Column("Reclaim Policy", describes=f"{_SPEC}.persistentVolumeReclaimPolicy"),
        Column("Status", describes=f"{_STATUS}.phase"),
        Column("Claim", describes=f"{_SPEC}.claimRef"),
        Column("StorageClass", description="StorageClass of the pv"),
        Column("VolumeAttributesClass", description="VolumeAttributesClass of the pv"),
        Column("Reason", describes=f"{_STATUS}.reason"),
        AGE,
        Column("VolumeMode", priority=1, describes=f"{_SPEC}.volumeMode"),
    ),
    _cells,
)
