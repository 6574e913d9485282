"""Annotations with a meaning for pods: deletion cost, mirror pods, AppArmor and seccomp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apis.core.pod_validation_options import POD_DELETION_COST, is_deletion_cost
from kapi.apis.core.pod_validation_paths import validate_local_descending_path
from kapi.apis.core.pod_validation_scheduling import validate_tolerations

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.apis.core.pod_validation_options import PodValidationOptions

__all__ = [
    "APP_ARMOR_PREFIX",
    "MIRROR_POD",
    "app_armor_profile",
    "validate_pod_annotation_updates",
    "validate_pod_annotations",
]

MIRROR_POD = "kubernetes.io/config.mirror"
APP_ARMOR_PREFIX = "container.apparmor.security.beta.kubernetes.io/"
_TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations"
_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER_PREFIX = "container.seccomp.security.alpha.kubernetes.io/"
_SECCOMP_PROFILES = frozenset({"runtime/default", "docker/default", "unconfined"})


def validate_pod_annotations(
    annotations: dict[str, str],
    spec: JSONObject,
    path: str,
    errors: ErrorList,
    options: PodValidationOptions,
) -> None:
    """Validate the annotations that the API gives a meaning on pods and pod templates."""
    mirror = annotations.get(MIRROR_POD)
    if mirror is not None and not spec.get("nodeName"):
        errors.invalid(
            f"{path}[{MIRROR_POD}]",
            mirror,
            "must set spec.nodeName if mirror pod annotation is set",
        )
    if annotations.get(_TOLERATIONS):
        _validate_tolerations_annotation(annotations[_TOLERATIONS], path, errors)
    cost = annotations.get(POD_DELETION_COST)
    if cost is not None and not options.allow_invalid_deletion_cost and not is_deletion_cost(cost):
        errors.invalid(f"{path}[{POD_DELETION_COST}]", cost, "must be a 32bit integer")
    for key, profile in annotations.items():
        if key == _SECCOMP_POD or key.startswith(_SECCOMP_CONTAINER_PREFIX):
            _validate_seccomp(profile, f"{path}[{key}]", errors)
        elif key.startswith(APP_ARMOR_PREFIX):
            _validate_app_armor(key, profile, spec, f"{path}[{key}]", errors)


def _validate_tolerations_annotation(text: str, path: str, errors: ErrorList) -> None:
    where = f"{path}.{_TOLERATIONS}"
    try:
        tolerations = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        errors.invalid(path, _TOLERATIONS, str(error))
        return
    if isinstance(tolerations, list) and tolerations:
        validate_tolerations(tolerations, where, errors)


def _validate_seccomp(profile: str, path: str, errors: ErrorList) -> None:
    if profile in _SECCOMP_PROFILES:
        return
    if profile.startswith("localhost/"):
        validate_local_descending_path(profile.removeprefix("localhost/"), path, errors)
    else:
        errors.invalid(path, profile, "must be a valid seccomp profile")


def _validate_app_armor(
    key: str, profile: str, spec: JSONObject, path: str, errors: ErrorList
) -> None:
    container_name = key.removeprefix(APP_ARMOR_PREFIX)
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        if any(container.get("name") == container_name for container in spec.get(kind) or ()):
            break
    else:
        errors.invalid(path, container_name, "container not found")
    if profile not in ("", "runtime/default", "unconfined") and not profile.startswith(
        "localhost/"
    ):
        errors.invalid(path, profile, f'invalid AppArmor profile name: "{profile}"')


def app_armor_profile(value: str) -> JSONObject | None:
    """The profile that the value of an AppArmor annotation means; None for what means none."""
    if value == "unconfined":
        return {"type": "Unconfined"}
    if value == "runtime/default":
        return {"type": "RuntimeDefault"}
    local = value.removeprefix("localhost/")
    return {"type": "Localhost", "localhostProfile": local} if local and local != value else None


def validate_pod_annotation_updates(
    annotations: dict[str, str], old_annotations: dict[str, str], path: str, errors: ErrorList
) -> None:
    """Refuse changes of the annotations that are fixed once a pod exists."""
    for key, value in old_annotations.items():
        if annotations.get(key) == value:
            continue
        if key.startswith(APP_ARMOR_PREFIX):
            errors.forbidden(f"{path}[{key}]", "may not remove or update AppArmor annotations")
        if key == MIRROR_POD:
            errors.forbidden(f"{path}[{key}]", "may not remove or update mirror pod annotation")
    for key in annotations:
        if key in old_annotations:
            continue
        if key.startswith(APP_ARMOR_PREFIX):
            errors.forbidden(f"{path}[{key}]", "may not add AppArmor annotations")
        if key == MIRROR_POD:
            errors.forbidden(f"{path}[{key}]", "may not add mirror pod annotation")
