"""Strategies of the storage kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apis.node.deprecated_labels import deprecated_label_message
from kapi.apis.storage.attachment_validation import (
    validate_volume_attachment,
    validate_volume_attachment_update,
)
from kapi.apis.storage.class_validation import (
    validate_csi_storage_capacity,
    validate_immutable,
    validate_storage_class,
    validate_volume_attributes_class,
)
from kapi.apis.storage.csi_validation import (
    csi_driver_warnings,
    validate_csi_driver,
    validate_csi_driver_update,
    validate_csi_node,
    validate_csi_node_update,
)
from kapi.registry.strategy import CHANGE, CLIENT_METADATA, WHOLE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = [
    "CSIDriverStrategy",
    "CSINodeStrategy",
    "CSIStorageCapacityStrategy",
    "StorageClassStrategy",
    "VolumeAttachmentStatusStrategy",
    "VolumeAttachmentStrategy",
    "VolumeAttributesClassStrategy",
]

# Since when a CSINode's number of volumes may be updated in place.
_MUTABLE_ALLOCATABLE_MINOR = 35


class StorageClassStrategy(Strategy):
    """StorageClass."""

    delete_returns_object: ClassVar[bool] = True

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Provisioner, parameters, policies and topologies."""
        validate_storage_class(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Only expansion, mount options and topologies may change."""
        validate_storage_class(obj, errors)
        members = ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")
        validate_immutable(obj, old, members, errors)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Topology keys with newer names."""
        for i, term in enumerate(obj.get("allowedTopologies") or ()):
            for j, requirement in enumerate(term.get("matchLabelExpressions") or ()):
                message = deprecated_label_message(requirement.get("key", ""))
                if message:
                    path = f"allowedTopologies[{i}].matchLabelExpressions[{j}].key"
                    context.warn(f"{path}: {message}")

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Topology keys with newer names."""
        self.warnings_on_create(context, obj)


class CSIDriverStrategy(Strategy):
    """CSIDriver: it has a generation from its first change of spec on."""

    metadata_rules = (CHANGE,)
    allow_unconditional_update: ClassVar[bool] = False
    delete_returns_object: ClassVar[bool] = True

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """What the driver can do and wants."""
        validate_csi_driver(obj, errors)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Count changes of the spec."""
        if obj.get("spec") != old.get("spec"):
            obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Attaching and lifecycle modes are fixed."""
        validate_csi_driver_update(obj, old, errors)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Tokens in volume attributes."""
        for warning in csi_driver_warnings(obj):
            context.warn(warning)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Tokens in volume attributes."""
        self.warnings_on_create(context, obj)


class CSINodeStrategy(Strategy):
    """CSINode."""

    metadata_rules = (WHOLE,)
    allow_unconditional_update: ClassVar[bool] = False
    delete_returns_object: ClassVar[bool] = True

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """The drivers of the node."""
        validate_csi_node(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Drivers come and go as a whole."""
        mutable = context.minor >= _MUTABLE_ALLOCATABLE_MINOR
        validate_csi_node_update(obj, old, errors, allocatable_may_change=mutable)


class CSIStorageCapacityStrategy(Strategy):
    """CSIStorageCapacity."""

    allow_unconditional_update: ClassVar[bool] = False

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Class, topology and capacity."""
        validate_csi_storage_capacity(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Class and topology are fixed."""
        validate_csi_storage_capacity(obj, errors)
        validate_immutable(obj, old, ("nodeTopology", "storageClassName"), errors)


class VolumeAttachmentStrategy(Strategy):
    """VolumeAttachment."""

    metadata_rules = (WHOLE,)
    allow_unconditional_update: ClassVar[bool] = False
    delete_returns_object: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Nothing is attached yet."""
        obj["status"] = {"attached": False}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Volume and node."""
        validate_volume_attachment(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Volume and node are fixed."""
        validate_volume_attachment_update(obj, old, errors)


class VolumeAttachmentStatusStrategy(VolumeAttachmentStrategy):
    """volumeattachments/status, which leaves the metadata alone."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)
    reset_metadata = CLIENT_METADATA


class VolumeAttributesClassStrategy(Strategy):
    """VolumeAttributesClass."""

    delete_returns_object: ClassVar[bool] = True

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Driver and parameters."""
        validate_volume_attributes_class(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Driver and parameters are fixed."""
        validate_volume_attributes_class(obj, errors)
        validate_immutable(obj, old, ("driverName", "parameters"), errors)
