"""Validation of RuntimeClass.

Implements "Runtime Class" and "Pod Overhead" of the documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import metav1, names
from kapi.apis.core.pod_validation_resources import validate_resource_amounts
from kapi.apis.core.pod_validation_scheduling import validate_tolerations

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_runtime_class", "validate_runtime_class_update"]


def validate_runtime_class(obj: JSONObject, errors: ErrorList) -> None:
    """Handler, overhead and scheduling."""
    handler = obj.get("handler", "")
    if not handler:
        errors.required("handler")
    else:
        errors.invalid_each("handler", handler, names.dns1123_label(handler))
    overhead = (obj.get("overhead") or {}).get("podFixed") or {}
    # Overhead is judged as the limits of a container, path included.
    validate_resource_amounts(overhead, "overhead.limits", errors)
    scheduling = obj.get("scheduling") or {}
    metav1.validate_labels(scheduling.get("nodeSelector"), "scheduling.nodeSelector", errors)
    tolerations = scheduling.get("tolerations") or ()
    validate_tolerations(tolerations, "scheduling.tolerations", errors)


def validate_runtime_class_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """The handler of a class is fixed."""
    validate_runtime_class(obj, errors)
    handler = obj.get("handler", "")
    if handler != old.get("handler", ""):
        errors.invalid("handler", handler, "field is immutable")
