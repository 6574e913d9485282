"""Validation of PriorityClass.

Implements "Pod Priority and Preemption" of the documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "HIGHEST_USER_PRIORITY",
    "SYSTEM_PRIORITY_CLASSES",
    "validate_priority_class",
    "validate_priority_class_update",
]

HIGHEST_USER_PRIORITY = 1_000_000_000
# The classes that every cluster has, with their values.
SYSTEM_PRIORITY_CLASSES = {
    "system-node-critical": 2_000_001_000,
    "system-cluster-critical": 2_000_000_000,
}

_SYSTEM_PREFIX = "system-"
_POLICIES = ("PreemptLowerPriority", "Never")


def validate_priority_class(obj: JSONObject, errors: ErrorList) -> None:
    """Value and policy; names and values of the system are reserved."""
    name, value = obj["metadata"].get("name", ""), obj.get("value", 0)
    if name.startswith(_SYSTEM_PREFIX):
        wrong = _system_class_message(obj, name, value)
        if wrong:
            errors.forbidden(
                "metadata.name",
                f"priority class names with '{_SYSTEM_PREFIX}' prefix are reserved for system use "
                f"only. error: {wrong}",
            )
    elif value > HIGHEST_USER_PRIORITY:
        errors.forbidden(
            "value",
            f"maximum allowed value of a user defined priority is {HIGHEST_USER_PRIORITY}",
        )
    policy = obj.get("preemptionPolicy")
    if policy is not None and policy not in _POLICIES:
        errors.not_supported("preemptionPolicy", policy, _POLICIES)


def _system_class_message(obj: JSONObject, name: str, value: int) -> str:
    known = SYSTEM_PRIORITY_CLASSES.get(name)
    if known is None:
        return f"{name} is not a known system priority class"
    if value != known:
        return f"value of {name} PriorityClass must be {known}"
    if obj.get("globalDefault"):
        return f"globalDefault of {name} PriorityClass must be false"
    return ""


def validate_priority_class_update(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Value and policy are fixed: pods have copies of them."""
    if obj.get("value", 0) != old.get("value", 0):
        errors.forbidden("value", "may not be changed in an update.")
    policy = obj.get("preemptionPolicy")
    if policy != old.get("preemptionPolicy"):
        errors.invalid("preemptionPolicy", policy, "field is immutable")
