"""Strategy: what a kind adds to the generic create, update and delete.

Every method is synchronous and pure: it may change the object it is given (the ``prepare``
methods) and nothing else. Objects are JSON dictionaries at the hub version, decoded and
defaulted. The generic store does what holds for every kind: metadata, names, uid, generation,
deletionTimestamp, preconditions, managedFields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias

from kapi.apimachinery import names
from kapi.registry.before_delete import check_preconditions, mark_for_deletion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.before_delete import DeleteOptions, Deletion
    from kapi.registry.catalogue import Resource
    from kapi.registry.context import RequestContext

__all__ = ["CHANGE", "CLIENT_METADATA", "WHOLE", "MetadataRule", "Strategy"]

MetadataRule: TypeAlias = Literal["whole", "change"]
WHOLE: Final = "whole"
CHANGE: Final = "change"

# What clients write into metadata.
CLIENT_METADATA: Final = ("annotations", "finalizers", "labels", "ownerReferences")


class Strategy:
    """The rules of one kind on its main resource or on one subresource.

    Override what the kind needs; the defaults suit a kind without rules of its own.
    """

    # PUT to a name that does not exist creates the object.
    allow_create_on_update: ClassVar[bool] = False
    # PUT without metadata.resourceVersion overwrites whatever is stored.
    allow_unconditional_update: ClassVar[bool] = True
    # metadata.generation is 1 at creation and rises with each change of ``generation_fields``.
    has_generation: ClassVar[bool] = False
    # What raises the generation: top-level members; metadata.annotations and so on may be named
    # with a dot.
    generation_fields: ClassVar[tuple[str, ...]] = ("spec",)
    # Finalizers without a domain must be Kubernetes' own; custom resources take any.
    standard_finalizers: ClassVar[bool] = True
    # The rules for metadata that the kind's own check of a change has besides those for all kinds:
    # WHOLE judges the metadata as at creation, CHANGE what may change.
    metadata_rules: ClassVar[tuple[MetadataRule, ...]] = (WHOLE, CHANGE)
    # DELETE that removes the object answers with the object instead of a Status.
    delete_returns_object: ClassVar[bool] = False
    # Propagation when the client asks for none: "background" or "orphan".
    default_propagation: ClassVar[str] = "background"
    # Top-level members a write of this (sub)resource never changes, also in managedFields:
    # ("status",) on the main resource of a kind with a status subresource, ("spec",) there.
    reset_fields: ClassVar[tuple[str, ...]] = ()
    # metadata members that a write of a subresource leaves alone ("labels", "ownerReferences").
    # CLIENT_METADATA is all of them.
    reset_metadata: ClassVar[tuple[str, ...]] = ()

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """What is wrong with metadata.name, or (``prefix``) with metadata.generateName."""
        return names.dns1123_subdomain(name, prefix=prefix)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Set what the server owns and drop what a client may not give."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Append what is wrong with a new object apart from its metadata."""

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Call ``context.warn`` for what is accepted and unwise."""

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Keep what this endpoint does not change; ``reset_fields`` are already kept."""

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Append what is wrong with the change apart from metadata.

        The default judges the new object as if it were created.
        """
        self.validate(context, obj, errors)

    def content_changed(self, obj: JSONObject, old: JSONObject) -> bool:
        """Whether a change raises metadata.generation."""
        for name in self.generation_fields:
            outer, _, inner = name.partition(".")
            after, before = obj.get(outer), old.get(outer)
            if inner:
                after, before = (after or {}).get(inner), (before or {}).get(inner)
            if after != before:
                return True
        return False

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Call ``context.warn`` for what is accepted and unwise."""

    def canonicalize(self, obj: JSONObject) -> None:
        """Bring a validated object into its canonical form before it is stored."""

    def warnings_on_delete(self, context: RequestContext) -> None:
        """Call ``context.warn`` when a DELETE without a propagation policy is unwise."""

    def check_preconditions(
        self, resource: Resource, named: str, meta: JSONObject, options: DeleteOptions
    ) -> None:
        """Raises Conflict when DELETE means another object; ``named`` is what errors call it."""
        check_preconditions(resource, named, meta["name"], meta, options)

    def mark_for_deletion(
        self, context: RequestContext, obj: JSONObject, options: DeleteOptions
    ) -> Deletion:
        """Change ``obj`` as DELETE does and tell what becomes of it."""
        return mark_for_deletion(context, self, obj, options)

    def removable(self, obj: JSONObject) -> bool:
        """Whether an object without metadata.finalizers may be removed while being deleted."""
        return True

    def grace_period_seconds(self, obj: JSONObject, requested: int | None) -> int | None:
        """Seconds between DELETE and removal; None removes at once (not for Pods on a node)."""
        return None

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """The values that field selectors may ask for besides metadata.name and namespace."""
        return {}
