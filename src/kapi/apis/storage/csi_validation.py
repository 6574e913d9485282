"""Validation of CSIDriver and CSINode.

Implements "CSIDriver" and "CSINode" of the API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.gostruct import GoStruct, pointer_to
from kapi.apis.core.persistent_volume_source_validation import validate_csi_driver_name

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "csi_driver_warnings",
    "validate_csi_driver",
    "validate_csi_driver_update",
    "validate_csi_node",
    "validate_csi_node_update",
]

_CSI_NODE_DRIVER = GoStruct(
    name=("Name", "", None),
    nodeID=("NodeID", "", None),
    topologyKeys=("TopologyKeys", None, None),
    allocatable=pointer_to("Allocatable", GoStruct(count=("Count", None, None))),
)
_FS_GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
_LIFECYCLE_MODES = ("Persistent", "Ephemeral")
_REQUIRED = ("attachRequired", "podInfoOnMount", "storageCapacity")
_UNSET_WARNING = (
    "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true "
    "to prevent possible logging of tokens in volume attributes"
)
_MIN_TOKEN_SECONDS = 600
_MAX_TOKEN_SECONDS = 1 << 32
_MIN_UPDATE_PERIOD_SECONDS = 10
_MAX_NODE_ID = 192


def validate_csi_driver(obj: JSONObject, errors: ErrorList) -> None:
    """What a driver can do and wants."""
    spec = obj.get("spec") or {}
    for member in _REQUIRED:
        if spec.get(member) is None:
            shown = "attachedRequired" if member == "attachRequired" else member
            errors.required(f"spec.{shown}")
    policy = spec.get("fsGroupPolicy")
    if policy is not None and policy not in _FS_GROUP_POLICIES:
        errors.not_supported("spec.fsGroupPolicy", policy, _FS_GROUP_POLICIES)
    _validate_tokens(spec, errors)
    for mode in spec.get("volumeLifecycleModes") or ():
        if mode not in _LIFECYCLE_MODES:
            errors.not_supported("spec.volumeLifecycleModes", mode, _LIFECYCLE_MODES)
    period = spec.get("nodeAllocatableUpdatePeriodSeconds")
    if period is not None and period < _MIN_UPDATE_PERIOD_SECONDS:
        errors.invalid(
            "spec.nodeAllocatableUpdatePeriodSeconds",
            period,
            "must be greater than or equal to 10 seconds",
        )
    in_secrets = spec.get("serviceAccountTokenInSecrets")
    if in_secrets is not None and not spec.get("tokenRequests"):
        errors.invalid(
            "spec.serviceAccountTokenInSecrets",
            in_secrets,
            "serviceAccountTokenInSecrets is set but no tokenRequests are specified",
        )


def _validate_tokens(spec: JSONObject, errors: ErrorList) -> None:
    audiences: set[str] = set()
    for i, request in enumerate(spec.get("tokenRequests") or ()):
        path = f"spec.tokenRequests[{i}]"
        audience = request.get("audience", "")
        if audience in audiences:
            errors.duplicate(f"{path}.audience", audience)
        audiences.add(audience)
        seconds = request.get("expirationSeconds")
        if seconds is None:
            continue
        if seconds < _MIN_TOKEN_SECONDS:
            message = "may not specify a duration less than 10 minutes"
            errors.invalid(f"{path}.expirationSeconds", seconds, message)
        if seconds > _MAX_TOKEN_SECONDS:
            message = "may not specify a duration larger than 2^32 seconds"
            errors.invalid(f"{path}.expirationSeconds", seconds, message)


def validate_csi_driver_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Whether volumes are attached and how long they live is fixed."""
    spec, old_spec = obj.get("spec") or {}, old.get("spec") or {}
    validate_csi_driver(obj, errors)
    attach = spec.get("attachRequired")
    if attach != old_spec.get("attachRequired"):
        errors.invalid("spec.attachedRequired", attach, "field is immutable")
    modes = spec.get("volumeLifecycleModes")
    if modes != old_spec.get("volumeLifecycleModes"):
        errors.invalid("spec.volumeLifecycleModes", modes, "field is immutable")


def csi_driver_warnings(obj: JSONObject) -> list[str]:
    """Tokens in volume attributes end up in logs."""
    spec = obj.get("spec") or {}
    if not spec.get("tokenRequests") or spec.get("serviceAccountTokenInSecrets") is not None:
        return []
    return [_UNSET_WARNING]


def validate_csi_node(obj: JSONObject, errors: ErrorList) -> None:
    """The drivers of a node."""
    seen: set[str] = set()
    for i, driver in enumerate((obj.get("spec") or {}).get("drivers") or ()):
        path = f"spec.drivers[{i}]"
        name = driver.get("name", "")
        validate_csi_driver_name(name, f"{path}.name", errors)
        _validate_node_id(driver.get("nodeID", ""), f"{path}.nodeID", errors)
        count = (driver.get("allocatable") or {}).get("count")
        if count is not None and count < 0:
            message = "must be greater than or equal to 0"
            errors.invalid(f"{path}.allocatable.count", count, message)
        if name in seen:
            errors.duplicate(f"{path}.name", name)
        seen.add(name)
        _validate_topology_keys(driver.get("topologyKeys") or [], path, errors)


def _validate_node_id(node_id: str, path: str, errors: ErrorList) -> None:
    if not node_id:
        errors.required(path)
    elif len(node_id.encode()) > _MAX_NODE_ID:
        errors.invalid(path, node_id, f"must be {_MAX_NODE_ID} characters or less")


def _validate_topology_keys(keys: list[str], path: str, errors: ErrorList) -> None:
    seen: set[str] = set()
    for key in keys:
        if not key:
            errors.required(path)
        if key in seen:
            errors.duplicate(path, key)
        seen.add(key)
        errors.invalid_each(path, key, names.qualified_name(key))


def validate_csi_node_update(
    obj: JSONObject, old: JSONObject, errors: ErrorList, *, allocatable_may_change: bool
) -> None:
    """A driver of a node is replaced by removing it first."""
    validate_csi_node(obj, errors)
    new_drivers = {
        driver.get("name"): driver for driver in (obj.get("spec") or {}).get("drivers") or ()
    }
    for old_driver in (old.get("spec") or {}).get("drivers") or ():
        driver = new_drivers.get(old_driver.get("name"))
        if driver is None:
            continue
        shown, old_shown = _CSI_NODE_DRIVER.show(driver), _CSI_NODE_DRIVER.show(old_driver)
        if shown == old_shown:
            continue
        same_place = shown | {"Allocatable": None} == old_shown | {"Allocatable": None}
        if not (allocatable_may_change and same_place):
            errors.invalid("spec.drivers", shown, "field is immutable")
