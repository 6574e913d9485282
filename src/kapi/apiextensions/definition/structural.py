"""Structural schemas: the rules that let the server know every field of a custom resource.

Implements "Specifying a structural schema" of the documentation: types everywhere, and nothing in
anyOf, oneOf, allOf or not but restrictions of values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.field import ErrorList
from kapi.util.patterns import PatternError, compile_pattern

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_structural"]

_ROOT, _FIELD, _ITEM = "at the root", "for specified object fields", "for specified array items"
_JUNCTORS = ("allOf", "anyOf", "oneOf")
# Keywords that have no place inside of a junctor, and what they must be there.
_FORBIDDEN = (
    ("type", "empty"),
    ("additionalProperties", "undefined"),
    ("default", "undefined"),
    ("title", "empty"),
    ("description", "empty"),
    ("nullable", "false"),
    ("x-kubernetes-validations", "empty"),
    ("x-kubernetes-preserve-unknown-fields", "false"),
    ("x-kubernetes-embedded-resource", "false"),
    ("x-kubernetes-int-or-string", "false"),
    ("x-kubernetes-list-map-keys", "empty"),
    ("x-kubernetes-list-type", "undefined"),
    ("x-kubernetes-map-type", "undefined"),
)
# Pointers in Go: an empty value is a value.
_POINTERS = frozenset({"default", "x-kubernetes-list-type", "x-kubernetes-map-type"})
_INSTEAD_OF_A_TYPE = ("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields")
_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]


def validate_structural(schema: JSONObject, path: str, errors: ErrorList) -> None:
    """Check the structure of a schema from its root; the errors are sorted by their texts."""
    found = ErrorList()
    _invariants(schema, _ROOT, path, found)
    # What the root's junctors name must be specified beside them.
    _complete_junctors(schema, schema, path, path, found)
    errors.extend(sorted(found, key=str))


def _invariants(schema: JSONObject, level: str, path: str, errors: ErrorList) -> None:
    items, additional = schema.get("items"), schema.get("additionalProperties")
    if isinstance(items, dict):
        _invariants(items, _ITEM, f"{path}.items", errors)
    for name, part in (schema.get("properties") or {}).items():
        _invariants(part, _FIELD, f"{path}.properties[{name}]", errors)
    if isinstance(additional, dict):
        _invariants(additional, _FIELD, f"{path}.additionalProperties", errors)
    _extensions(schema, path, errors)
    _values(schema, path, errors, first_may_tell_types=True)
    _type(schema, level, path, errors)
    if additional is not None:
        if schema.get("x-kubernetes-embedded-resource"):
            why = "must not be used if x-kubernetes-embedded-resource is set"
            errors.forbidden(f"{path}.additionalProperties", why)
        if level == _ROOT:
            errors.forbidden(f"{path}.additionalProperties", "must not be used at the root")
    if schema.get("type") == "array" and items is None:
        errors.required(f"{path}.items", "must be specified")
    if level == _ROOT or schema.get("x-kubernetes-embedded-resource"):
        _meta_fields(schema, path, errors, root=level == _ROOT)


def _extensions(schema: JSONObject, path: str, errors: ErrorList) -> None:
    preserve = schema.get("x-kubernetes-preserve-unknown-fields")
    embedded = schema.get("x-kubernetes-embedded-resource")
    if schema.get("x-kubernetes-int-or-string"):
        why = "must be false if x-kubernetes-int-or-string is true"
        if preserve:
            errors.invalid(f"{path}.x-kubernetes-preserve-unknown-fields", True, why)
        if embedded:
            errors.invalid(f"{path}.x-kubernetes-embedded-resource", True, why)
    if embedded and not preserve and not schema.get("properties"):
        why = (
            "must not be empty if x-kubernetes-embedded-resource is true without "
            "x-kubernetes-preserve-unknown-fields"
        )
        errors.required(f"{path}.properties", why)


def _type(schema: JSONObject, level: str, path: str, errors: ErrorList) -> None:
    kind, at = schema.get("type") or "", f"{path}.type"
    if schema.get("x-kubernetes-embedded-resource") and kind != "object":
        why = "must be object if x-kubernetes-embedded-resource is true"
        if kind:
            errors.invalid(at, kind, why)
        else:
            errors.required(at, why)
    elif not kind and not any(schema.get(extension) for extension in _INSTEAD_OF_A_TYPE):
        errors.required(at, f"must not be empty {level}")
    if kind not in {"", "object"} and level == _ROOT:
        errors.invalid(at, kind, "must be object at the root")


def _meta_fields(schema: JSONObject, path: str, errors: ErrorList, *, root: bool) -> None:
    """apiVersion, kind and metadata are known anyway; little may be said about them."""
    properties = schema.get("properties") or {}
    for name in ("kind", "apiVersion"):
        part = properties.get(name)
        if part is not None and part.get("type") != "string":
            at = f"{path}.properties[{name}].type"
            errors.invalid(at, part.get("type") or "", "must be string")
    metadata = properties.get("metadata")
    if metadata is None:
        return
    at = f"{path}.properties[metadata]"
    if metadata.get("type") != "object":
        errors.invalid(f"{at}.type", metadata.get("type") or "", "must be object")
    if not root:
        return
    named = set(metadata.get("properties") or ()) <= {"name", "generateName"}
    more = metadata.keys() - {"type", "default", "properties"}
    if not named or any(metadata[name] not in (None, "", False, [], {}) for name in more):
        why = (
            "must not specify anything other than name and generateName, but metadata is "
            "implicitly specified"
        )
        errors.forbidden(at, why)


# -- inside of allOf, anyOf, oneOf and not --------------------------------------------------------


def _values(
    schema: JSONObject,
    path: str,
    errors: ErrorList,
    *,
    may_tell_types: bool = False,
    first_may_tell_types: bool = False,
) -> None:
    """Check restrictions of values.

    Only an anyOf of integer and string may tell types: that of a schema outside of junctors, or
    else that of the first schema in its allOf.
    """
    for keyword in _JUNCTORS:
        parts = schema.get(keyword) or []
        tells_types = keyword == "anyOf" and parts == _INT_OR_STRING
        if tells_types and (may_tell_types or first_may_tell_types):
            continue
        for index, part in enumerate(parts):
            first = first_may_tell_types and keyword == "allOf" and index == 0
            _nested(part, f"{path}.{keyword}[{index}]", errors, may_tell_types=first)
    negated = schema.get("not")
    if negated is not None:
        _nested(negated, f"{path}.not", errors)
    pattern = schema.get("pattern") or ""
    try:
        if pattern:
            compile_pattern(pattern)
    except PatternError as error:
        why = f"must be a valid regular expression, but isn't: {error}"
        errors.invalid(f"{path}.pattern", pattern, why)


def _nested(
    schema: JSONObject, path: str, errors: ErrorList, *, may_tell_types: bool = False
) -> None:
    _values(schema, path, errors, may_tell_types=may_tell_types)
    items = schema.get("items")
    if isinstance(items, dict):
        _nested(items, f"{path}.items", errors)
    properties = schema.get("properties") or {}
    for name, part in properties.items():
        _nested(part, f"{path}.properties[{name}]", errors)
    for keyword, wanted in _FORBIDDEN:
        value = schema.get(keyword)
        if value is None or (keyword not in _POINTERS and value in ("", False, [])):
            continue
        errors.forbidden(f"{path}.{keyword}", f"must be {wanted} to be structural")
    if "metadata" in properties:
        why = "must not be specified in a nested context"
        errors.forbidden(f"{path}.properties[metadata]", why)


# -- what is restricted must be specified ---------------------------------------------------------


def _complete_junctors(
    nested: JSONObject, schema: JSONObject, path: str, nested_path: str, errors: ErrorList
) -> None:
    for keyword in _JUNCTORS:
        for index, part in enumerate(nested.get(keyword) or ()):
            _complete(part, schema, path, f"{nested_path}.{keyword}[{index}]", errors)
    negated = nested.get("not")
    if negated is not None:
        _complete(negated, schema, path, f"{nested_path}.not", errors)


def _complete(
    nested: JSONObject,
    schema: JSONObject | None,
    path: str,
    nested_path: str,
    errors: ErrorList,
) -> None:
    if schema is None:
        errors.required(path, f"because it is defined in {nested_path}")
        return
    _complete_junctors(nested, schema, path, nested_path, errors)
    items = nested.get("items")
    if isinstance(items, dict):
        own = schema.get("items")
        own = own if isinstance(own, dict) else None
        _complete(items, own, f"{path}.items", f"{nested_path}.items", errors)
    properties = schema.get("properties") or {}
    for name, part in (nested.get("properties") or {}).items():
        at = f"properties[{name}]"
        _complete(part, properties.get(name), f"{path}.{at}", f"{nested_path}.{at}", errors)
