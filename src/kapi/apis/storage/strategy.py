"""Strategies of the kinds of storage.k8s.io: what a client may set, and where."""

from __future__ import annotations

from typing import ClassVar

from kapi.registry.strategy import Strategy

__all__ = [
    "CSIDriverStrategy",
    "CSINodeStrategy",
    "CSIStorageCapacityStrategy",
    "StorageClassStrategy",
    "VolumeAttachmentStatusStrategy",
    "VolumeAttachmentStrategy",
    "VolumeAttributesClassStrategy",
]


class StorageClassStrategy(Strategy):
    """StorageClass."""

    delete_returns_object: ClassVar[bool] = True


class CSIDriverStrategy(Strategy):
    """CSIDriver."""

    allow_unconditional_update: ClassVar[bool] = False
    delete_returns_object: ClassVar[bool] = True


class CSINodeStrategy(Strategy):
    """CSINode."""

    allow_unconditional_update: ClassVar[bool] = False
    delete_returns_object: ClassVar[bool] = True


class CSIStorageCapacityStrategy(Strategy):
    """CSIStorageCapacity."""

    allow_unconditional_update: ClassVar[bool] = False


class VolumeAttachmentStrategy(Strategy):
    """VolumeAttachment."""

    allow_unconditional_update: ClassVar[bool] = False
    delete_returns_object: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)


class VolumeAttachmentStatusStrategy(Strategy):
    """VolumeAttachment/status."""

    allow_unconditional_update: ClassVar[bool] = False
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)


class VolumeAttributesClassStrategy(Strategy):
    """VolumeAttributesClass."""

    delete_returns_object: ClassVar[bool] = True
