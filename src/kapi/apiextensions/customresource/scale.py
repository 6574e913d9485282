"""The scale subresource of custom resources: where the numbers are in the object.

Implements "Scale subresource" of the documentation of CustomResourceDefinitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.apiextensions.customresource.jsonpath import simple_path
from kapi.apimachinery.errors import InternalError
from kapi.apimachinery.scheme.go_names import value_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["CustomScale", "ScalePaths", "value_at"]

_INT32 = 1 << 31
# What a Scale shows of the metadata of its parent.
_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


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
        self.validate_status(obj, errors)

    def validate_status(self, obj: JSONObject, errors: ErrorList) -> None:
        """As far as a write of the status goes."""
        _validate_replicas(obj, self.status_replicas, errors)
        selector = value_at(obj, self.label_selector) if self.label_selector else None
        if selector is not None and not isinstance(selector, str):
            why = f"{self.label_selector} accessor error: {_go(selector)}, expected string"
            errors.invalid(self.label_selector, "", why)


class CustomScale:
    """The :class:`~kapi.registry.scale.ScaleView` of a custom resource at one version."""

    def __init__(self, paths: ScalePaths, owned: Mapping[str, str]) -> None:
        self._paths = paths
        self._owned = owned

    def replicas_paths(self) -> Mapping[str, str]:
        """The path at each API version that can be scaled."""
        return self._owned

    def read(self, obj: JSONObject, *, sized: bool = True) -> JSONObject:
        """The Scale of an object; what is not there yet counts as 0 in its status."""
        meta, paths = obj["metadata"], self._paths
        replicas = value_at(obj, paths.spec_replicas)
        if replicas is None and sized:
            raise InternalError(f'the spec replicas field "{paths.spec_replicas}" does not exist')
        status: JSONObject = {"replicas": value_at(obj, paths.status_replicas, 0) or 0}
        selector = value_at(obj, paths.label_selector) if paths.label_selector else None
        if selector:
            status["selector"] = selector
        return {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": {name: meta[name] for name in _METADATA if name in meta},
            "spec": {"replicas": replicas} if replicas else {},
            "status": status,
        }

    def write(self, obj: JSONObject, scale: JSONObject) -> JSONObject:
        """A copy of the object of another size."""
        replicas = (scale.get("spec") or {}).get("replicas") or 0
        scaled = _with_value(obj, simple_path(self._paths.spec_replicas) or (), replicas)
        version = (scale.get("metadata") or {}).get("resourceVersion")
        if version:
            scaled["metadata"] = {**obj["metadata"], "resourceVersion": version}
        return scaled


def _with_value(obj: JSONValue, path: tuple[str, ...], value: JSONValue) -> JSONObject:
    """A copy that shares all but the way to the changed value."""
    copy: JSONObject = {**obj} if isinstance(obj, dict) else {}
    head, *rest = path
    copy[head] = _with_value(copy.get(head), tuple(rest), value) if rest else value
    return copy


def _validate_replicas(obj: JSONObject, path: str, errors: ErrorList) -> None:
    replicas = value_at(obj, path)
    if replicas is None:
        return
    if isinstance(replicas, bool) or not isinstance(replicas, int):
        why = f"{path} accessor error: {_go(replicas)}, expected int64"
        errors.invalid(path, 0, why)
    elif replicas < 0:
        errors.invalid(path, replicas, "should be a non-negative integer")
    elif replicas >= _INT32:
        errors.invalid(path, replicas, f"should be less than or equal to {_INT32 - 1}")


def _go(value: JSONValue) -> str:
    """A value and its type as Go prints them in accessor errors."""
    return f"{_go_text(value)} is of the type {value_type(value)}"


def _go_text(value: JSONValue) -> str:
    if isinstance(value, dict):
        return f"map[{' '.join(f'{name}:{_go_text(value[name])}' for name in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(_go_text(item) for item in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "<nil>" if value is None else str(value)
