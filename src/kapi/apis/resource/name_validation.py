"""Names of drivers, pools, devices and their attributes, and opaque configuration.

Implements what the kinds of "Dynamic Resource Allocation" share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apis.core.persistent_volume_source_validation import validate_csi_driver_name
from kapi.apis.resource.selector_expressions import selector_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = [
    "validate_device_configuration",
    "validate_driver_name",
    "validate_fully_qualified_name",
    "validate_json_object",
    "validate_pool_name",
    "validate_qualified_name",
    "validate_request_names",
    "validate_selectors",
]

_MAX_ID_BYTES = 32
_MAX_POOL_BYTES = 253
_MAX_SELECTORS = 32
_MAX_REQUESTS = 32
_MAX_EXPRESSION_BYTES = 10 * 1024
_UNKNOWN_REQUEST = (
    "must be the name of a request in the claim or the name of a request and a subrequest "
    "separated by '/'"
)


def validate_driver_name(name: str, path: str, errors: ErrorList) -> None:
    """Drivers are named like CSI drivers."""
    validate_csi_driver_name(name, path, errors)


def validate_pool_name(name: str, path: str, errors: ErrorList) -> None:
    """One or more DNS subdomains with slashes between."""
    if not name:
        errors.required(path)
        return
    if len(name.encode()) > _MAX_POOL_BYTES:
        errors.too_long(path, _MAX_POOL_BYTES)
    for part in name.split("/"):
        errors.invalid_each(path, part, names.dns1123_subdomain(part))


def validate_qualified_name(name: str, path: str, errors: ErrorList) -> None:
    """A C identifier, perhaps with the domain of a driver before it."""
    if not name:
        errors.required(path, "name required")
        return
    domain, slash, identifier = name.rpartition("/")
    if slash:
        if not domain:
            errors.invalid(path, "", "the domain must not be empty")
        else:
            validate_driver_name(domain, path, errors)
        if not identifier:
            errors.invalid(path, "", "the name must not be empty")
            return
    if len(identifier.encode()) > _MAX_ID_BYTES:
        errors.too_long(path, _MAX_ID_BYTES)
    errors.invalid_each(path, identifier, names.c_identifier(identifier))


def validate_fully_qualified_name(name: str, path: str, errors: ErrorList) -> None:
    """A qualified name that has its domain."""
    validate_qualified_name(name, path, errors)
    if name and "/" not in name:
        errors.invalid(path, name, "must include a domain")


def validate_request_names(
    references: Sequence[str], known: frozenset[str], path: str, errors: ErrorList
) -> None:
    """References to requests of the claim, none of them twice."""
    if len(references) > _MAX_REQUESTS:
        errors.too_many(path, len(references), _MAX_REQUESTS)
        return
    seen: set[str] = set()
    for i, reference in enumerate(references):
        validate_request_name(reference, known, f"{path}[{i}]", errors)
        if reference in seen:
            errors.duplicate(f"{path}[{i}]", reference)
        seen.add(reference)


def validate_request_name(
    reference: str, known: frozenset[str], path: str, errors: ErrorList
) -> None:
    """``request`` or ``request/subrequest``."""
    before = len(errors)
    parts = reference.split("/")
    if len(parts) <= 2:
        for part in parts:
            errors.invalid_each(path, part, names.dns1123_label(part))
    if len(errors) == before and reference not in known:
        errors.invalid(path, reference, _UNKNOWN_REQUEST)


def validate_selectors(selectors: Sequence[JSONObject], path: str, errors: ErrorList) -> None:
    """CEL selectors, which must compile."""
    if len(selectors) > _MAX_SELECTORS:
        errors.too_many(path, len(selectors), _MAX_SELECTORS)
        return
    for i, selector in enumerate(selectors):
        cel, where = selector.get("cel"), f"{path}[{i}].cel"
        if cel is None:
            errors.required(where)
        elif len(cel.get("expression", "").encode()) > _MAX_EXPRESSION_BYTES:
            errors.too_long(f"{where}.expression", _MAX_EXPRESSION_BYTES)
        else:
            expression = cel.get("expression", "")
            wrong = selector_error(expression)
            if wrong:
                errors.invalid(f"{where}.expression", expression, wrong)


def validate_device_configuration(config: JSONObject, path: str, errors: ErrorList) -> None:
    """Configuration that only a driver understands."""
    opaque = config.get("opaque")
    if opaque is None:
        errors.required(f"{path}.opaque")
        return
    validate_driver_name(opaque.get("driver", ""), f"{path}.opaque.driver", errors)
    validate_json_object(opaque.get("parameters"), f"{path}.opaque.parameters", errors)


def validate_json_object(value: JSONValue, path: str, errors: ErrorList) -> None:
    """Free form, but an object."""
    if value is None:
        errors.required(path)
    elif not isinstance(value, dict):
        errors.invalid(path, "<value omitted>", "must be a valid JSON object")
