"""Validation of DeviceClass and ResourceSlice.

Implements "Dynamic Resource Allocation: DeviceClass, ResourceSlice" of the documentation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apis.core.pod_validation_affinity import validate_node_selector
from kapi.apis.core.resource_names import is_extended_resource
from kapi.apis.resource.name_validation import (
    validate_device_configuration,
    validate_driver_name,
    validate_pool_name,
    validate_qualified_name,
    validate_selectors,
)

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "validate_device_class",
    "validate_resource_slice",
    "validate_resource_slice_update",
]

_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
    r"(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
)
_WHERE = (
    "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
)
_ONE_VALUE = "exactly one value must be specified"
_ATTRIBUTE_TYPES = ("int", "bool", "string", "version", "ints", "bools", "strings", "versions")
_TAINT_EFFECTS = ("NoExecute", "NoSchedule", "None")
_MAX_CONFIGS = 32
_MAX_DEVICES = 128
_MAX_ATTRIBUTES = 32
_MAX_TAINTS = 16
_MAX_VALUE_BYTES = 64


def validate_device_class(obj: JSONObject, errors: ErrorList) -> None:
    """Selectors and configuration."""
    spec = obj.get("spec") or {}
    validate_selectors(spec.get("selectors") or (), "spec.selectors", errors)
    configs = spec.get("config") or ()
    if len(configs) > _MAX_CONFIGS:
        errors.too_many("spec.config", len(configs), _MAX_CONFIGS)
    for i, config in enumerate(configs[:_MAX_CONFIGS]):
        validate_device_configuration(config, f"spec.config[{i}]", errors)
    name = spec.get("extendedResourceName")
    if name is not None and not is_extended_resource(name):
        message = "must be a valid extended resource name"
        errors.invalid("spec.extendedResourceName", name, message)


def validate_resource_slice(obj: JSONObject, errors: ErrorList) -> None:
    """Driver, pool, where the devices are, and the devices."""
    spec = obj.get("spec") or {}
    validate_driver_name(spec.get("driver", ""), "spec.driver", errors)
    pool = spec.get("pool") or {}
    validate_pool_name(pool.get("name", ""), "spec.pool.name", errors)
    count, generation = pool.get("resourceSliceCount", 0), pool.get("generation", 0)
    if count <= 0:
        errors.invalid("spec.pool.resourceSliceCount", count, "must be greater than zero")
    if generation < 0:
        message = "must be greater than or equal to zero"
        errors.invalid("spec.pool.generation", generation, message)
    _validate_place(spec, "spec", _WHERE, errors)
    devices = spec.get("devices") or ()
    if len(devices) > _MAX_DEVICES:
        errors.too_many("spec.devices", len(devices), _MAX_DEVICES)
        return
    seen: set[str] = set()
    for i, device in enumerate(devices):
        path, name = f"spec.devices[{i}]", device.get("name", "")
        _validate_device(device, path, errors)
        if name in seen:
            errors.duplicate(path, name)
        seen.add(name)


def _validate_place(spec: JSONObject, path: str, exactly_one: str, errors: ErrorList) -> None:
    """On which nodes the devices are: said in exactly one way."""
    given: list[str] = []
    node = spec.get("nodeName")
    if node is not None:
        given.append("`nodeName`")
        if not node:
            message = "must be either unset or set to a non-empty string"
            errors.invalid(f"{path}.nodeName", node, message)
        else:
            errors.invalid_each(f"{path}.nodeName", node, names.dns1123_subdomain(node))
    selector = spec.get("nodeSelector")
    if selector is not None:
        given.append("`nodeSelector`")
        validate_node_selector(selector, f"{path}.nodeSelector", errors)
        terms = selector.get("nodeSelectorTerms") or []
        if len(terms) != 1:
            where = f"{path}.nodeSelector.nodeSelectorTerms"
            errors.invalid(where, terms, "must have exactly one node selector term")
    for member in ("allNodes", "perDeviceNodeSelection"):
        value = spec.get(member)
        if value:
            given.append(f"`{member}`")
        elif value is not None:
            message = "must be either unset or set to true"
            errors.invalid(f"{path}.{member}", value, message)
    if not given:
        errors.required(path, exactly_one)
    elif len(given) > 1:
        shown = f"{{{', '.join(given)}}}"
        errors.invalid(path, shown, f"{exactly_one}, but multiple fields are set")


def _validate_device(device: JSONObject, path: str, errors: ErrorList) -> None:
    name = device.get("name", "")
    errors.invalid_each(f"{path}.name", name, names.dns1123_label(name))
    attributes, capacity = device.get("attributes") or {}, device.get("capacity") or {}
    if len(attributes) + len(capacity) > _MAX_ATTRIBUTES:
        message = f"the total number of attributes and capacities must not exceed {_MAX_ATTRIBUTES}"
        errors.invalid(path, len(attributes) + len(capacity), message)
    for key in sorted(attributes):
        where = f"{path}.attributes[{key}]"
        validate_qualified_name(key, where, errors)
        _validate_attribute(attributes[key], where, errors)
    for key in sorted(capacity):
        validate_qualified_name(key, f"{path}.capacity[{key}]", errors)
    taints = device.get("taints") or ()
    if len(taints) > _MAX_TAINTS:
        errors.too_many(f"{path}.taints", len(taints), _MAX_TAINTS)
    for i, taint in enumerate(taints[:_MAX_TAINTS]):
        _validate_taint(taint, f"{path}.taints[{i}]", errors)


def _validate_attribute(attribute: JSONObject, path: str, errors: ErrorList) -> None:
    given = [kind for kind in _ATTRIBUTE_TYPES if attribute.get(kind) is not None]
    if not given:
        errors.required(path, _ONE_VALUE)
    elif len(given) > 1:
        errors.invalid(path, attribute, _ONE_VALUE)
    text, version = attribute.get("string"), attribute.get("version")
    if text is not None and len(text.encode()) > _MAX_VALUE_BYTES:
        errors.too_long(f"{path}.string", _MAX_VALUE_BYTES)
    if version is not None:
        if not _SEMVER.fullmatch(version):
            message = "must be a string compatible with semver.org spec 2.0.0"
            errors.invalid(f"{path}.version", version, message)
        if len(version.encode()) > _MAX_VALUE_BYTES:
            errors.too_long(f"{path}.version", _MAX_VALUE_BYTES)


def _validate_taint(taint: JSONObject, path: str, errors: ErrorList) -> None:
    key, value, effect = taint.get("key", ""), taint.get("value", ""), taint.get("effect", "")
    errors.invalid_each(f"{path}.key", key, names.qualified_name(key))
    if value:
        errors.invalid_each(f"{path}.value", value, names.label_value(value))
    if not effect:
        errors.required(f"{path}.effect")
    elif effect not in _TAINT_EFFECTS:
        errors.not_supported(f"{path}.effect", effect, _TAINT_EFFECTS)


def validate_resource_slice_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Driver, pool and node of a slice are fixed."""
    validate_resource_slice(obj, errors)
    spec, old_spec = obj.get("spec") or {}, old.get("spec") or {}
    pool, old_pool = spec.get("pool") or {}, old_spec.get("pool") or {}
    for path, value, old_value in (
        ("spec.pool.name", pool.get("name", ""), old_pool.get("name", "")),
        ("spec.driver", spec.get("driver", ""), old_spec.get("driver", "")),
        ("spec.nodeName", spec.get("nodeName") or None, old_spec.get("nodeName") or None),
    ):
        if value != old_value:
            errors.invalid(path, value, "field is immutable")
