"""List types: items of sets and of lists with keys are unique.

Implements ``x-kubernetes-list-type`` and ``x-kubernetes-list-map-keys`` of structural schemas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["CheckLists", "compile_lists"]

# (value, path, errors)
CheckLists: TypeAlias = "Callable[[JSONValue, str, ErrorList], None]"


def compile_lists(schema: JSONObject) -> CheckLists | None:
    """The check of all lists below a value; None when there is nothing to check."""
    if schema.get("type") == "array":
        return _list(schema)
    members = {
        name: found
        for name, part in (schema.get("properties") or {}).items()
        if (found := compile_lists(part)) is not None
    }
    additional = schema.get("additionalProperties")
    other = compile_lists(additional) if isinstance(additional, dict) else None
    if not members and other is None:
        return None

    def check(value: JSONValue, path: str, errors: ErrorList) -> None:
        if value.__class__ is not dict:
            return
        for name, item in value.items():
            below = members.get(name, other)
            if below is not None:
                if name in members:
                    below(item, f"{path}.{name}" if path else name, errors)
                else:
                    below(item, f"{path}[{name}]", errors)

    return check


def _list(schema: JSONObject) -> CheckLists | None:
    items = schema.get("items")
    below = compile_lists(items) if isinstance(items, dict) else None
    list_type = schema.get("x-kubernetes-list-type")
    keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
    if below is None and list_type not in {"set", "map"}:
        return None
    properties = (items.get("properties") or {}) if isinstance(items, dict) else {}
    defaults = {key: properties.get(key, {}).get("default") for key in keys}

    def check(value: JSONValue, path: str, errors: ErrorList) -> None:
        if value.__class__ is not list:
            return
        if list_type == "set":
            _check_unique(value, value, path, errors)
        elif list_type == "map" and _are_objects(value, path, errors):
            _check_unique([_key(item, defaults) for item in value], value, path, errors)
        if below is not None:
            for index, item in enumerate(value):
                below(item, f"{path}[{index}]", errors)

    return check


def _are_objects(value: list[JSONValue], path: str, errors: ErrorList) -> bool:
    """Whether items can have keys; the first that cannot is told."""
    for index, item in enumerate(value):
        if item is not None and item.__class__ is not dict:
            why = "must be an object for an array of list-type map"
            errors.invalid(f"{path}[{index}]", item, why)
            return False
    return True


def _key(item: JSONValue, defaults: JSONObject) -> JSONValue:
    key: JSONObject = {}
    if item is None:
        return key
    for name, default in defaults.items():
        value = item.get(name, default)
        if value is not None:
            key[name] = value
    return key


def _check_unique(
    keys: list[JSONValue], value: list[JSONValue], path: str, errors: ErrorList
) -> None:
    if len(keys) < 2:
        return
    seen: set[bytes] = set()
    told: set[bytes] = set()
    for index, key in enumerate(keys):
        text = orjson.dumps(key, option=orjson.OPT_SORT_KEYS)
        if text in seen:
            if text not in told:
                told.add(text)
                errors.duplicate(f"{path}[{index}]", orjson.loads(text))
        else:
            seen.add(text)
