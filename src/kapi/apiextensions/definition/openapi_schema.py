"""What a schema in a definition may say: keywords, types, list and map types.

Implements "Specifying a structural schema" of the documentation, the part that is told about any
OpenAPI v3 schema before its structure is looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kapi.apiextensions.schema.reading import META_FIELDS
from kapi.util.patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["is_supported", "pattern_problem", "subschemas", "validate_openapi_schema"]

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_SCALARS = frozenset({"string", "integer", "number", "boolean"})
_UNSUPPORTED = (
    "id",
    "additionalItems",
    "patternProperties",
    "definitions",
    "dependencies",
    "$ref",
)
_LIST_TYPES = ("atomic", "set", "map")
_MAP_TYPES = ("atomic", "granular")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a schema stands: at the root, inside of metadata, where no default may be."""

    root: bool = False
    inside_meta: bool = False
    no_default: str = ""


def is_supported(schema: JSONObject) -> bool:
    """Whether no keyword stands in the way of looking at the structure of a schema."""
    if any(keyword in schema and schema[keyword] is not None for keyword in _UNSUPPORTED):
        return False
    if isinstance(schema.get("items"), list):
        return False
    return all(is_supported(part) for _, _, part in subschemas(schema))


def validate_openapi_schema(schema: JSONObject, path: str, errors: ErrorList) -> None:
    """Check a schema and everything below it."""
    _validate(schema, path, _Place(root=True), errors)


def _validate(schema: JSONObject, path: str, place: _Place, errors: ErrorList) -> None:
    _keywords(schema, path, place, errors)
    additional, properties = schema.get("additionalProperties"), schema.get("properties")
    if additional and properties:
        why = "additionalProperties and properties are mutual exclusive"
        errors.forbidden(f"{path}.additionalProperties", why)
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        at = f"{path}.x-kubernetes-preserve-unknown-fields"
        errors.invalid(at, False, "must be true or undefined")
    if schema.get("x-kubernetes-map-type") is not None:
        _map_type(schema, path, errors)
    if schema.get("x-kubernetes-list-type") is not None or schema.get("x-kubernetes-list-map-keys"):
        _list_type(schema, path, errors)
    below = replace(place, root=False) if place.root else place
    for keyword, key, part in subschemas(schema):
        at = f"{path}.{keyword}{key}"
        if keyword == "properties":
            _validate(part, at, _property_place(schema, key[1:-1], place), errors)
        else:
            _validate(part, at, below, errors)


def subschemas(schema: JSONObject) -> Iterator[tuple[str, str, JSONObject]]:
    """The schemas right below a schema: keyword, index or name in brackets, schema."""
    for keyword in ("items", "additionalProperties", "not"):
        part = schema.get(keyword)
        if isinstance(part, dict):
            yield keyword, "", part
        elif isinstance(part, list):
            for index, item in enumerate(part):
                yield keyword, f"[{index}]", item
    for name, part in (schema.get("properties") or {}).items():
        yield "properties", f"[{name}]", part
    for keyword in ("allOf", "oneOf", "anyOf"):
        for index, part in enumerate(schema.get(keyword) or ()):
            yield keyword, f"[{index}]", part


def _property_place(schema: JSONObject, name: str, place: _Place) -> _Place:
    if name in META_FIELDS and (place.root or schema.get("x-kubernetes-embedded-resource")):
        reason = f"in top-level {name}" if place.root else place.no_default
        return _Place(inside_meta=True, no_default=reason)
    return replace(place, root=False) if place.root else place


def _keywords(schema: JSONObject, path: str, place: _Place, errors: ErrorList) -> None:
    kind = schema.get("type") or ""
    if kind and kind not in _TYPES:
        errors.not_supported(f"{path}.type", kind, _TYPES)
    if place.no_default and schema.get("default") is not None:
        errors.forbidden(f"{path}.default", f"must not be set {place.no_default}")
    for keyword in _UNSUPPORTED:
        if keyword in schema and schema[keyword] not in (None, "", {}):
            errors.forbidden(f"{path}.{keyword}", f"{keyword} is not supported")
    if kind == "null":
        why = "type cannot be set to null, use nullable as an alternative"
        errors.forbidden(f"{path}.type", why)
    if isinstance(schema.get("items"), list):
        errors.forbidden(f"{path}.items", "items must be a schema object and not an array")
    if place.inside_meta and schema.get("x-kubernetes-embedded-resource"):
        at = f"{path}.x-kubernetes-embedded-resource"
        errors.forbidden(at, "must not be used inside of resource meta")
    pattern = schema.get("pattern") or ""
    if pattern:
        problem = pattern_problem(pattern)
        if problem:
            why = f"must be a valid regular expression, but isn't: {problem}"
            errors.invalid(f"{path}.pattern", pattern, why)
    if schema.get("uniqueItems"):
        why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        errors.forbidden(f"{path}.uniqueItems", why)


def _map_type(schema: JSONObject, path: str, errors: ErrorList) -> None:
    _type_must_be(schema, "object", "x-kubernetes-map-type", path, errors)
    if schema["x-kubernetes-map-type"] not in _MAP_TYPES:
        at = f"{path}.x-kubernetes-map-type"
        errors.not_supported(at, schema["x-kubernetes-map-type"], _MAP_TYPES)


def _type_must_be(
    schema: JSONObject, wanted: str, extension: str, path: str, errors: ErrorList
) -> bool:
    kind = schema.get("type") or ""
    why = f"must be {wanted} if {extension} is specified"
    if not kind:
        errors.required(f"{path}.type", why)
    elif kind != wanted:
        errors.invalid(f"{path}.type", kind, why)
    return bool(kind == wanted)


def _list_type(schema: JSONObject, path: str, errors: ErrorList) -> None:
    list_type, keys = (
        schema.get("x-kubernetes-list-type"),
        schema.get("x-kubernetes-list-map-keys") or [],
    )
    at_type, at_keys = f"{path}.x-kubernetes-list-type", f"{path}.x-kubernetes-list-map-keys"
    if (
        list_type is not None
        and _type_must_be(schema, "array", "x-kubernetes-list-type", path, errors)
        and list_type not in _LIST_TYPES
    ):
        errors.not_supported(at_type, list_type, _LIST_TYPES)
    if keys and list_type != "map":
        why = "must be map if x-kubernetes-list-map-keys is non-empty"
        if list_type is None:
            errors.required(at_type, why)
        else:
            errors.invalid(at_type, list_type, why)
    items = schema.get("items")
    if list_type == "map":
        if not keys:
            errors.required(at_keys, "must not be empty if x-kubernetes-list-type is map")
        _map_items(items, keys, path, errors)
    if list_type in {"set", "map"} and isinstance(items, dict):
        if items.get("nullable"):
            why = f"cannot be nullable when x-kubernetes-list-type is {list_type}"
            errors.forbidden(f"{path}.items.nullable", why)
        if list_type == "set":
            _set_items(items, path, errors)
        else:
            _key_properties(items, keys, path, errors)


def _map_items(items: object, keys: list[str], path: str, errors: ErrorList) -> None:
    if items is None:
        errors.required(f"{path}.items", "must have a schema if x-kubernetes-list-type is map")
        return
    if not isinstance(items, dict):
        return
    kind = items.get("type") or ""
    if kind != "object":
        why = "must be object if parent array's x-kubernetes-list-type is map"
        errors.invalid(f"{path}.items.type", kind, why)
        return
    at = f"{path}.x-kubernetes-list-map-keys"
    properties = items.get("properties") or {}
    for index, key in enumerate(keys):
        found = properties.get(key)
        if found is None:
            errors.invalid(at, keys, "entries must all be names of item properties")
        elif (found.get("type") or "") not in _SCALARS:
            why = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            errors.invalid(f"{path}.items.properties[{key}].type", found.get("type") or "", why)
        if key in keys[:index]:
            errors.invalid(at, keys, "must not contain duplicate entries")


def _key_properties(items: JSONObject, keys: list[str], path: str, errors: ErrorList) -> None:
    """Keys are there in every item and never null."""
    properties, required = items.get("properties") or {}, items.get("required") or ()
    for key in keys:
        found = properties.get(key)
        if found is None:
            continue
        at = f"{path}.items.properties[{key}]"
        this = "this property is in x-kubernetes-list-map-keys, so it"
        if key not in required and found.get("default") is None:
            errors.required(
                f"{at}.default", f"{this} must have a default or be a required property"
            )
        if found.get("nullable"):
            errors.forbidden(f"{at}.nullable", f"{this} cannot be nullable")


def _set_items(items: JSONObject, path: str, errors: ErrorList) -> None:
    """Items of sets are compared as a whole."""
    extension = {"object": "x-kubernetes-map-type", "array": "x-kubernetes-list-type"}.get(
        items.get("type") or ""
    )
    if extension is None:
        return
    given = items.get(extension)
    if given is None and extension == "x-kubernetes-list-type":
        return  # lists are atomic anyway
    if given != "atomic":
        why = "must be atomic as item of a list with x-kubernetes-list-type=set"
        errors.invalid(f"{path}.items.{extension}", given, why)


_PERL_GROUP = re.compile(r"(?<!\\)(?:\\\\)*\(\?(?![:imsU-]|P<\w+>|<\w+>)(.?)")
_BACKREFERENCE = re.compile(r"(?<!\\)(?:\\\\)*(\\[1-9])")


def pattern_problem(pattern: str) -> str:
    """What RE2 says about a pattern that it cannot read; empty for one that it can."""
    group = _PERL_GROUP.search(pattern)
    if group is not None:
        return f"error parsing regexp: invalid or unsupported Perl syntax: `(?{group[1]}`"
    reference = _BACKREFERENCE.search(pattern)
    if reference is not None:
        return f"error parsing regexp: invalid escape sequence: `{reference[1]}`"
    try:
        compile_pattern(pattern)
    except re.error as error:
        return f"error parsing regexp: {_re2_words(pattern, error)}"
    return ""


def _re2_words(pattern: str, error: re.error) -> str:
    text, at = error.msg, error.pos or 0
    if "unterminated subpattern" in text:
        return f"missing closing ): `{pattern}`"
    if "unbalanced parenthesis" in text:
        return f"unexpected ): `{pattern}`"
    if "unterminated character set" in text:
        return f"missing closing ]: `{pattern[pattern.rfind('[') :]}`"
    if "nothing to repeat" in text:
        return f"missing argument to repetition operator: `{pattern[at : at + 1]}`"
    if "multiple repeat" in text:
        return f"invalid nested repetition operator: `{pattern[at - 1 : at + 1]}`"
    if "bad character range" in text:
        return f"invalid character class range: `{text.removeprefix('bad character range ')}`"
    if "bad escape (end of pattern)" in text:
        return "trailing backslash at end of expression: ``"
    if "bad escape" in text:
        return f"invalid escape sequence: `{text.removeprefix('bad escape ').split(' ')[0]}`"
    return text
