"""Conversion from and to the early versions of resource.k8s.io.

They had the members of an exact request in the request itself, and those of a device in
``basic``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = [
    "alpha_slice_from_hub",
    "alpha_slice_to_hub",
    "claim_from_hub",
    "claim_to_hub",
    "slice_from_hub",
    "slice_to_hub",
    "template_from_hub",
    "template_to_hub",
]

_REQUEST_MEMBERS = ("name", "firstAvailable")


def claim_to_hub(obj: JSONObject) -> JSONObject:
    """A ResourceClaim of an early version."""
    return _with_spec(obj, _nest_requests)


def claim_from_hub(obj: JSONObject) -> JSONObject:
    """A ResourceClaim for an early version."""
    return _with_spec(obj, _flatten_requests)


def template_to_hub(obj: JSONObject) -> JSONObject:
    """A ResourceClaimTemplate of an early version."""
    return _with_spec(obj, lambda spec: _with_spec(spec, _nest_requests))


def template_from_hub(obj: JSONObject) -> JSONObject:
    """A ResourceClaimTemplate for an early version."""
    return _with_spec(obj, lambda spec: _with_spec(spec, _flatten_requests))


def slice_to_hub(obj: JSONObject) -> JSONObject:
    """A ResourceSlice of an early version."""
    return _with_devices(obj, lambda device: {"name": device["name"], **device.get("basic", {})})


def slice_from_hub(obj: JSONObject) -> JSONObject:
    """A ResourceSlice for an early version."""
    return _with_devices(
        obj,
        lambda device: {
            "name": device["name"],
            "basic": {key: value for key, value in device.items() if key != "name"},
        },
    )


def alpha_slice_to_hub(obj: JSONObject) -> JSONObject:
    """A ResourceSlice of v1alpha3, where a capacity is a bare quantity."""
    return slice_to_hub(_with_capacities(obj, lambda quantity: {"value": quantity}))


def alpha_slice_from_hub(obj: JSONObject) -> JSONObject:
    """A ResourceSlice for v1alpha3."""
    return _with_capacities(slice_from_hub(obj), lambda capacity: capacity["value"])


def _with_capacities(obj: JSONObject, change: Callable[[JSONValue], JSONValue]) -> JSONObject:
    def changed(device: JSONObject) -> JSONObject:
        basic = device.get("basic") or {}
        if not basic.get("capacity"):
            return device
        capacity = {name: change(value) for name, value in basic["capacity"].items()}
        return {**device, "basic": {**basic, "capacity": capacity}}

    return _with_devices(obj, changed)


def _with_spec(obj: JSONObject, change: Callable[[JSONObject], JSONObject]) -> JSONObject:
    spec = obj.get("spec")
    return obj if spec is None else {**obj, "spec": change(spec)}


def _with_requests(spec: JSONObject, change: Callable[[JSONObject], JSONObject]) -> JSONObject:
    devices = spec.get("devices") or {}
    if not devices.get("requests"):
        return spec
    requests = [change(request) for request in devices["requests"]]
    return {**spec, "devices": {**devices, "requests": requests}}


def _nest_requests(spec: JSONObject) -> JSONObject:
    return _with_requests(spec, _nest)


def _flatten_requests(spec: JSONObject) -> JSONObject:
    return _with_requests(spec, _flatten)


def _nest(request: JSONObject) -> JSONObject:
    kept = {key: request[key] for key in _REQUEST_MEMBERS if key in request}
    exactly = {key: value for key, value in request.items() if key not in _REQUEST_MEMBERS}
    return {**kept, "exactly": exactly} if any(exactly.values()) else kept


def _flatten(request: JSONObject) -> JSONObject:
    kept = {key: request[key] for key in _REQUEST_MEMBERS if key in request}
    return {**kept, "deviceClassName": "", **(request.get("exactly") or {})}


def _with_devices(obj: JSONObject, change: Callable[[JSONObject], JSONObject]) -> JSONObject:
    spec = obj.get("spec") or {}
    devices = spec.get("devices")
    if not devices:  # v1alpha3 writes null
        return {**obj, "spec": {k: v for k, v in spec.items() if k != "devices"}}
    return {**obj, "spec": {**obj["spec"], "devices": [change(device) for device in devices]}}
