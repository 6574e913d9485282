"""The operating system of a pod and the fields that only exist on the other one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["containers_with_path", "validate_os", "validate_windows_host_process"]

_NOT_ON_WINDOWS = "cannot be set for a windows pod"
# In the order in which they are judged; True stands below the pod's security context.
_POD_FIELDS_NOT_ON_WINDOWS = (
    ("appArmorProfile", True),
    ("seLinuxOptions", True),
    ("hostUsers", False),
    ("hostPID", False),
    ("hostIPC", False),
    ("seccompProfile", True),
    ("fsGroup", True),
    ("fsGroupChangePolicy", True),
    ("sysctls", True),
    ("shareProcessNamespace", False),
    ("runAsUser", True),
    ("runAsGroup", True),
    ("supplementalGroups", True),
    ("supplementalGroupsPolicy", True),
    ("seLinuxChangePolicy", True),
)
_CONTAINER_FIELDS_NOT_ON_WINDOWS = (
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
)


def containers_with_path(spec: JSONObject, path: str) -> Iterator[tuple[JSONObject, str]]:
    """All containers of a pod with their paths: init containers first, ephemeral ones last."""
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(kind) or ()):
            yield container, f"{path}.{kind}[{index}]"


def validate_os(spec: JSONObject, path: str, errors: ErrorList) -> None:
    """Validate ``spec.os`` and that nothing is set which that system lacks."""
    name = spec["os"].get("name", "")
    if not name:
        errors.required(f"{path}.os.name")
    elif name == "linux":
        _refuse_windows_options(spec, path, errors)
    elif name == "windows":
        _refuse_linux_fields(spec, path, errors)
    else:
        errors.not_supported(f"{path}.os", name, ("linux", "windows"))


def _refuse_windows_options(spec: JSONObject, path: str, errors: ErrorList) -> None:
    detail = "windows options cannot be set for a linux pod"
    if (spec.get("securityContext") or {}).get("windowsOptions") is not None:
        errors.forbidden(f"{path}.securityContext.windowsOptions", detail)
    for container, where in containers_with_path(spec, path):
        if (container.get("securityContext") or {}).get("windowsOptions") is not None:
            errors.forbidden(f"{where}.securityContext.windowsOptions", detail)


def _refuse_linux_fields(spec: JSONObject, path: str, errors: ErrorList) -> None:
    context = spec.get("securityContext") or {}
    for name, in_context in _POD_FIELDS_NOT_ON_WINDOWS:
        value = (context if in_context else spec).get(name)
        # hostPID: false and hostIPC: false mean nothing; a false pointer field is set all the same.
        if value is not None and not (name in ("hostPID", "hostIPC") and not value):
            where = f"{path}.securityContext" if in_context else path
            errors.forbidden(f"{where}.{name}", _NOT_ON_WINDOWS)
    for container, where in containers_with_path(spec, path):
        container_context = container.get("securityContext") or {}
        for name in _CONTAINER_FIELDS_NOT_ON_WINDOWS:
            if container_context.get(name) is not None:
                errors.forbidden(f"{where}.securityContext.{name}", _NOT_ON_WINDOWS)


def _host_process(holder: JSONObject) -> bool | None:
    context = holder.get("securityContext")
    options = context.get("windowsOptions") if context else None
    value: bool | None = options.get("hostProcess") if options else None
    return value


def validate_windows_host_process(spec: JSONObject, path: str, errors: ErrorList) -> None:
    """All containers of a pod are Windows HostProcess containers, or none is."""
    of_pod = _host_process(spec)
    total = 0
    host_process = 0
    for container, where in containers_with_path(spec, path):
        total += 1
        own = _host_process(container)
        if own is not None and of_pod is not None and own != of_pod:
            errors.invalid(
                f"{where}.securityContext.windowsOptions.hostProcess",
                own,
                "pod hostProcess value must be identical if both are specified, "
                f"was {str(of_pod).lower()}",
            )
        if own or (own is None and of_pod):
            host_process += 1
    if not host_process:
        return
    if host_process != total:
        errors.invalid(
            path,
            "",
            "If pod contains any hostProcess containers then all containers must be "
            "HostProcess containers",
        )
    if not spec.get("hostNetwork"):
        errors.invalid(
            f"{path}.hostNetwork",
            False,
            "hostNetwork must be true if pod contains any hostProcess containers",
        )
