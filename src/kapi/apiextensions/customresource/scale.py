"""The scale subresource of custom resources: where the numbers are in the object.

Implements "Scale subresource" of the documentation of CustomResourceDefinitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.apiextensions.customresource.jsonpath import simple_path

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["ScalePaths", "value_at"]

_INT32 = 1 << 31
_MISSING = object()


def value_at(obj: JSONValue, path: str, default: JSONValue = None) -> JSONValue:
    """The value of a simple JSONPath."""
    for name in simple_path(path) or ():
        if obj.__class__ is not dict or name not in obj:
            return default
        obj = obj[name]
    return obj


@dataclass(frozen=True, slots=True)
class ScalePaths:
    """The paths of a definition's scale subresource."""

    spec_replicas: str
    status_replicas: str
    label_selector: str

    @classmethod
    def of(cls, scale: JSONObject) -> ScalePaths:
        """The paths of ``subresources.scale``."""
        return cls(
            scale.get("specReplicasPath", ""),
            scale.get("statusReplicasPath", ""),
            scale.get("labelSelectorPath", ""),
        )

    def validate(self, obj: JSONObject, errors: ErrorList) -> None:
        """Replicas are counts that fit 32 bits, the selector is text."""
        _validate_replicas(obj, self.spec_replicas, errors)
        _validate_replicas(obj, self.status_replicas, errors)
        if self.label_selector:
            selector = value_at(obj, self.label_selector)
            if selector is not None and not isinstance(selector, str):
                why = f"{self.label_selector} accessor error: {_go(selector)}, expected string"
                errors.invalid(self.label_selector, selector, why)


def _validate_replicas(obj: JSONObject, path: str, errors: ErrorList) -> None:
    replicas = value_at(obj, path)
    if replicas is None:
        return
    if isinstance(replicas, bool) or not isinstance(replicas, int):
        why = f"{path} accessor error: {_go(replicas)}, expected int64"
        errors.invalid(path, replicas, why)
    elif replicas < 0:
        errors.invalid(path, replicas, "should be a non-negative integer")
    elif replicas >= _INT32:
        errors.invalid(path, replicas, f"should be less than or equal to {_INT32 - 1}")


def _go(value: JSONValue) -> str:
    """A value and its type as Go prints them in accessor errors."""
    kinds = {str: "string", bool: "bool", int: "int64", float: "float64"}
    shown = "true" if value is True else "false" if value is False else value
    return f"{shown} is of the type {kinds.get(type(value), 'map[string]interface {}')}"
