"""What a schema in a definition may say: keywords, types, list and map types.

Implements "Specifying a structural schema" of the documentation, the part that is told about any
OpenAPI v3 schema whether or not it is structural. A schema's own keywords come first, then what
is below it, then how it merges and its rules; properties stand in alphabetical order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kapi.apiextensions.definition.list_types import validate_list_type, validate_map_type
from kapi.apiextensions.schema.reading import META_FIELDS
from kapi.apiextensions.validations.texts import validate_rule_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["subschemas", "unsupported_keyword", "validate_openapi_schema"]

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
# In the order in which they are told, and whether an empty one counts as unset.
_UNSUPPORTED = {
    "id": True,
    "additionalItems": False,
    "patternProperties": True,
    "definitions": True,
    "dependencies": False,
    "$ref": False,
}
_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_EMBEDDED = "x-kubernetes-embedded-resource"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a schema stands: at the root, inside of metadata, where no default may be."""

    root: bool = False
    inside_meta: bool = False
    no_default: str = ""


def unsupported_keyword(schema: JSONObject) -> str:
    """What keeps the structure of a schema from being looked at; empty if nothing does."""
    for keyword in ("$schema", *_UNSUPPORTED):
        # An empty $ref is refused where it stands, but says nothing.
        if schema.get(keyword) not in (None, "", {}):
            return f"OpenAPIV3Schema '{keyword.removeprefix('$')}' is not supported"
    if isinstance(schema.get("items"), list):
        return "OpenAPIV3Schema 'items' must be a schema, but is an array"
    if schema.get(_PRESERVE) is False:
        return f"internal error: '{_PRESERVE}' must be true or undefined"
    found = (unsupported_keyword(part) for _, _, part in subschemas(schema))
    return next(filter(None, found), "")


def validate_openapi_schema(schema: JSONObject, path: str, errors: ErrorList) -> None:
    """Check a schema and everything below it."""
    _validate(schema, path, _Place(root=True), errors)


def _validate(schema: JSONObject, path: str, place: _Place, errors: ErrorList) -> None:
    _keywords(schema, path, place, errors)
    additional = schema.get("additionalProperties")
    if additional is not None and additional is not True and schema.get("properties"):
        why = "additionalProperties and properties are mutual exclusive"
        errors.forbidden(f"{path}.additionalProperties", why)
    for keyword, key, part in subschemas(schema):
        below = _place_below(schema, keyword, key[1:-1], place)
        _validate(part, f"{path}.{keyword}{key}", below, errors)
    if schema.get(_PRESERVE) is False:
        errors.invalid(f"{path}.{_PRESERVE}", False, "must be true or undefined")
    validate_map_type(schema, path, errors)
    validate_list_type(schema, path, errors)
    validate_rule_texts(schema, path, errors)


def subschemas(schema: JSONObject) -> Iterator[tuple[str, str, JSONObject]]:
    """The schemas right below a schema: keyword, index or name in brackets, schema."""
    yield from _one_or_more(schema, "additionalProperties")
    yield from _named(schema, "properties")
    for keyword in ("not", "allOf", "oneOf", "anyOf"):
        yield from _one_or_more(schema, keyword)
    yield from _named(schema, "definitions")
    yield from _one_or_more(schema, "items")
    yield from _named(schema, "dependencies")


def _one_or_more(schema: JSONObject, keyword: str) -> Iterator[tuple[str, str, JSONObject]]:
    part = schema.get(keyword)
    if isinstance(part, dict):
        yield keyword, "", part
    elif isinstance(part, list):
        for index, item in enumerate(part):
            yield keyword, f"[{index}]", item


def _named(schema: JSONObject, keyword: str) -> Iterator[tuple[str, str, JSONObject]]:
    parts = schema.get(keyword)
    if parts:
        for name in sorted(parts):
            if isinstance(parts[name], dict):
                yield keyword, f"[{name}]", parts[name]


def _place_below(schema: JSONObject, keyword: str, name: str, place: _Place) -> _Place:
    if keyword == "additionalProperties" and place.inside_meta:
        # What is not named cannot be pruned without its value.
        why = "inside additionalProperties applying to object metadata"
        return replace(place, root=False, no_default=why)
    if keyword == "properties" and name in META_FIELDS and (place.root or schema.get(_EMBEDDED)):
        reason = f"in top-level {name}" if place.root else place.no_default
        return _Place(inside_meta=True, no_default=reason)
    return replace(place, root=False) if place.root else place


def _keywords(schema: JSONObject, path: str, place: _Place, errors: ErrorList) -> None:
    kind = schema.get("type") or ""
    if kind and kind not in _TYPES:
        errors.not_supported(f"{path}.type", kind, _TYPES)
    if place.no_default and schema.get("default") is not None:
        errors.forbidden(f"{path}.default", f"must not be set {place.no_default}")
    for keyword, empty_is_unset in _UNSUPPORTED.items():
        value = schema.get(keyword)
        if value is not None and (value not in ("", {}) or not empty_is_unset):
            errors.forbidden(f"{path}.{keyword}", f"{keyword} is not supported")
    if kind == "null":
        why = "type cannot be set to null, use nullable as an alternative"
        errors.forbidden(f"{path}.type", why)
    if isinstance(schema.get("items"), list):
        errors.forbidden(f"{path}.items", "items must be a schema object and not an array")
    if place.inside_meta and schema.get(_EMBEDDED):
        errors.forbidden(f"{path}.{_EMBEDDED}", "must not be used inside of resource meta")
    if schema.get("uniqueItems"):
        why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        errors.forbidden(f"{path}.uniqueItems", why)
