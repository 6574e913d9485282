"""Embedded resources: objects inside of custom resources that have metadata of their own.

Implements ``x-kubernetes-embedded-resource`` of structural schemas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from kapi.apimachinery import names
from kapi.apimachinery.field import child
from kapi.apimachinery.metav1 import validate_object_meta
from kapi.apimachinery.scheme.go_names import json_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["CheckEmbedded", "compile_embedded", "compile_embedded_types"]


# (value, path, errors)
CheckEmbedded: TypeAlias = "Callable[[JSONValue, str, ErrorList], None]"
_Plan: TypeAlias = tuple[bool, dict[str, "_Plan"], "_Plan | None", "_Plan | None"]


def compile_embedded(schema: JSONObject) -> CheckEmbedded | None:
    """The check of every embedded resource below a value; None when there can be none."""
    return _compile(schema, _validate_resource)


def compile_embedded_types(schema: JSONObject) -> CheckEmbedded | None:
    """As ``compile_embedded``, for what keeps an embedded resource from being read at all."""
    return _compile(schema, _validate_types)


def _compile(schema: JSONObject, visit: CheckEmbedded) -> CheckEmbedded | None:
    plan = _plan(schema)
    if plan is None:
        return None
    return lambda value, path, errors: _walk(plan, value, path, errors, visit)


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


def _walk(
    plan: _Plan, value: JSONValue, path: str, errors: ErrorList, visit: CheckEmbedded
) -> None:
    here, members, other, each = plan
    if value.__class__ is list:
        if each is not None:
            for index, item in enumerate(value):
                _walk(each, item, f"{path}[{index}]", errors, visit)
        return
    if value.__class__ is not dict:
        return
    if here:
        visit(value, path, errors)
    for name, item in value.items():
        below = members.get(name)
        if below is not None:
            _walk(below, item, f"{path}.{name}" if path else name, errors, visit)
        elif other is not None:
            _walk(other, item, f"{path}[{name}]", errors, visit)


def _validate_resource(value: JSONObject, path: str, errors: ErrorList) -> None:
    for member, problems in (("apiVersion", _version_problems), ("kind", _kind_problems)):
        at = child(path, member)
        if member not in value:
            errors.required(at)
            continue
        given = value[member]
        if not isinstance(given, str):
            errors.invalid(at, given, "must be a string")
        elif not given:
            errors.invalid(at, given, "must not be empty")
        else:
            errors.invalid_each(at, given, problems(given))
    meta = value.get("metadata")
    if meta:
        # A name is not demanded, and a namespace may be given.
        checked = {"name": "a", **meta}
        namespaced = bool(checked.get("namespace"))
        validate_object_meta(
            checked,
            namespaced,
            _path_segment,
            child(path, "metadata"),
            errors,
            standard_finalizers=False,
        )


def _path_segment(name: str, *, prefix: bool) -> list[str]:
    return names.path_segment_name(name, prefix=prefix)


def _version_problems(api_version: str) -> list[str]:
    if api_version.count("/") > 1:
        return [f"unexpected GroupVersion string: {api_version}"]
    return []


def _kind_problems(kind: str) -> list[str]:
    problems = names.dns1035_label(kind.lower())
    if not problems:
        return []
    return [f"may have mixed case, but should otherwise match: {','.join(problems)}"]


_TEXT = ("name", "generateName", "namespace", "resourceVersion", "selfLink", "uid")
_TEXTS_BY_NAME = ("labels", "annotations")


def _validate_types(value: JSONObject, path: str, errors: ErrorList) -> None:
    for member in ("apiVersion", "kind"):
        given = value.get(member, "")
        if not isinstance(given, str):
            errors.invalid(child(path, member), given, "must be a string")
    meta = value.get("metadata")
    problem = "" if meta is None else _meta_problem(meta)
    if problem:
        errors.invalid(child(path, "metadata"), meta, f"json: cannot unmarshal {problem}")


def _meta_problem(meta: JSONValue) -> str:
    """The first part of metadata, of those that people write, that has a wrong type."""
    if not isinstance(meta, dict):
        return f"{json_kind(meta)} into Go value of type v1.ObjectMeta"
    for name, value in meta.items():
        if name in _TEXTS_BY_NAME and value is not None and not isinstance(value, dict):
            return f"{json_kind(value)} into Go struct field ObjectMeta.{name} of type {_MAP}"
        items = [value] if name in _TEXT else []
        if name in _TEXTS_BY_NAME and value is not None:
            items = list(value.values())
        for item in items:
            if item is not None and not isinstance(item, str):
                wanted = "types.UID" if name == "uid" else "string"
                return f"{json_kind(item)} into Go struct field ObjectMeta.{name} of type {wanted}"
    return ""


_MAP = "map[string]string"
