"""Binding: validation of the node that a pod is bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_binding"]


def validate_binding(binding: JSONObject, errors: ErrorList) -> None:
    """A target is a Node with a name."""
    target = binding.get("target") or {}
    kind = target.get("kind")
    if kind and kind != "Node":
        errors.not_supported("target.kind", kind, ("Node", "<empty>"))
    if not target.get("name"):
        errors.required("target.name")
