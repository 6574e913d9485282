"""Validation of APIService.

Implements "Kubernetes API Aggregation Layer" of the documentation.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from kapi.apimachinery import names

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_api_service", "validate_api_service_status"]

_STATUSES = ("False", "True", "Unknown")
_MAX_GROUP_PRIORITY = 20000
_MAX_VERSION_PRIORITY = 1000


def validate_api_service(obj: JSONObject, errors: ErrorList) -> None:
    """Name, group, version, priorities, and the service that answers."""
    spec, name = obj.get("spec") or {}, obj["metadata"].get("name", "")
    group, version = spec.get("group", ""), spec.get("version", "")
    required = f"{version}.{group}"
    if name != required:
        errors.invalid(
            "metadata.name", name, f'must be `spec.version+"."+spec.group`: "{required}"'
        )
    if not group and version != "v1":
        message = "only v1 may have an empty group and it better be legacy kube"
        errors.required("spec.group", message)
    if group:
        errors.invalid_each("spec.group", group, names.dns1123_subdomain(group))
    errors.invalid_each("spec.version", version, names.dns1035_label(version))
    _validate_priority(spec, "groupPriorityMinimum", _MAX_GROUP_PRIORITY, errors)
    _validate_priority(spec, "versionPriority", _MAX_VERSION_PRIORITY, errors)
    _validate_service(spec, errors)


def _validate_priority(spec: JSONObject, member: str, maximum: int, errors: ErrorList) -> None:
    priority = spec.get(member, 0)
    if not 0 < priority <= maximum:
        message = f"must be positive and less than {maximum}"
        errors.invalid(f"spec.{member}", priority, message)


def _validate_service(spec: JSONObject, errors: ErrorList) -> None:
    service, insecure = spec.get("service"), spec.get("insecureSkipTLSVerify")
    if service is None:
        bundle = spec.get("caBundle")
        if bundle:
            size = f"{len(base64.b64decode(bundle))} bytes"
            errors.invalid("spec.caBundle", size, "local APIServices may not have a caBundle")
        if insecure:
            message = "local APIServices may not have insecureSkipTLSVerify"
            errors.invalid("spec.insecureSkipTLSVerify", insecure, message)
        return
    for member in ("namespace", "name"):
        if not service.get(member):
            errors.required(f"spec.service.{member}")
    port = service.get("port", 0)
    messages = names.port_number(port)
    if messages:
        message = f"port is not valid: {','.join(messages)}"
        errors.invalid("spec.service.port", port, message)
    if insecure and spec.get("caBundle"):
        errors.invalid(
            "spec.insecureSkipTLSVerify", insecure, "may not be true if caBundle is present"
        )


def validate_api_service_status(obj: JSONObject, errors: ErrorList) -> None:
    """The conditions."""
    for i, condition in enumerate((obj.get("status") or {}).get("conditions") or ()):
        status = condition.get("status", "")
        if status not in _STATUSES:
            errors.not_supported(f"status.conditions[{i}].status", status, _STATUSES)
