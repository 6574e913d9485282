"""Validation of ResourceClaim and ResourceClaimTemplate.

Implements "Dynamic Resource Allocation: ResourceClaims" of the documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import metav1, names
from kapi.apis.resource.go_structs import CLAIM_SPEC
from kapi.apis.resource.name_validation import (
    validate_device_configuration,
    validate_fully_qualified_name,
    validate_request_names,
    validate_selectors,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "request_names",
    "validate_device_tolerations",
    "validate_resource_claim",
    "validate_resource_claim_template",
    "validate_resource_claim_template_update",
    "validate_resource_claim_update",
]

_ALLOCATION_MODES = ("All", "ExactCount")
_OPERATORS = ("Equal", "Exists")
_EFFECTS = ("NoExecute", "NoSchedule", "None")
_EXACTLY_ONE = "exactly one of `exactly` or `firstAvailable` is required"
_MAX_REQUESTS = 32
_MAX_ALTERNATIVES = 8
_MAX_CONSTRAINTS = 32
_MAX_CONFIGS = 32
_MAX_TOLERATIONS = 16


def request_names(spec: JSONObject) -> frozenset[str]:
    """The names by which a claim's requests and their alternatives are referred to."""
    known: list[str] = []
    for request in (spec.get("devices") or {}).get("requests") or ():
        name = request.get("name", "")
        known.append(name)
        known += [f"{name}/{sub.get('name', '')}" for sub in request.get("firstAvailable") or ()]
    return frozenset(known)


def validate_resource_claim(obj: JSONObject, errors: ErrorList) -> None:
    """The spec of a claim."""
    _validate_spec(obj.get("spec") or {}, "spec", errors)


def validate_resource_claim_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """The spec of a claim is fixed."""
    spec = CLAIM_SPEC.show(obj.get("spec"))
    if spec != CLAIM_SPEC.show(old.get("spec")):
        # What is wrong with a spec that cannot be had anyway is not told.
        errors.invalid("spec", spec, "field is immutable")


def validate_resource_claim_template(obj: JSONObject, errors: ErrorList) -> None:
    """Metadata and spec of the claims to be."""
    template = obj.get("spec") or {}
    metadata = template.get("metadata") or {}
    metav1.validate_annotations(metadata.get("annotations"), "spec.metadata.annotations", errors)
    metav1.validate_labels(metadata.get("labels"), "spec.metadata.labels", errors)
    _validate_spec(template.get("spec") or {}, "spec.spec", errors)


def validate_resource_claim_template_update(
    obj: JSONObject, old: JSONObject, errors: ErrorList
) -> None:
    """A template is fixed."""
    template, old_template = obj.get("spec") or {}, old.get("spec") or {}
    if template != old_template:
        metadata = template.get("metadata") or {}
        shown = {**metadata, "Spec": CLAIM_SPEC.show(template.get("spec"))}
        errors.invalid("spec", shown, "field is immutable")


def _validate_spec(spec: JSONObject, path: str, errors: ErrorList) -> None:
    devices, path = spec.get("devices") or {}, f"{path}.devices"
    known = request_names(spec)
    requests = devices.get("requests") or ()
    if _within(requests, _MAX_REQUESTS, f"{path}.requests", errors):
        seen: set[str] = set()
        for i, request in enumerate(requests):
            where = f"{path}.requests[{i}]"
            _validate_request(request, where, errors)
            _unique(request.get("name", ""), seen, where, errors)
    constraints = devices.get("constraints") or ()
    if _within(constraints, _MAX_CONSTRAINTS, f"{path}.constraints", errors):
        for i, constraint in enumerate(constraints):
            _validate_constraint(constraint, known, f"{path}.constraints[{i}]", errors)
    configs = devices.get("config") or ()
    if _within(configs, _MAX_CONFIGS, f"{path}.config", errors):
        for i, config in enumerate(configs):
            where = f"{path}.config[{i}]"
            validate_request_names(config.get("requests") or (), known, f"{where}.requests", errors)
            validate_device_configuration(config, where, errors)


def _within(items: Sequence[JSONObject], maximum: int, path: str, errors: ErrorList) -> bool:
    if len(items) > maximum:
        errors.too_many(path, len(items), maximum)
    return len(items) <= maximum


def _unique(name: str, seen: set[str], path: str, errors: ErrorList) -> None:
    if name in seen:
        errors.duplicate(path, name)
    seen.add(name)


def _validate_request(request: JSONObject, path: str, errors: ErrorList) -> None:
    name = request.get("name", "")
    errors.invalid_each(f"{path}.name", name, names.dns1123_label(name))
    exactly, alternatives = request.get("exactly"), request.get("firstAvailable") or ()
    if exactly is not None and alternatives:
        message = f"{_EXACTLY_ONE}, but multiple fields are set"
        errors.invalid(path, None, message)
    elif exactly is not None:
        _validate_device_request(exactly, f"{path}.exactly", errors)
    elif not alternatives:
        errors.required(path, _EXACTLY_ONE)
    elif _within(alternatives, _MAX_ALTERNATIVES, f"{path}.firstAvailable", errors):
        seen: set[str] = set()
        for i, alternative in enumerate(alternatives):
            where, name = f"{path}.firstAvailable[{i}]", alternative.get("name", "")
            errors.invalid_each(f"{where}.name", name, names.dns1123_label(name))
            _validate_device_request(alternative, where, errors)
            _unique(name, seen, where, errors)


def _validate_device_request(request: JSONObject, path: str, errors: ErrorList) -> None:
    device_class = request.get("deviceClassName", "")
    if not device_class:
        errors.required(f"{path}.deviceClassName")
    else:
        messages = names.dns1123_subdomain(device_class)
        errors.invalid_each(f"{path}.deviceClassName", device_class, messages)
    validate_selectors(request.get("selectors") or (), f"{path}.selectors", errors)
    mode, count = request.get("allocationMode", ""), request.get("count", 0)
    if mode == "All":
        if count:
            message = f"must not be specified when allocationMode is '{mode}'"
            errors.invalid(f"{path}.count", count, message)
    elif mode == "ExactCount":
        if count <= 0:
            errors.invalid(f"{path}.count", count, "must be greater than zero")
    else:
        errors.not_supported(f"{path}.allocationMode", mode, _ALLOCATION_MODES)
    validate_device_tolerations(request.get("tolerations") or (), f"{path}.tolerations", errors)


def validate_device_tolerations(
    tolerations: Sequence[JSONObject], path: str, errors: ErrorList
) -> None:
    """Which taints of devices are accepted."""
    if not _within(tolerations, _MAX_TOLERATIONS, path, errors):
        return
    for i, toleration in enumerate(tolerations):
        where = f"{path}[{i}]"
        key, value = toleration.get("key", ""), toleration.get("value", "")
        operator, effect = toleration.get("operator", ""), toleration.get("effect", "")
        if key:
            errors.invalid_each(f"{where}.key", key, names.qualified_name(key))
        if operator == "Exists":
            if value:
                message = "must be empty for operator `Exists`"
                errors.invalid(f"{where}.value", value, message)
        elif operator == "Equal":
            errors.invalid_each(f"{where}.value", value, names.label_value(value))
        elif not operator:
            errors.required(f"{where}.operator")
        else:
            errors.not_supported(f"{where}.operator", operator, _OPERATORS)
        if effect and effect not in _EFFECTS:
            errors.not_supported(f"{where}.effect", effect, _EFFECTS)


def _validate_constraint(
    constraint: JSONObject, known: frozenset[str], path: str, errors: ErrorList
) -> None:
    references = constraint.get("requests") or ()
    validate_request_names(references, known, f"{path}.requests", errors)
    for member in ("matchAttribute", "distinctAttribute"):
        attribute = constraint.get(member)
        if attribute is not None:
            validate_fully_qualified_name(attribute, f"{path}.{member}", errors)
            return
    errors.required(f"{path}.matchAttribute")
