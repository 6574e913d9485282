"""Strategies of CustomResourceDefinitions: what a client may set, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apiextensions.definition.schema_validation import unrecognized_formats
from kapi.apiextensions.definition.validation import (
    validate_definition,
    validate_definition_status,
    validate_definition_update,
)
from kapi.apiextensions.definition.versions import set_condition, storage_version
from kapi.apimachinery.field import quote
from kapi.registry.before_delete import Deletion, check_held_preconditions
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.before_delete import DeleteOptions
    from kapi.registry.catalogue import Resource
    from kapi.registry.context import RequestContext

__all__ = [
    "CLEANUP_FINALIZER",
    "CustomResourceDefinitionStatusStrategy",
    "CustomResourceDefinitionStrategy",
]

# Holds a definition until its instances are gone.
CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"


class CustomResourceDefinitionStrategy(Strategy):
    """CustomResourceDefinition."""

    allow_unconditional_update: ClassVar[bool] = False
    has_generation: ClassVar[bool] = True
    standard_finalizers: ClassVar[bool] = False
    metadata_rules = (CHANGE,)
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Start with no names accepted and the storage version as the only stored one."""
        version = storage_version(obj.get("spec") or {})
        obj["status"] = {
            "conditions": None,
            "acceptedNames": {"plural": "", "kind": ""},
            "storedVersions": None if version is None else [version],
        }

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Remember every version that objects have ever been stored in."""
        version = storage_version(obj.get("spec") or {})
        stored = (obj.get("status") or {}).get("storedVersions") or []
        if version is not None and version not in stored:
            obj["status"] = {**(obj.get("status") or {}), "storedVersions": [*stored, version]}

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check a new definition."""
        validate_definition(obj, errors)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check a changed definition."""
        validate_definition_update(obj, old, errors)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Tell which formats mean nothing."""
        for version in obj["spec"].get("versions") or ():
            schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
            for name in unrecognized_formats(schema):
                context.warn(f"unrecognized format {quote(name)}")

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """As at creation."""
        self.warnings_on_create(context, obj)

    def check_preconditions(
        self, resource: Resource, named: str, meta: JSONObject, options: DeleteOptions
    ) -> None:
        """As any kind, in other words."""
        check_held_preconditions(resource, meta["name"], meta, options)

    def mark_for_deletion(
        self, context: RequestContext, obj: JSONObject, options: DeleteOptions
    ) -> Deletion:
        """Keep the definition until its instances are removed."""
        meta = obj["metadata"]
        if "deletionTimestamp" in meta:
            return Deletion.MARK if meta.get("finalizers") else Deletion.NOW
        finalizers = list(meta.get("finalizers") or ())
        if CLEANUP_FINALIZER not in finalizers:
            meta["finalizers"] = [*finalizers, CLEANUP_FINALIZER]
        if not context.dry_run:
            meta["deletionTimestamp"] = context.now
        status = obj["status"] = {**(obj.get("status") or {})}
        set_condition(
            status,
            "Terminating",
            True,
            "InstanceDeletionPending",
            "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
            context.now,
        )
        return Deletion.MARK


class CustomResourceDefinitionStatusStrategy(Strategy):
    """CustomResourceDefinition/status."""

    allow_unconditional_update: ClassVar[bool] = False
    standard_finalizers: ClassVar[bool] = False
    metadata_rules = (CHANGE,)
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Stored versions are not checked, accepted names are."""
        validate_definition_status(obj, errors)
