"""Registers the kinds of storage.k8s.io."""

from __future__ import annotations

from kapi.apis.storage import columns, defaults, strategy
from kapi.registry.rules import KindRules, Rules
from kapi.registry.status_strategies import StatusStrategy

__all__ = ["install"]

_GROUP = "storage.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "storageclasses",
        KindRules(
            strategy=strategy.StorageClassStrategy(),
            defaults={"v1": defaults.default_storage_class},
            columns=columns.STORAGE_CLASS,
        ),
    )
    rules.add(
        _GROUP,
        "csidrivers",
        KindRules(
            strategy=strategy.CSIDriverStrategy(),
            defaults={"v1": defaults.default_csi_driver},
            columns=columns.CSI_DRIVER,
        ),
    )
    rules.add(
        _GROUP,
        "csinodes",
        KindRules(
            strategy=strategy.CSINodeStrategy(),
            subresources={"status": StatusStrategy()},
            columns=columns.CSI_NODE,
        ),
    )
    rules.add(
        _GROUP,
        "csistoragecapacities",
        KindRules(strategy=strategy.CSIStorageCapacityStrategy()),
    )
    rules.add(
        _GROUP,
        "volumeattachments",
        KindRules(
            strategy=strategy.VolumeAttachmentStrategy(),
            subresources={"status": strategy.VolumeAttachmentStatusStrategy()},
            columns=columns.VOLUME_ATTACHMENT,
        ),
    )
    rules.add(
        _GROUP,
        "volumeattributesclasses",
        KindRules(
            strategy=strategy.VolumeAttributesClassStrategy(),
            columns=columns.VOLUME_ATTRIBUTES_CLASS,
        ),
    )
