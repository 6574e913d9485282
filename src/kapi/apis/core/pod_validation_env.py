"""Environment variables of containers and the downward API behind them and behind volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names, quantity
from kapi.apis.core.pod_validation_paths import validate_local_non_reserved_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "VOLUME_FIELD_PATHS",
    "validate_env",
    "validate_env_from",
    "validate_object_field_selector",
    "validate_resource_field_selector",
]

_ENV_FIELD_PATHS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
VOLUME_FIELD_PATHS = (
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
)
# The field paths that the downward API knows at all.
_KNOWN_FIELD_PATHS = frozenset(
    {
        *_ENV_FIELD_PATHS,
        *VOLUME_FIELD_PATHS,
        "spec.restartPolicy",
        "spec.schedulerName",
        "status.phase",
    }
)
_RESOURCES = (
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
)
_HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
_CPU_DIVISORS = frozenset({"1m", "1"})
_SIZES_TEXT = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei"
_SIZE_DIVISORS = frozenset(_SIZES_TEXT.split(", "))


def validate_env(variables: Iterable[JSONObject], path: str, errors: ErrorList) -> None:
    """Validate ``env``."""
    for index, variable in enumerate(variables):
        name = variable.get("name", "")
        if not name:
            errors.required(f"{path}[{index}].name")
        else:
            messages = names.env_var_name(name)
            if messages:
                errors.invalid_each(f"{path}[{index}].name", name, messages)
        if variable.get("valueFrom") is not None:
            _validate_value_from(variable, f"{path}[{index}].valueFrom", errors)


def _validate_value_from(variable: JSONObject, path: str, errors: ErrorList) -> None:
    source = variable["valueFrom"]
    count = 0
    if source.get("fieldRef") is not None:
        count += 1
        validate_object_field_selector(
            source["fieldRef"], _ENV_FIELD_PATHS, f"{path}.fieldRef", errors
        )
    if source.get("resourceFieldRef") is not None:
        count += 1
        validate_resource_field_selector(
            source["resourceFieldRef"], f"{path}.resourceFieldRef", errors
        )
    for name in ("configMapKeyRef", "secretKeyRef"):
        if source.get(name) is not None:
            count += 1
            _validate_key_selector(source[name], f"{path}.{name}", errors)
    if source.get("fileKeyRef") is not None:
        count += 1
        _validate_file_key_selector(source["fileKeyRef"], f"{path}.fileKeyRef", errors)
    if count == 0:
        errors.invalid(
            path,
            "",
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, "
            "`secretKeyRef` or `fileKeyRef`",
        )
    elif variable.get("value"):
        errors.invalid(path, "", "may not be specified when `value` is not empty")
    elif count > 1:
        errors.invalid(path, "", "may not have more than one field specified at a time")


def _validate_key_selector(selector: JSONObject, path: str, errors: ErrorList) -> None:
    name = selector.get("name", "")
    errors.invalid_each(f"{path}.name", name, names.dns1123_subdomain(name))
    key = selector.get("key", "")
    if not key:
        errors.required(f"{path}.key")
    else:
        errors.invalid_each(f"{path}.key", key, names.config_map_key(key))


def _validate_file_key_selector(selector: JSONObject, path: str, errors: ErrorList) -> None:
    if not selector.get("volumeName"):
        errors.required(f"{path}.volumeName")
    file_path = selector.get("path", "")
    if not file_path:
        errors.required(f"{path}.path")
    else:
        validate_local_non_reserved_path(file_path, f"{path}.path", errors)
    key = selector.get("key", "")
    if not key:
        errors.required(f"{path}.key")
    else:
        errors.invalid_each(f"{path}.key", key, names.env_var_name(key))


def validate_env_from(sources: Iterable[JSONObject], path: str, errors: ErrorList) -> None:
    """Validate ``envFrom``."""
    for index, source in enumerate(sources):
        prefix = source.get("prefix")
        if prefix:
            errors.invalid_each(f"{path}[{index}].prefix", prefix, names.env_var_name(prefix))
        count = 0
        for name in ("configMapRef", "secretRef"):
            if source.get(name) is not None:
                count += 1
                _validate_source_name(source[name], f"{path}[{index}].{name}.name", errors)
        if count == 0:
            errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif count > 1:
            errors.invalid(path, "", "may not have more than one field specified at a time")


def _validate_source_name(source: JSONObject, path: str, errors: ErrorList) -> None:
    name = source.get("name", "")
    if not name:
        errors.required(path)
    else:
        errors.invalid_each(path, name, names.dns1123_subdomain(name, prefix=True))


def _split_subscript(field_path: str) -> tuple[str, str] | None:
    """``metadata.labels['a']`` as path and key; None without a key."""
    if not field_path.endswith("']"):
        return None
    head, mark, key = field_path.removesuffix("']").partition("['")
    return (head, key) if mark and head else None


def _conversion_error(api_version: str, field_path: str) -> str:
    """Why a field path cannot be read at that version, or nothing."""
    if api_version != "v1":
        return f"unsupported pod version: {api_version}"
    subscripted = _split_subscript(field_path)
    if subscripted is not None:
        if subscripted[0] in ("metadata.annotations", "metadata.labels"):
            return ""
        return f"field label does not support subscript: {field_path}"
    # The name that very old clients have for spec.nodeName.
    if field_path in _KNOWN_FIELD_PATHS or field_path == "spec.host":
        return ""
    return f"field label not supported: {field_path}"


def validate_object_field_selector(
    selector: JSONObject, allowed: tuple[str, ...], path: str, errors: ErrorList
) -> None:
    """Validate a ``fieldRef``."""
    if not selector.get("apiVersion"):
        errors.required(f"{path}.apiVersion")
        return
    field_path = selector.get("fieldPath", "")
    if not field_path:
        errors.required(f"{path}.fieldPath")
        return
    if field_path in allowed and selector["apiVersion"] == "v1":
        return
    problem = _conversion_error(selector["apiVersion"], field_path)
    if problem:
        errors.invalid(f"{path}.fieldPath", field_path, f"error converting fieldPath: {problem}")
        return
    subscripted = _split_subscript(field_path)
    if subscripted is not None:
        head, key = subscripted
        # Annotation keys may have upper case prefixes.
        checked = key.lower() if head == "metadata.annotations" else key
        errors.invalid_each(path, checked, names.qualified_name(checked))
        return
    if field_path == "spec.host":
        field_path = "spec.nodeName"
    if field_path not in allowed:
        errors.not_supported(f"{path}.fieldPath", field_path, allowed)


def validate_resource_field_selector(
    selector: JSONObject, path: str, errors: ErrorList, *, in_volume: bool = False
) -> None:
    """Validate a ``resourceFieldRef``; in a volume it must name its container."""
    resource = selector.get("resource", "")
    if in_volume and not selector.get("containerName"):
        errors.required(f"{path}.containerName")
    elif not resource:
        errors.required(f"{path}.resource")
    elif resource not in _RESOURCES and not resource.startswith(_HUGE_PAGES):
        errors.not_supported(f"{path}.resource", resource, _RESOURCES)
    divisor = selector.get("divisor") or "0"
    if divisor != "0" and quantity.parse(divisor).sign:
        _validate_divisor(resource, divisor, f"{path}.divisor", errors)


def _validate_divisor(resource: str, divisor: str, path: str, errors: ErrorList) -> None:
    if resource.startswith(_HUGE_PAGES):
        what, allowed, text = "hugepage", _SIZE_DIVISORS, _SIZES_TEXT
    elif resource in ("limits.cpu", "requests.cpu"):
        what, allowed, text = "cpu", _CPU_DIVISORS, "1m and 1"
    elif resource in ("limits.memory", "requests.memory"):
        what, allowed, text = "memory", _SIZE_DIVISORS, _SIZES_TEXT
    elif resource in ("limits.ephemeral-storage", "requests.ephemeral-storage"):
        what, allowed, text = "local ephemeral storage", _SIZE_DIVISORS, _SIZES_TEXT
    else:
        return
    if divisor not in allowed:
        errors.invalid(
            path, resource, f"only divisor's values {text} are supported with the {what} resource"
        )
