"""Validation of how lists and maps merge: ``x-kubernetes-list-type`` and ``-map-type``.

Implements "Merge strategy" of the documentation of custom resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apiextensions.schema.go_schema import show_items

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_list_type", "validate_map_type"]

_LIST_TYPES = ("atomic", "set", "map")
_MAP_TYPES = ("atomic", "granular")
_LIST_TYPE, _MAP_TYPE = "x-kubernetes-list-type", "x-kubernetes-map-type"
_KEYS = "x-kubernetes-list-map-keys"
_COMPOSED = frozenset({"array", "object"})
_OF_A_MAP = "if parent array's x-kubernetes-list-type is map"


def validate_map_type(schema: JSONObject, path: str, errors: ErrorList) -> None:
    """Check the merge strategy of an object."""
    map_type = schema.get(_MAP_TYPE)
    if map_type is None:
        return
    _type_must_be(schema, "object", _MAP_TYPE, path, errors)
    if map_type not in _MAP_TYPES:
        errors.not_supported(f"{path}.{_MAP_TYPE}", map_type, _MAP_TYPES)


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


def validate_list_type(schema: JSONObject, path: str, errors: ErrorList) -> None:
    """Check the merge strategy of a list."""
    list_type, keys = schema.get(_LIST_TYPE), schema.get(_KEYS) or []
    if list_type is None and not keys:
        return
    items = schema.get("items")
    if list_type is not None:
        is_array = _type_must_be(schema, "array", _LIST_TYPE, path, errors)
        if is_array and list_type == "set" and isinstance(items, dict):
            _set_items(items, path, errors)
        if list_type not in _LIST_TYPES:
            errors.not_supported(f"{path}.{_LIST_TYPE}", list_type, _LIST_TYPES)
    if keys:
        why = f"must be map if {_KEYS} is non-empty"
        if list_type is None:
            errors.required(f"{path}.{_LIST_TYPE}", why)
        elif list_type != "map":
            errors.invalid(f"{path}.{_LIST_TYPE}", list_type, why)
    if list_type == "map":
        if not keys:
            errors.required(f"{path}.{_KEYS}", f"must not be empty if {_LIST_TYPE} is map")
        _map_items(items, keys, path, errors)
    if list_type in {"set", "map"} and isinstance(items, dict):
        if items.get("nullable"):
            why = f"cannot be nullable when {_LIST_TYPE} is {list_type}"
            errors.forbidden(f"{path}.items.nullable", why)
        if list_type == "map":
            _key_properties(items, keys, path, errors)


def _set_items(items: JSONObject, path: str, errors: ErrorList) -> None:
    """Items of sets are compared as a whole."""
    extension = {"object": _MAP_TYPE, "array": _LIST_TYPE}.get(items.get("type") or "")
    if extension is None:
        return
    given = items.get(extension)
    if given == "atomic" or (given is None and extension == _LIST_TYPE):
        return  # lists are atomic anyway
    why = "must be atomic as item of a list with x-kubernetes-list-type=set"
    # The value shown is the list type of the items, of objects too.
    errors.invalid(f"{path}.items.{extension}", items.get(_LIST_TYPE), why)


def _map_items(items: object, keys: list[str], path: str, errors: ErrorList) -> None:
    if items is None:
        errors.required(f"{path}.items", f"must have a schema if {_LIST_TYPE} is map")
        return
    if not isinstance(items, dict):
        why = f"must only have a single schema if {_LIST_TYPE} is map"
        errors.invalid(f"{path}.items", show_items(items), why)
        return
    kind = items.get("type") or ""
    if kind != "object":
        errors.invalid(f"{path}.items.type", kind, f"must be object {_OF_A_MAP}")
        return
    at = f"{path}.{_KEYS}"
    properties = items.get("properties") or {}
    for index, key in enumerate(keys):
        found = properties.get(key)
        if found is None:
            errors.invalid(at, keys, "entries must all be names of item properties")
        elif found.get("type") in _COMPOSED:
            where = f"{path}.items.properties[{key}].type"
            # The value shown is the type of the item, not that of its key.
            errors.invalid(where, kind, f"must be a scalar type {_OF_A_MAP}")
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
            why = f"{this} must have a default or be a required property"
            errors.required(f"{at}.default", why)
        if found.get("nullable"):
            errors.forbidden(f"{at}.nullable", f"{this} cannot be nullable")
