"""Namespace: finalizers of its spec, phase, name label; strategies of its three endpoints.

Implements the Namespace API reference and "Namespaces" of the Kubernetes documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import names
from kapi.registry.before_delete import check_held_preconditions
from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME
from kapi.registry.strategy import CHANGE, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.before_delete import DeleteOptions
    from kapi.registry.catalogue import Resource
    from kapi.registry.context import RequestContext

__all__ = [
    "NAMESPACE_COLUMNS",
    "NamespaceFinalizeStrategy",
    "NamespaceStatusStrategy",
    "NamespaceStrategy",
    "default_namespace",
    "may_be_removed",
]

NAME_LABEL = "kubernetes.io/metadata.name"
FINALIZER = "kubernetes"

# Finalizers that need no domain.
_STANDARD_FINALIZERS = frozenset(("kubernetes", "orphan", "foregroundDeletion"))


def default_namespace(obj: JSONObject) -> None:
    """Label the namespace with its name; it is active unless told otherwise."""
    metadata = obj.setdefault("metadata", {})
    name = metadata.get("name")
    if name:
        labels = metadata.get("labels")
        if labels is None:
            labels = metadata["labels"] = {}
        labels[NAME_LABEL] = name
    status = obj.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Active"


def may_be_removed(obj: JSONObject) -> bool:
    """Whether a terminating namespace has no finalizer of either kind left."""
    metadata = obj["metadata"]
    return (
        bool(metadata.get("deletionTimestamp"))
        and not metadata.get("finalizers")
        and not (obj.get("spec") or {}).get("finalizers")
    )


class NamespaceStrategy(Strategy):
    """The namespace itself."""

    delete_returns_object: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """Namespaces are named by a DNS label."""
        return names.dns1123_label(name, prefix=prefix)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Start active, held by the finalizer of the namespace controller."""
        obj["status"] = {"phase": "Active"}
        spec = obj.setdefault("spec", {})
        finalizers = spec.get("finalizers") or []
        if FINALIZER not in finalizers:
            spec["finalizers"] = [*finalizers, FINALIZER]

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Check the finalizers."""
        for finalizer in (obj.get("spec") or {}).get("finalizers") or ():
            _validate_finalizer(finalizer, "spec.finalizers", errors)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Keep the finalizers of the spec, which only ``/finalize`` changes."""
        spec = obj.get("spec") or {}
        finalizers = (old.get("spec") or {}).get("finalizers")
        if finalizers:
            spec["finalizers"] = finalizers
        else:
            spec.pop("finalizers", None)
        obj["spec"] = spec

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Nothing but metadata changes here."""

    def canonicalize(self, obj: JSONObject) -> None:
        """A generated name is known only now: set the name label again."""
        default_namespace(obj)

    def removable(self, obj: JSONObject) -> bool:
        """The finalizers of the spec hold the namespace as well."""
        return not (obj.get("spec") or {}).get("finalizers")

    def check_preconditions(
        self, resource: Resource, named: str, meta: JSONObject, options: DeleteOptions
    ) -> None:
        """As any kind, in other words."""
        check_held_preconditions(resource, meta["name"], meta, options)

    def field_labels(self, obj: JSONObject) -> Mapping[str, str]:
        """What field selectors may ask for."""
        return {"status.phase": (obj.get("status") or {}).get("phase") or ""}


class NamespaceStatusStrategy(NamespaceStrategy):
    """``namespaces/status``."""

    metadata_rules = (CHANGE,)
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Spec is kept by ``reset_fields``."""

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The phase tells whether the namespace is being deleted."""
        phase = (obj.get("status") or {}).get("phase") or ""
        if not obj["metadata"].get("deletionTimestamp"):
            if phase != "Active":
                errors.invalid(
                    "status.Phase", phase, "may only be 'Active' if `deletionTimestamp` is empty"
                )
        elif phase != "Terminating":
            errors.invalid(
                "status.Phase",
                phase,
                "may only be 'Terminating' if `deletionTimestamp` is not empty",
            )


class NamespaceFinalizeStrategy(NamespaceStrategy):
    """``namespaces/finalize``, which replaces the finalizers of the spec."""

    metadata_rules = (CHANGE,)

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Status is kept by ``reset_fields``."""
        obj.setdefault("spec", {})

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """Check the new finalizers."""
        for index, finalizer in enumerate((obj.get("spec") or {}).get("finalizers") or ()):
            _validate_finalizer(finalizer, f"spec.finalizers[{index}]", errors)


def _validate_finalizer(name: str, path: str, errors: ErrorList) -> None:
    messages = names.finalizer_name(name)
    errors.invalid_each(path, name, messages)
    if "/" not in name and name not in _STANDARD_FINALIZERS:
        errors.invalid(
            path, name, "name is neither a standard finalizer name nor is it fully qualified"
        )


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    metadata = obj["metadata"]
    return [
        metadata.get("name", ""),
        (obj.get("status") or {}).get("phase", ""),
        age(metadata.get("creationTimestamp"), now),
    ]


NAMESPACE_COLUMNS = Columns(
    (
        NAME,
        Column("Status", description="The status of the namespace"),
        AGE,
    ),
    _cells,
)
