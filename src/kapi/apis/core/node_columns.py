"""Node: its Table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["NODE_COLUMNS"]

_INFO = "io.k8s.api.core.v1.NodeSystemInfo"
_ADDRESSES = "io.k8s.api.core.v1.NodeStatus.addresses"

_ROLE_PREFIX = "node-role.kubernetes.io/"
_ROLE_LABEL = "kubernetes.io/role"


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    metadata, status = obj["metadata"], obj.get("status") or {}
    info = status.get("nodeInfo") or {}
    return [
        metadata.get("name", ""),
        _status(obj, status),
        _roles(metadata.get("labels") or {}),
        age(metadata.get("creationTimestamp"), now),
        info.get("kubeletVersion", ""),
        _address(status, "InternalIP"),
        _address(status, "ExternalIP"),
        info.get("osImage") or "<unknown>",
        _kernel(info),
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _status(obj: JSONObject, status: JSONObject) -> str:
    text = "Unknown"
    for condition in status.get("conditions") or ():
        if condition.get("type") == "Ready":
            text = "Ready" if condition.get("status") == "True" else "NotReady"
    if (obj.get("spec") or {}).get("unschedulable"):
        text += ",SchedulingDisabled"
    return text


def _roles(labels: JSONObject) -> str:
    roles = {key[len(_ROLE_PREFIX) :] for key in labels if key.startswith(_ROLE_PREFIX)}
    roles.add(labels.get(_ROLE_LABEL, ""))
    roles.discard("")
    return ",".join(sorted(roles)) or "<none>"


def _address(status: JSONObject, kind: str) -> str:
    for address in status.get("addresses") or ():
        if address.get("type") == kind:
            return str(address.get("address", ""))
    return "<none>"


def _kernel(info: JSONObject) -> str:
    version, architecture = info.get("kernelVersion"), info.get("architecture")
    if not version:
        return "<unknown>"
    return f"{version} ({architecture})" if architecture else str(version)


NODE_COLUMNS = Columns(
    (
        NAME,
        Column("Status", description="The status of the node"),
        Column("Roles", description="The roles of the node"),
        AGE,
        Column("Version", describes=f"{_INFO}.kubeletVersion"),
        Column("Internal-IP", priority=1, describes=_ADDRESSES),
        Column("External-IP", priority=1, describes=_ADDRESSES),
        Column("OS-Image", priority=1, describes=f"{_INFO}.osImage"),
        Column("Kernel-Version", priority=1, describes=f"{_INFO}.kernelVersion"),
        Column("Container-Runtime", priority=1, describes=f"{_INFO}.containerRuntimeVersion"),
    ),
    _cells,
)
