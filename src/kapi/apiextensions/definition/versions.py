"""What a CustomResourceDefinition says, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["condition", "is_true", "served_versions", "set_condition", "storage_version"]


def storage_version(spec: JSONObject) -> str | None:
    """The version in which objects are stored; None when there is none."""
    for version in spec.get("versions") or ():
        if version.get("storage"):
            name: str = version.get("name", "")
            return name
    return None


def served_versions(spec: JSONObject) -> Iterator[JSONObject]:
    """The versions that clients may use."""
    return (version for version in spec.get("versions") or () if version.get("served"))


def condition(definition: JSONObject, kind: str) -> JSONObject | None:
    """The condition of a type, or None."""
    for found in (definition.get("status") or {}).get("conditions") or ():
        if found.get("type") == kind:
            result: JSONObject = found
            return result
    return None


def is_true(definition: JSONObject, kind: str) -> bool:
    """Whether a condition holds."""
    found = condition(definition, kind)
    return found is not None and found.get("status") == "True"


def set_condition(
    status: JSONObject, kind: str, value: bool, reason: str, message: str, now: str
) -> bool:
    """Set one condition; the time moves only with its status. Tells whether it changed."""
    wanted: dict[str, JSONValue] = {"type": kind, "status": "True" if value else "False"}
    conditions = list(status.get("conditions") or ())
    for index, known in enumerate(conditions):
        if known.get("type") != kind:
            continue
        same_status = known.get("status") == wanted["status"]
        wanted["lastTransitionTime"] = known.get("lastTransitionTime", now) if same_status else now
        _set_texts(wanted, reason, message)
        if wanted == known:
            return False
        conditions[index] = wanted
        status["conditions"] = conditions
        return True
    wanted["lastTransitionTime"] = now
    _set_texts(wanted, reason, message)
    conditions.append(wanted)
    status["conditions"] = conditions
    return True


def _set_texts(wanted: dict[str, JSONValue], reason: str, message: str) -> None:
    if reason:
        wanted["reason"] = reason
    if message:
        wanted["message"] = message
