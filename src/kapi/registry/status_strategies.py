"""Strategies of kinds that are a spec for users and a status for controllers, and no more.

Kinds with rules of their own derive from these and add their validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["ImmutableSpecStrategy", "SpecStrategy", "StatusStrategy"]


class SpecStrategy(Strategy):
    """The main resource: leaves the status alone and counts generations."""

    has_generation: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """The status is a controller's to write."""
        if "status" in obj:
            obj["status"] = {}


class ImmutableSpecStrategy(SpecStrategy):
    """The main resource of a kind whose spec never changes."""

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The spec is the old one."""
        if obj.get("spec") != old.get("spec"):
            errors.invalid("spec", obj.get("spec"), "field is immutable")


class StatusStrategy(Strategy):
    """The subresource ``status``: changes nothing else."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)
