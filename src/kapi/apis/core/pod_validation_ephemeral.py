"""Ephemeral containers: what debugging containers may not have, and how they may be added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.core.pod_diff import container_diff
from kapi.apis.core.pod_validation_containers import (
    validate_container_common,
)

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.apis.core.pod_validation_options import PodScope

__all__ = ["validate_ephemeral_container_updates", "validate_ephemeral_containers"]

_NOT_ALLOWED = (
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
)
_FORBIDDEN = "cannot be set for an Ephemeral Container"


def validate_ephemeral_containers(scope: PodScope, path: str, errors: ErrorList) -> None:
    """Validate ``spec.ephemeralContainers``."""
    spec = scope.spec
    path = f"{path}.ephemeralContainers"
    others = {
        container.get("name", "")
        for kind in ("containers", "initContainers")
        for container in spec.get(kind) or ()
    }
    seen = set(others)
    for index, container in enumerate(spec["ephemeralContainers"]):
        where = f"{path}[{index}]"
        validate_container_common(container, scope, where, errors)
        name = container.get("name", "")
        if name in seen:
            errors.duplicate(f"{where}.name", name)
        seen.add(name)
        target = container.get("targetContainerName")
        if target and target not in others:
            errors.not_found(f"{where}.targetContainerName", target)
        for field in _NOT_ALLOWED:
            value = container.get(field)
            # Empty resources are written for every container.
            if value is not None and not (field == "resources" and not value):
                errors.forbidden(f"{where}.{field}", _FORBIDDEN)
        for position, mount in enumerate(container.get("volumeMounts") or ()):
            for field in ("subPath", "subPathExpr"):
                if mount.get(field):
                    errors.forbidden(f"{where}.volumeMounts[{position}].{field}", _FORBIDDEN)


def validate_ephemeral_container_updates(
    spec: JSONObject, old_spec: JSONObject, errors: ErrorList
) -> None:
    """Allow additions only."""
    path = "spec.ephemeralContainers"
    new = {container.get("name"): container for container in spec.get("ephemeralContainers") or ()}
    for old in old_spec.get("ephemeralContainers") or ():
        name = old.get("name", "")
        container = new.get(name)
        if container is None:
            errors.forbidden(path, f'existing ephemeral containers "{name}" may not be removed\n')
        elif container != old:
            errors.forbidden(
                path,
                f'existing ephemeral containers "{name}" may not be changed\n'
                f"{container_diff(old, container)}",
            )
