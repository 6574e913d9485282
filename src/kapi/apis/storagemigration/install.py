"""Registers StorageVersionMigration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.rules import Column, Columns, KindRules, Rules
from kapi.registry.standard_columns import NAME
from kapi.registry.status_strategies import ImmutableSpecStrategy, StatusStrategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext

__all__ = ["install"]

# What a migration can have come to, the last word first.
_OUTCOMES = ("Failed", "Succeeded", "Running")


class StorageVersionMigrationStrategy(ImmutableSpecStrategy):
    """StorageVersionMigration: what is migrated is fixed."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """A resource is named."""
        if not ((obj.get("spec") or {}).get("resource") or {}).get("resource"):
            errors.required("spec.resource.resource", "resource is required")


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    resource = (obj.get("spec") or {}).get("resource") or {}
    name = ".".join(
        resource[part] for part in ("resource", "version", "group") if resource.get(part)
    )
    conditions = (obj.get("status") or {}).get("conditions") or ()
    held = {condition["type"] for condition in conditions if condition.get("status") == "True"}
    outcome = next((outcome for outcome in _OUTCOMES if outcome in held), "")
    return [obj["metadata"]["name"], name, outcome]


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        "storagemigration.k8s.io",
        "storageversionmigrations",
        KindRules(
            strategy=StorageVersionMigrationStrategy(),
            subresources={"status": StatusStrategy()},
            columns=Columns((NAME, Column("Resource"), Column("Status")), _cells),
        ),
    )
