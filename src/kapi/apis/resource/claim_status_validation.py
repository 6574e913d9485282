"""Validation of the status of a ResourceClaim: allocation, reservations, devices.

Implements "Dynamic Resource Allocation: ResourceClaim status" of the documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import metav1, names
from kapi.apis.core.pod_validation_affinity import validate_node_selector
from kapi.apis.resource.claim_validation import request_names, validate_device_tolerations
from kapi.apis.resource.go_structs import ALLOCATION
from kapi.apis.resource.name_validation import (
    validate_device_configuration,
    validate_driver_name,
    validate_json_object,
    validate_pool_name,
    validate_request_name,
    validate_request_names,
)

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_resource_claim_status_update"]

_SOURCES = ("FromClaim", "FromClass")
_MAX_RESERVATIONS = 256
_MAX_RESULTS = 32
_MAX_ADDRESSES = 16
_MAX_INTERFACE_BYTES = 256
_MAX_HARDWARE_BYTES = 128


def validate_resource_claim_status_update(
    obj: JSONObject, old: JSONObject, errors: ErrorList
) -> None:
    """What drivers and the scheduler write."""
    status, old_status = obj.get("status") or {}, old.get("status") or {}
    allocation, old_allocation = status.get("allocation"), old_status.get("allocation")
    _validate_reservations(status.get("reservedFor") or [], errors)
    _validate_devices(status.get("devices") or [], allocation or {}, errors)
    _validate_reserved(obj, status, old_status, errors)
    if allocation is None:
        return
    if old_allocation is None:
        known = request_names(obj.get("spec") or {})
        _validate_allocation(allocation, "status.allocation", known, errors)
        return
    shown = ALLOCATION.show(allocation)
    if shown != ALLOCATION.show(old_allocation):
        errors.invalid("status.allocation", shown, "field is immutable")


def _validate_reservations(consumers: list[JSONObject], errors: ErrorList) -> None:
    path = "status.reservedFor"
    if len(consumers) > _MAX_RESERVATIONS:
        errors.too_many(path, len(consumers), _MAX_RESERVATIONS)
        return
    seen: set[str] = set()
    for i, consumer in enumerate(consumers):
        where, uid = f"{path}[{i}]", consumer.get("uid", "")
        for member in ("resource", "name", "uid"):
            if not consumer.get(member):
                errors.required(f"{where}.{member}")
        if uid in seen:
            errors.duplicate(f"{where}.uid", uid)
        seen.add(uid)


def _validate_reserved(
    obj: JSONObject, status: JSONObject, old_status: JSONObject, errors: ErrorList
) -> None:
    """Only an allocated claim is reserved, and one that goes away for nobody new."""
    reserved, path = status.get("reservedFor") or (), "status.reservedFor"
    if not reserved:
        return
    if status.get("allocation") is None:
        errors.forbidden(path, "may not be specified when `allocated` is not set")
    elif obj["metadata"].get("deletionTimestamp"):
        known = {consumer.get("uid") for consumer in old_status.get("reservedFor") or ()}
        if any(consumer.get("uid") not in known for consumer in reserved):
            errors.forbidden(
                path,
                "new entries may not be added while `deallocationRequested` or "
                "`deletionTimestamp` are set",
            )


def _validate_allocation(
    allocation: JSONObject, path: str, known: frozenset[str], errors: ErrorList
) -> None:
    devices = allocation.get("devices") or {}
    results, where = devices.get("results") or (), f"{path}.devices.results"
    if len(results) > _MAX_RESULTS:
        errors.too_many(where, len(results), _MAX_RESULTS)
    for i, result in enumerate(results[:_MAX_RESULTS]):
        _validate_result(result, f"{where}[{i}]", known, errors)
    for i, config in enumerate(devices.get("config") or ()):
        where, source = f"{path}.devices.config[{i}]", config.get("source", "")
        if not source:
            errors.required(f"{where}.source")
        elif source not in _SOURCES:
            errors.not_supported(f"{where}.source", source, _SOURCES)
        validate_request_names(config.get("requests") or (), known, f"{where}.requests", errors)
        validate_device_configuration(config, where, errors)
    selector = allocation.get("nodeSelector")
    if selector is not None:
        validate_node_selector(selector, f"{path}.nodeSelector", errors)


def _validate_result(
    result: JSONObject, path: str, known: frozenset[str], errors: ErrorList
) -> None:
    validate_request_name(result.get("request", ""), known, f"{path}.request", errors)
    _validate_device_identity(result, path, errors)
    validate_device_tolerations(result.get("tolerations") or (), f"{path}.tolerations", errors)


def _validate_device_identity(device: JSONObject, path: str, errors: ErrorList) -> None:
    validate_driver_name(device.get("driver", ""), f"{path}.driver", errors)
    validate_pool_name(device.get("pool", ""), f"{path}.pool", errors)
    name = device.get("device", "")
    errors.invalid_each(f"{path}.device", name, names.dns1123_label(name))


def _key(device: JSONObject) -> tuple[str, str, str, str | None]:
    return (
        device.get("driver", ""),
        device.get("pool", ""),
        device.get("device", ""),
        device.get("shareID"),
    )


def _validate_devices(devices: list[JSONObject], allocation: JSONObject, errors: ErrorList) -> None:
    results = (allocation.get("devices") or {}).get("results") or ()
    allocated = {_key(result) for result in results}
    seen: set[tuple[str, str, str, str | None]] = set()
    for i, device in enumerate(devices):
        path, key = f"status.devices[{i}]", _key(device)
        _validate_device_identity(device, path, errors)
        shown = "/".join(key[:3])
        if key not in allocated:
            errors.invalid(path, shown, "must be an allocated device in the claim")
        metav1.validate_conditions(device.get("conditions"), f"{path}.conditions", errors)
        if device.get("data") is not None:
            validate_json_object(device["data"], f"{path}.data", errors)
        network = device.get("networkData")
        if network is not None:
            _validate_network(network, f"{path}.networkData", errors)
        if key in seen:
            errors.duplicate(path, shown)
        seen.add(key)


def _validate_network(network: JSONObject, path: str, errors: ErrorList) -> None:
    for member, maximum in (
        ("interfaceName", _MAX_INTERFACE_BYTES),
        ("hardwareAddress", _MAX_HARDWARE_BYTES),
    ):
        if len(network.get(member, "").encode()) > maximum:
            errors.too_long(f"{path}.{member}", maximum)
    addresses = network.get("ips") or ()
    if len(addresses) > _MAX_ADDRESSES:
        errors.too_many(f"{path}.ips", len(addresses), _MAX_ADDRESSES)
        return
    seen: set[str] = set()
    for i, address in enumerate(addresses):
        where = f"{path}.ips[{i}]"
        errors.invalid_each(where, address, names.interface_address(address))
        if address in seen:
            errors.duplicate(where, address)
        seen.add(address)
