"""Validation of access reviews.

Implements "Authorization: checking API access" of the documentation. Reviews are not stored; a
selector that cannot be read is no error here but is ignored when the review is answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.gostruct import GoStruct

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "validate_local_subject_access_review",
    "validate_self_subject_access_review",
    "validate_subject_access_review",
]

_NON_RESOURCE = GoStruct(path=("Path", "", None), verb=("Verb", "", None))


def validate_self_subject_access_review(obj: JSONObject, errors: ErrorList) -> None:
    """A question about oneself."""
    _validate_spec(obj.get("spec") or {}, errors, names_subject=False)
    _validate_metadata(obj, errors)


def validate_subject_access_review(obj: JSONObject, errors: ErrorList) -> None:
    """A question about somebody."""
    _validate_spec(obj.get("spec") or {}, errors, names_subject=True)
    _validate_metadata(obj, errors)


def validate_local_subject_access_review(obj: JSONObject, errors: ErrorList) -> None:
    """A question about somebody in the namespace of the request."""
    spec = obj.get("spec") or {}
    _validate_spec(spec, errors, names_subject=True)
    metadata = obj.get("metadata") or {}
    if any(value for key, value in metadata.items() if key not in ("namespace", "managedFields")):
        errors.invalid("metadata", metadata, "must be empty except for namespace")
    attributes = spec.get("resourceAttributes")
    if attributes is not None:
        namespace = attributes.get("namespace", "")
        if namespace != metadata.get("namespace", ""):
            path = "spec.resourceAttributes.namespace"
            errors.invalid(path, namespace, "must match metadata.namespace")
    other = spec.get("nonResourceAttributes")
    if other is not None:
        shown = _NON_RESOURCE.show(other)
        errors.invalid("spec.nonResourceAttributes", shown, "disallowed on this kind of request")


def _validate_metadata(obj: JSONObject, errors: ErrorList) -> None:
    metadata = obj.get("metadata") or {}
    if any(value for key, value in metadata.items() if key != "managedFields"):
        errors.invalid("metadata", metadata, "must be empty")


def _validate_spec(spec: JSONObject, errors: ErrorList, *, names_subject: bool) -> None:
    resource, non_resource = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if resource is not None and non_resource is not None:
        shown = _NON_RESOURCE.show(non_resource)
        message = "cannot be specified in combination with resourceAttributes"
        errors.invalid("spec.nonResourceAttributes", shown, message)
    if resource is None and non_resource is None:
        message = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        errors.invalid("spec.resourceAttributes", None, message)
    if names_subject and not spec.get("user") and not spec.get("groups"):
        errors.invalid("spec.user", "", "at least one of user or group must be specified")
    for member in ("fieldSelector", "labelSelector"):
        selector = (resource or {}).get(member)
        if selector is not None:
            path = f"spec.resourceAttributes.{member}"
            _validate_selector(selector, path, errors, labels=member == "labelSelector")


def _validate_selector(selector: JSONObject, path: str, errors: ErrorList, *, labels: bool) -> None:
    raw, requirements = selector.get("rawSelector", ""), selector.get("requirements") or ()
    if raw and requirements:
        message = "may not specified at the same time as requirements"
        errors.invalid(f"{path}.rawSelector", raw, message)
    if not raw and not requirements:
        message = f"when {path} is specified, requirements or rawSelector is required"
        errors.required(f"{path}.requirements", message)
    for i, requirement in enumerate(requirements):
        where = f"{path}.requirements[{i}]"
        key, values = requirement.get("key", ""), requirement.get("values") or ()
        if not labels and not key:
            errors.required(f"{where}.key", "must be specified")
        _validate_values(requirement.get("operator", ""), bool(values), where, errors)
        if labels:
            errors.invalid_each(f"{where}.key", key, names.qualified_name(key))
            for j, value in enumerate(values):
                errors.invalid_each(f"{where}.values[{j}]", value, names.label_value(value))


def _validate_values(operator: str, given: bool, path: str, errors: ErrorList) -> None:
    if operator in ("In", "NotIn"):
        if not given:
            message = "must be specified when `operator` is 'In' or 'NotIn'"
            errors.required(f"{path}.values", message)
    elif operator in ("Exists", "DoesNotExist") and given:
        message = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        errors.forbidden(f"{path}.values", message)
