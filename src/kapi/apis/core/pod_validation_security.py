"""Security contexts of pods and containers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apis.core.pod_go_structs import SECCOMP_PROFILE, SECURITY_CONTEXT
from kapi.apis.core.pod_validation_paths import validate_local_descending_path
from kapi.apis.core.pod_validation_windows import validate_windows_options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.apis.core.pod_validation_options import PodValidationOptions

__all__ = [
    "is_app_armor_profile",
    "validate_pod_security_context",
    "validate_security_context",
]

_PROFILE_TYPES = ("Localhost", "RuntimeDefault", "Unconfined")
_PROC_MOUNTS = ("Default", "Unmasked")
_SYSCTL_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = rf"^({_SYSCTL_SEGMENT}[\./])*{_SYSCTL_SEGMENT}$"
_SYSCTL_MATCH = re.compile(_SYSCTL).match
_SYSCTL_MAX_LENGTH = 253
_APP_ARMOR_MAX_LENGTH = 4095
# Sysctls that belong to a namespace that a pod may share with its node.
_IPC_SYSCTLS = ("kernel.shm", "kernel.msg", "fs.mqueue.")


def validate_security_context(
    context: JSONObject, path: str, errors: ErrorList, *, host_users: bool
) -> None:
    """Validate the security context of a container."""
    _validate_ids(context, path, errors)
    proc_mount = context.get("procMount")
    if proc_mount is not None:
        if proc_mount not in _PROC_MOUNTS:
            errors.not_supported(f"{path}.procMount", proc_mount, _PROC_MOUNTS)
        elif host_users and proc_mount == "Unmasked":
            errors.invalid(
                f"{path}.procMount", proc_mount, "`hostUsers` must be false to use `Unmasked`"
            )
    _validate_seccomp_profile(context.get("seccompProfile"), f"{path}.seccompProfile", errors)
    if context.get("allowPrivilegeEscalation") is False:
        cannot = "cannot set `allowPrivilegeEscalation` to false and"
        if context.get("privileged"):
            errors.invalid(path, SECURITY_CONTEXT.show(context), f"{cannot} `privileged` to true")
        for capability in (context.get("capabilities") or {}).get("add") or ():
            if capability == "CAP_SYS_ADMIN":
                errors.invalid(
                    path,
                    SECURITY_CONTEXT.show(context),
                    f"{cannot} `capabilities.Add` CAP_SYS_ADMIN",
                )
    if context.get("windowsOptions"):
        validate_windows_options(context["windowsOptions"], f"{path}.windowsOptions", errors)
    if context.get("appArmorProfile") is not None:
        validate_app_armor_profile(context["appArmorProfile"], f"{path}.appArmorProfile", errors)


def _validate_ids(context: JSONObject, path: str, errors: ErrorList) -> None:
    user = context.get("runAsUser")
    if user is not None:
        errors.invalid_each(f"{path}.runAsUser", user, names.user_id(user))
    group = context.get("runAsGroup")
    if group is not None:
        errors.invalid_each(f"{path}.runAsGroup", group, names.group_id(group))


def _validate_seccomp_profile(profile: JSONObject | None, path: str, errors: ErrorList) -> None:
    if profile is None:
        return
    kind = profile.get("type", "")
    local = profile.get("localhostProfile")
    if not kind:
        errors.required(f"{path}.type", "type is required when seccompProfile is set")
    elif kind not in _PROFILE_TYPES:
        errors.not_supported(f"{path}.type", kind, _PROFILE_TYPES)
    if kind == "Localhost":
        if local is None:
            errors.required(
                f"{path}.localhostProfile", "must be set when seccomp type is Localhost"
            )
        else:
            validate_local_descending_path(local, f"{path}.localhostProfile", errors)
    elif local is not None:
        errors.invalid(
            f"{path}.localhostProfile",
            SECCOMP_PROFILE.show(profile),
            "can only be set when seccomp type is Localhost",
        )


def is_app_armor_profile(profile: JSONObject) -> bool:
    """Whether an AppArmor profile is valid."""
    from kapi.apimachinery.field import ErrorList  # noqa: PLC0415 - only needed for this

    errors = ErrorList()
    validate_app_armor_profile(profile, "", errors)
    return not errors


def validate_app_armor_profile(profile: JSONObject, path: str, errors: ErrorList) -> None:
    """Validate an AppArmor profile."""
    kind = profile.get("type", "")
    local = profile.get("localhostProfile")
    where = f"{path}.localhostProfile"
    if kind == "Localhost":
        trimmed = (local or "").strip()
        if trimmed != (local or ""):
            errors.invalid(where, local, "must not be padded with whitespace")
        elif not trimmed:
            errors.required(where, "must be set when AppArmor type is Localhost")
        if local and len(local.encode()) > _APP_ARMOR_MAX_LENGTH:
            errors.too_long(where, _APP_ARMOR_MAX_LENGTH)
    elif kind in _PROFILE_TYPES:
        if local is not None:
            errors.invalid(where, local, "can only be set when AppArmor type is Localhost")
    elif kind:
        errors.not_supported(f"{path}.type", kind, _PROFILE_TYPES)
    else:
        errors.required(f"{path}.type", "type is required when appArmorProfile is set")


def validate_pod_security_context(
    spec: JSONObject, spec_path: str, errors: ErrorList, options: PodValidationOptions
) -> None:
    """Validate the security context of a pod."""
    context = spec["securityContext"]
    path = f"{spec_path}.securityContext"
    group = context.get("fsGroup")
    if group is not None:
        errors.invalid_each(f"{path}.fsGroup", group, names.group_id(group))
    _validate_ids(context, path, errors)
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        errors.invalid_each(f"{path}.supplementalGroups[{index}]", group, names.group_id(group))
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        errors.invalid(
            f"{path}.shareProcessNamespace",
            True,
            "ShareProcessNamespace and HostPID cannot both be enabled",
        )
    if context.get("sysctls"):
        _validate_sysctls(context["sysctls"], spec, f"{path}.sysctls", errors, options)
    _validate_choice(context, "fsGroupChangePolicy", ("Always", "OnRootMismatch"), path, errors)
    _validate_seccomp_profile(context.get("seccompProfile"), f"{path}.seccompProfile", errors)
    if context.get("windowsOptions"):
        validate_windows_options(context["windowsOptions"], f"{path}.windowsOptions", errors)
    if context.get("appArmorProfile") is not None:
        validate_app_armor_profile(context["appArmorProfile"], f"{path}.appArmorProfile", errors)
    _validate_choice(context, "supplementalGroupsPolicy", ("Merge", "Strict"), path, errors)
    _validate_choice(context, "seLinuxChangePolicy", ("MountOption", "Recursive"), path, errors)


def _validate_choice(
    context: JSONObject, name: str, choices: tuple[str, ...], path: str, errors: ErrorList
) -> None:
    value = context.get(name)
    if value is not None and value not in choices:
        errors.not_supported(f"{path}.{name}", value, choices)


def _validate_sysctls(
    sysctls: Iterable[JSONObject],
    spec: JSONObject,
    path: str,
    errors: ErrorList,
    options: PodValidationOptions,
) -> None:
    seen: set[str] = set()
    for index, sysctl in enumerate(sysctls):
        name = sysctl.get("name", "")
        where = f"{path}[{index}].name"
        if not name:
            errors.required(where)
        elif len(name) > _SYSCTL_MAX_LENGTH or not _SYSCTL_MATCH(name):
            errors.invalid(
                where,
                name,
                f"must have at most {_SYSCTL_MAX_LENGTH} characters and match regex {_SYSCTL}",
            )
        elif name in seen:
            errors.duplicate(where, name)
        if not options.allow_host_sysctls:
            _validate_host_sysctl(name, spec, where, errors)
        seen.add(name)


def _validate_host_sysctl(name: str, spec: JSONObject, path: str, errors: ErrorList) -> None:
    # Slashes and dots are interchangeable; the first one decides which separates.
    first = min((name.find(mark) for mark in "./" if mark in name), default=-1)
    if first >= 0 and name[first] == "/":
        name_dotted = name.translate(str.maketrans("./", "/."))
    else:
        name_dotted = name
    if spec.get("hostNetwork") and name_dotted.startswith("net."):
        errors.invalid(path, name, "may not be specified when 'hostNetwork' is true")
    elif spec.get("hostIPC") and (
        name_dotted == "kernel.sem" or name_dotted.startswith(_IPC_SYSCTLS)
    ):
        errors.invalid(path, name, "may not be specified when 'hostIPC' is true")
