"""Embedded resources: objects inside of custom resources that have metadata of their own.

Implements ``x-kubernetes-embedded-resource`` of structural schemas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from kapi.apimachinery import names
from kapi.apimachinery.metav1 import validate_object_meta

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["CheckEmbedded", "compile_embedded"]


# (value, path, errors)
CheckEmbedded: TypeAlias = "Callable[[JSONValue, str, ErrorList], None]"
_Plan: TypeAlias = tuple[bool, dict[str, "_Plan"], "_Plan | None", "_Plan | None"]


def compile_embedded(schema: JSONObject) -> CheckEmbedded | None:
    """The check of every embedded resource below a value; None when there can be none."""
    plan = _plan(schema)
    if plan is None:
        return None
    return lambda value, path, errors: _walk(plan, value, path, errors)


def _plan(schema: JSONObject) -> _Plan | None:
    """Where embedded resources are: at the value, in its members, its other members, its items."""
    members: dict[str, _Plan] = {}
    for name, part in (schema.get("properties") or {}).items():
        below = _plan(part)
        if below is not None:
            members[name] = below
    additional, items = schema.get("additionalProperties"), schema.get("items")
    other = _plan(additional) if isinstance(additional, dict) else None
    each = _plan(items) if isinstance(items, dict) else None
    here = bool(schema.get("x-kubernetes-embedded-resource"))
    return (here, members, other, each) if here or members or other or each else None


def _walk(plan: _Plan, value: JSONValue, path: str, errors: ErrorList) -> None:
    here, members, other, each = plan
    if value.__class__ is list:
        if each is not None:
            for index, item in enumerate(value):
                _walk(each, item, f"{path}[{index}]", errors)
        return
    if value.__class__ is not dict:
        return
    if here:
        _validate_resource(value, path, errors)
    for name, item in value.items():
        below = members.get(name)
        if below is not None:
            _walk(below, item, f"{path}.{name}" if path else name, errors)
        elif other is not None:
            _walk(other, item, f"{path}[{name}]", errors)


def _validate_resource(value: JSONObject, path: str, errors: ErrorList) -> None:
    api_version = value.get("apiVersion")
    if not api_version:
        _missing(value, "apiVersion", path, errors)
    elif api_version.count("/") > 1:
        why = f"unexpected GroupVersion string: {api_version}"
        errors.invalid(f"{path}.apiVersion", api_version, why)
    kind = value.get("kind")
    if not kind:
        _missing(value, "kind", path, errors)
    else:
        errors.invalid_each(f"{path}.kind", kind, names.dns1035_label(kind.lower()))
    meta = value.get("metadata")
    if meta:
        # A name is not demanded, and any is good.
        checked = {"name": "a", **meta}
        validate_object_meta(
            {**checked, "namespace": ""}, False, _any_name, f"{path}.metadata", errors
        )


def _missing(value: JSONObject, member: str, path: str, errors: ErrorList) -> None:
    if member in value:
        errors.invalid(f"{path}.{member}", value[member], "must not be empty")
    else:
        errors.required(f"{path}.{member}")


def _any_name(name: str, *, prefix: bool) -> list[str]:
    return []
