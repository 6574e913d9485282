"""Registers the kinds of storage.k8s.io."""

from __future__ import annotations

from kapi.apis.storage import strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "storage.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "storageclasses",
        KindRules(
            strategy=strategy.StorageClassStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "csidrivers",
        KindRules(
            strategy=strategy.CSIDriverStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "csinodes",
        KindRules(
            strategy=strategy.CSINodeStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "csistoragecapacities",
        KindRules(
            strategy=strategy.CSIStorageCapacityStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "volumeattachments",
        KindRules(
            strategy=strategy.VolumeAttachmentStrategy(),
            subresources={"status": strategy.VolumeAttachmentStatusStrategy()},
        ),
    )
    rules.add(
        _GROUP,
        "volumeattributesclasses",
        KindRules(
            strategy=strategy.VolumeAttributesClassStrategy(),
        ),
    )
