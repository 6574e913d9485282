"""Registers StorageVersion."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns, KindRules, Rules
from kapi.registry.standard_columns import AGE, NAME
from kapi.registry.status_strategies import SpecStrategy, StatusStrategy

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["install"]


class StorageVersionStrategy(SpecStrategy):
    """StorageVersion: all that matters is its status."""

    has_generation: ClassVar[bool] = False


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, status = obj["metadata"], obj.get("status") or {}
    versions = ",".join(
        f"{version.get('apiServerID', '')}={version.get('encodingVersion', '')}"
        for version in status.get("storageVersions") or ()
    )
    common = status.get("commonEncodingVersion") or "<unset>"
    return [meta["name"], common, versions, age(meta.get("creationTimestamp"), now)]


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    columns = (NAME, Column("CommonEncodingVersion"), Column("StorageVersions"), AGE)
    rules.add(
        "internal.apiserver.k8s.io",
        "storageversions",
        KindRules(
            strategy=StorageVersionStrategy(),
            subresources={"status": StatusStrategy()},
            columns=Columns(columns, _cells),
        ),
    )
