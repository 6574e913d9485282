"""Scale: the ``autoscaling/v1`` view on the size of a workload, served as its subresource.

Reading a Scale from an object and writing one into it are pure functions; the scalable kinds
differ in their selector only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.intstr import nonnegative
from kapi.apimachinery.labels import (
    SelectorError,
    selector_from_label_selector,
    selector_from_set,
)
from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["SCALABLE", "SCALE", "WorkloadScale", "read_scale", "validate_scale", "write_scale"]

_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def _label_selector_text(selector: JSONObject | None) -> str:
    try:
        return str(selector_from_label_selector(selector))
    except SelectorError:  # was valid when it was stored
        return ""


def _map_text(selector: JSONObject | None) -> str:
    return str(selector_from_set(selector))


# The kinds that can be scaled, by group and resource, with how their selector becomes text.
SCALABLE: Mapping[tuple[str, str], Callable[[JSONObject | None], str]] = {
    ("", "replicationcontrollers"): _map_text,
    ("apps", "deployments"): _label_selector_text,
    ("apps", "replicasets"): _label_selector_text,
    ("apps", "statefulsets"): _label_selector_text,
}


def read_scale(group: str, resource: str, obj: JSONObject) -> JSONObject:
    """The Scale of a stored object of a scalable kind."""
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    replicas = spec.get("replicas") or 0
    selector = SCALABLE[group, resource](spec.get("selector"))
    scale_status: JSONObject = {"replicas": status.get("replicas", 0)}
    if selector:
        scale_status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: meta[name] for name in _METADATA if name in meta},
        "spec": {"replicas": replicas} if replicas else {},
        "status": scale_status,
    }


class WorkloadScale:
    """The :class:`~kapi.registry.scale.ScaleView` of a built-in workload."""

    def __init__(self, group: str, resource: str, api_version: str) -> None:
        self._group = group
        self._resource = resource
        self._api_version = api_version

    def replicas_paths(self) -> Mapping[str, str]:
        """The same place for all workloads."""
        return {self._api_version: "spec.replicas"}

    def read(self, obj: JSONObject, *, sized: bool = True) -> JSONObject:
        """The Scale of a workload; all of them have a size."""
        return read_scale(self._group, self._resource, obj)

    def write(self, obj: JSONObject, scale: JSONObject) -> JSONObject:
        """A workload of another size."""
        return write_scale(obj, scale)


def write_scale(obj: JSONObject, scale: JSONObject) -> JSONObject:
    """A copy of the object with the size and the resourceVersion that the Scale asks for."""
    scaled = {**obj, "spec": {**(obj.get("spec") or {}), "replicas": _replicas(scale)}}
    version = (scale.get("metadata") or {}).get("resourceVersion")
    if version is not None:
        scaled["metadata"] = {**obj["metadata"], "resourceVersion": version}
    return scaled


def validate_scale(scale: JSONObject, errors: ErrorList) -> None:
    """Check a Scale apart from its metadata; the errors belong to ``Scale.autoscaling``."""
    nonnegative(_replicas(scale), "spec.replicas", errors)


def _replicas(scale: JSONObject) -> int:
    replicas: int = (scale.get("spec") or {}).get("replicas") or 0
    return replicas


def _scale_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    return [
        meta.get("name", ""),
        _replicas(obj),
        (obj.get("status") or {}).get("replicas", 0),
        age(meta.get("creationTimestamp"), now),
    ]


_SCALE = "io.k8s.api.autoscaling.v1"
SCALE = Columns(
    (
        Column("Name", describes="io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta.name"),
        Column("Desired", "integer", describes=f"{_SCALE}.ScaleSpec.replicas"),
        Column("Available", "integer", describes=f"{_SCALE}.ScaleStatus.replicas"),
        AGE,
    ),
    _scale_cells,
)
