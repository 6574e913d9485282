"""Where containers mount their volumes and attach their block devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.core.pod_validation_paths import validate_local_descending_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_volume_devices", "validate_volume_mounts"]

_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
_RECURSIVE_READ_ONLY = ("Disabled", "Enabled", "IfPossible")


def validate_volume_mounts(
    container: JSONObject, volumes: Mapping[str, JSONObject], path: str, errors: ErrorList
) -> None:
    """Validate ``volumeMounts``; ``volumes`` are the pod's valid volumes by name."""
    devices = container.get("volumeDevices") or ()
    mount_paths: set[str] = set()
    for index, mount in enumerate(container["volumeMounts"]):
        name = mount.get("name", "")
        mount_path = mount.get("mountPath", "")
        if not name:
            errors.required(f"{path}[{index}].name")
        if name not in volumes:
            errors.not_found(f"{path}[{index}].name", name)
        if not mount_path:
            errors.required(f"{path}[{index}].mountPath")
        if mount_path in mount_paths:
            errors.invalid(f"{path}[{index}].mountPath", mount_path, "must be unique")
        mount_paths.add(mount_path)
        for device in devices:
            if device.get("name", "") == name:
                errors.invalid(
                    f"{path}[{index}].name", name, "must not already exist in volumeDevices"
                )
            if device.get("devicePath", "") == mount_path:
                errors.invalid(
                    f"{path}[{index}].mountPath",
                    mount_path,
                    "must not already exist as a path in volumeDevices",
                )
        if len(mount) > 2:
            _validate_mount_options(mount, container, index, path, errors)


def _validate_mount_options(
    mount: JSONObject, container: JSONObject, index: int, path: str, errors: ErrorList
) -> None:
    # The paths of these errors lack the index of the mount.
    sub_path = mount.get("subPath")
    if sub_path:
        validate_local_descending_path(sub_path, f"{path}.subPath", errors)
    expression = mount.get("subPathExpr")
    if expression:
        if sub_path:
            errors.invalid(
                f"{path}[{index}].subPathExpr",
                expression,
                "subPathExpr and subPath are mutually exclusive",
            )
        validate_local_descending_path(expression, f"{path}.subPathExpr", errors)
    propagation = mount.get("mountPropagation")
    if propagation is not None:
        _validate_propagation(propagation, container, f"{path}.mountPropagation", errors)
    if mount.get("recursiveReadOnly") is not None:
        _validate_recursive_read_only(mount, f"{path}.recursiveReadOnly", errors)


def _validate_propagation(
    propagation: str, container: JSONObject, path: str, errors: ErrorList
) -> None:
    if propagation not in _PROPAGATIONS:
        errors.not_supported(path, propagation, _PROPAGATIONS)
    privileged = (container.get("securityContext") or {}).get("privileged")
    if propagation == "Bidirectional" and not privileged:
        errors.forbidden(
            path, "Bidirectional mount propagation is available only to privileged containers"
        )


def _validate_recursive_read_only(mount: JSONObject, path: str, errors: ErrorList) -> None:
    mode = mount["recursiveReadOnly"]
    if mode == "Disabled":
        return
    if mode not in _RECURSIVE_READ_ONLY:
        errors.not_supported(path, mode, _RECURSIVE_READ_ONLY)
        return
    if not mount.get("readOnly"):
        errors.forbidden(path, "may only be specified when readOnly is true")
    if mount.get("mountPropagation") not in (None, "None"):
        errors.forbidden(
            path, "may only be specified when mountPropagation is None or not specified"
        )


def validate_volume_devices(
    container: JSONObject, volumes: Mapping[str, JSONObject], path: str, errors: ErrorList
) -> None:
    """Validate ``volumeDevices``."""
    mounts = container.get("volumeMounts") or ()
    device_names: set[str] = set()
    device_paths: set[str] = set()
    for index, device in enumerate(container["volumeDevices"]):
        name = device.get("name", "")
        device_path = device.get("devicePath", "")
        at_name = f"{path}[{index}].name"
        at_path = f"{path}[{index}].devicePath"
        if not name:
            errors.required(at_name)
        if name in device_names:
            errors.invalid(at_name, name, "must be unique")
        _validate_device_volume(name, volumes.get(name), at_name, errors)
        if not device_path:
            errors.required(at_path)
        if device_path in device_paths:
            errors.invalid(at_path, device_path, "must be unique")
        if ".." in device_path.split("/"):
            errors.invalid(at_path, device_path, "can not contain backsteps ('..')")
        else:
            device_paths.add(device_path)
        for mount in mounts:
            if mount.get("name", "") == name:
                errors.invalid(at_name, name, "must not already exist in volumeMounts")
            if mount.get("mountPath", "") == device_path:
                errors.invalid(
                    at_path, device_path, "must not already exist as a path in volumeMounts"
                )
        if name:
            device_names.add(name)


def _validate_device_volume(
    name: str, volume: JSONObject | None, path: str, errors: ErrorList
) -> None:
    if volume is None:
        errors.not_found(path, name)
    elif volume.get("persistentVolumeClaim") is None and volume.get("ephemeral") is None:
        errors.invalid(
            path,
            name,
            "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
        )
