"""PersistentVolumeClaim: defaults, strategies and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apis.core.persistent_volume_claim_validation import (
    CLASS_ANNOTATION,
    validate_claim_spec,
    validate_claim_status,
    validate_claim_update,
)
from kapi.apis.core.persistent_volume_strategy import (
    access_modes_text,
    warn_about_storage_annotations,
)
from kapi.apis.core.pod_defaults import default_resource_list
from kapi.apis.core.resource_names import fraction_warnings
from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext

__all__ = [
    "PERSISTENT_VOLUME_CLAIM_COLUMNS",
    "PersistentVolumeClaimStatusStrategy",
    "PersistentVolumeClaimStrategy",
    "default_claim_spec",
    "default_persistent_volume_claim",
    "normalize_data_sources",
]

_SNAPSHOT = ("snapshot.storage.k8s.io", "VolumeSnapshot")


def default_persistent_volume_claim(obj: JSONObject) -> None:
    """Set the defaults of a v1 PersistentVolumeClaim."""
    default_claim_spec(obj.setdefault("spec", {}))
    status = obj.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"
    for name in ("capacity", "allocatedResources"):
        if status.get(name):
            default_resource_list(status[name])


def default_claim_spec(spec: JSONObject) -> None:
    """Set the defaults of a claim's spec, in templates too."""
    if spec.get("volumeMode") is None:
        spec["volumeMode"] = "Filesystem"
    resources = spec.get("resources") or {}
    for name in ("limits", "requests"):
        if resources.get(name):
            default_resource_list(resources[name])


def normalize_data_sources(spec: JSONObject, old: JSONObject | None = None) -> None:
    """Mirror ``dataSource`` and ``dataSourceRef``; the older one knows claims and snapshots only.

    Sources in other namespaces are behind a feature gate that is off.
    """
    old = old or {}
    if old.get("dataSource") is None and not _is_claim_or_snapshot(spec.get("dataSource")):
        spec.pop("dataSource", None)
    reference = spec.get("dataSourceRef")
    if old.get("dataSourceRef") is None and reference and reference.get("namespace"):
        del spec["dataSourceRef"]
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and reference is None:
        spec["dataSourceRef"] = dict(source)
    elif source is None and reference is not None and not reference.get("namespace"):
        spec["dataSource"] = {
            name: reference[name] for name in ("apiGroup", "kind", "name") if name in reference
        }


def _is_claim_or_snapshot(source: JSONObject | None) -> bool:
    if source is None:
        return True
    group, kind = source.get("apiGroup") or "", source.get("kind")
    return (not group and kind == "PersistentVolumeClaim") or (group, kind) == _SNAPSHOT


class PersistentVolumeClaimStrategy(Strategy):
    """Claims."""

    delete_returns_object: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Start pending, data sources mirrored."""
        obj["status"] = {"phase": "Pending"}
        normalize_data_sources(obj.setdefault("spec", {}))

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Judge a new claim."""
        validate_claim_spec(obj.get("spec") or {}, "spec", errors)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Warn about annotations that became fields and sizes that are no whole bytes."""
        warn_about_storage_annotations(context, obj)
        resources = (obj.get("spec") or {}).get("resources") or {}
        for name in ("requests", "limits"):
            amounts = resources.get(name) or {}
            for text in fraction_warnings(amounts, ("storage",), f"spec.resources.{name}"):
                context.warn(text)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Mirror data sources of clients that know one of the fields."""
        normalize_data_sources(obj.setdefault("spec", {}), old.get("spec"))

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Judge a change."""
        validate_claim_update(obj, old, errors)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Warn as at creation."""
        self.warnings_on_create(context, obj)


class PersistentVolumeClaimStatusStrategy(PersistentVolumeClaimStrategy):
    """``persistentvolumeclaims/status``."""

    metadata_rules = (CHANGE,)
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Spec is kept by ``reset_fields``."""

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Judge the reported amounts."""
        validate_claim_status(obj, errors)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """A status has nothing to warn about."""


_SPEC = "io.k8s.api.core.v1.PersistentVolumeClaimSpec"
_STATUS = "io.k8s.api.core.v1.PersistentVolumeClaimStatus"


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    metadata, spec = obj["metadata"], obj.get("spec") or {}
    status = obj.get("status") or {}
    annotations = metadata.get("annotations") or {}
    volume = spec.get("volumeName", "")
    return [
        metadata.get("name", ""),
        "Terminating" if metadata.get("deletionTimestamp") else status.get("phase", ""),
        volume,
        (status.get("capacity") or {}).get("storage", "0") if volume else "",
        access_modes_text(status.get("accessModes")) if volume else "",
        annotations.get(CLASS_ANNOTATION) or spec.get("storageClassName") or "",
        spec.get("volumeAttributesClassName") or "<unset>",
        age(metadata.get("creationTimestamp"), now),
        spec.get("volumeMode") or "<unset>",
    ]


PERSISTENT_VOLUME_CLAIM_COLUMNS = Columns(
    (
        NAME,
        Column("Status", describes=f"{_STATUS}.phase"),
        Column("Volume", describes=f"{_SPEC}.volumeName"),
        Column("Capacity", describes=f"{_STATUS}.capacity"),
        Column("Access Modes", describes=f"{_STATUS}.accessModes"),
        Column("StorageClass", description="StorageClass of the pvc"),
        Column("VolumeAttributesClass", description="VolumeAttributesClass of the pvc"),
        AGE,
        Column("VolumeMode", priority=1, describes=f"{_SPEC}.volumeMode"),
    ),
    _cells,
)
