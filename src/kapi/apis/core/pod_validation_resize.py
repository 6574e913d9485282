"""The resize subresource: only cpu and memory of containers change, and QoS does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.field import FieldError
from kapi.apis.core.pod_resources import qos_class
from kapi.apis.core.pod_validation import validate_pod
from kapi.apis.core.pod_validation_annotations import MIRROR_POD

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["keep_only_resize", "validate_pod_resize"]

_RESIZABLE = ("cpu", "memory")
_KINDS = ("containers", "initContainers")


def keep_only_resize(spec: JSONObject, old_spec: JSONObject) -> JSONObject:
    """The stored spec with the resources and resize policies of the request.

    Containers that are not stored stay as they came, for validation to refuse.
    """
    resized = dict(old_spec)
    for kind in _KINDS:
        stored = {container.get("name"): container for container in old_spec.get(kind) or ()}
        if kind in spec or kind in old_spec:
            resized[kind] = [
                _resized(container, stored.get(container.get("name")))
                for container in spec.get(kind) or ()
            ]
        if not resized.get(kind):
            resized.pop(kind, None)
    if "resources" in spec:
        resized["resources"] = spec["resources"]
    return resized


def _resized(container: JSONObject, stored: JSONObject | None) -> JSONObject:
    if stored is None:
        return container
    resized = dict(stored)
    for name in ("resources", "resizePolicy"):
        if name in container:
            resized[name] = container[name]
        else:
            resized.pop(name, None)
    return resized


def validate_pod_resize(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Validate a resized Pod."""
    refusal = _refusal(old)
    if refusal:
        errors.append(FieldError("FieldValueForbidden", "", f"Forbidden: {refusal}"))
        return
    spec, old_spec = obj["spec"], old["spec"]
    validate_pod(obj, errors, old=old)
    status = old.get("status") or {}
    if qos_class(spec) != (status.get("qosClass") or qos_class(old_spec)):
        errors.invalid(
            "spec",
            status.get("qosClass", ""),
            "Pod QOS Class may not change as a result of resizing",
        )
    if not _node_supports_resize(status):
        errors.forbidden("spec", "Pod running on node without support for resize")
    if not _validate_same_containers(spec, old_spec, errors):
        return
    for kind in reversed(_KINDS):
        for index, container in enumerate(spec.get(kind) or ()):
            _validate_container(container, old_spec[kind][index], kind, index, errors)
    if _fixed(spec.get("resources")) != _fixed(old_spec.get("resources")):
        errors.forbidden("spec", "only cpu and memory resources are mutable")


def _refusal(old: JSONObject) -> str:
    if MIRROR_POD in (old["metadata"].get("annotations") or {}):
        return "static pods cannot be resized"
    if (old["spec"].get("os") or {}).get("name") == "windows":
        return "windows pods cannot be resized"
    return ""


def _node_supports_resize(status: JSONObject) -> bool:
    # A kubelet that can resize reports the resources of running containers.
    for container in status.get("containerStatuses") or ():
        if (container.get("state") or {}).get("running") is not None:
            return container.get("resources") is not None
    return True


def _validate_same_containers(spec: JSONObject, old_spec: JSONObject, errors: ErrorList) -> bool:
    before = len(errors)
    for kind in _KINDS:
        containers, old = spec.get(kind) or (), old_spec.get(kind) or ()
        if len(containers) != len(old):
            errors.forbidden(f"spec.{kind}", f"{kind} may not be added or removed on resize")
            continue
        for index, container in enumerate(containers):
            if container.get("name") != old[index].get("name"):
                errors.forbidden(
                    f"spec.{kind}[{index}].name",
                    f"{kind} may not be renamed or reordered on resize",
                )
    return len(errors) == before


def _validate_container(
    container: JSONObject, old: JSONObject, kind: str, index: int, errors: ErrorList
) -> None:
    resources, old_resources = container.get("resources") or {}, old.get("resources") or {}
    if kind == "initContainers" and old.get("restartPolicy") != "Always":
        if resources != old_resources:
            errors.forbidden(
                f"spec.initContainers[{index}].resources",
                "resources for non-sidecar init containers are immutable",
            )
        return
    for member, what in (("requests", "resource requests"), ("limits", "resource limits")):
        removed = set(old_resources.get(member) or ()) - set(resources.get(member) or ())
        if removed:
            errors.forbidden(
                f"spec.{kind}[{index}].resources.{member}", f"{what} cannot be removed"
            )
    if _fixed(resources) != _fixed(old_resources):
        what = "resources" if kind == "containers" else "resources for sidecar containers"
        errors.forbidden("spec", f"only cpu and memory {what} are mutable")


def _fixed(resources: JSONObject | None) -> JSONObject:
    """The part of the resources that a resize leaves alone."""
    fixed: JSONObject = {}
    for name, value in (resources or {}).items():
        if name == "claims":
            fixed[name] = value
            continue
        kept = {key: amount for key, amount in value.items() if key not in _RESIZABLE}
        if kept:
            fixed[name] = kept
    return fixed
