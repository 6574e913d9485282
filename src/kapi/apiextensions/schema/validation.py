"""Validation of values by a schema: all that OpenAPI v3 schemas can demand.

Implements "Validation" of the documentation of CustomResourceDefinitions, with the messages of
kube-apiserver. A schema is compiled into closures; ``old`` is the value that stands in its place
so far and lets what is unchanged pass ("Validation ratcheting").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apiextensions.schema.alternatives import alternatives_check
from kapi.apiextensions.schema.failures import ABSENT, Failures, json_text
from kapi.apiextensions.schema.scalars import (
    enum_check,
    format_check,
    number_check,
    string_check,
    type_check,
)
from kapi.apimachinery.field import ErrorList

if TYPE_CHECKING:
    from kapi.apiextensions.schema.failures import Check
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["compile_validator"]


def compile_validator(schema: JSONObject) -> Check:
    """The check of all values that a schema describes."""
    checks = _checks(schema)
    on_null = _null_checks(schema)

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        if old is not ABSENT and old == value and old.__class__ is value.__class__:
            return
        if value is None:
            for part in on_null:
                part(value, old, path, failures)
            return
        for part in checks:
            part(value, old, path, failures)

    return check


def _checks(schema: JSONObject) -> tuple[Check, ...]:
    """The parts in the order in which kube-apiserver looks at them."""
    found: list[Check | None] = [
        type_check(schema),
        alternatives_check(schema, compile_validator),
        string_check(schema),
        format_check(schema),
        number_check(schema),
        _list_check(schema),
        enum_check(schema),
        _object_check(schema),
    ]
    return tuple(check for check in found if check is not None)


def _null_checks(schema: JSONObject) -> tuple[Check, ...]:
    found = [type_check(schema), enum_check(schema)]
    return tuple(check for check in found if check is not None)


def _list_check(schema: JSONObject) -> Check | None:
    items = schema.get("items")
    check_item = compile_validator(items) if isinstance(items, dict) else None
    fewest, most = schema.get("minItems"), schema.get("maxItems")
    unique = bool(schema.get("uniqueItems"))
    keys: tuple[str, ...] = ()
    if schema.get("x-kubernetes-list-type") == "map":
        keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
    if check_item is None and fewest is None and most is None and not unique:
        return None

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        if value.__class__ is not list:
            return
        if check_item is not None:
            before = _by_key(old, keys)
            for index, item in enumerate(value):
                known = before.get(_key_text(item, keys), ABSENT) if before else ABSENT
                check_item(item, known, f"{path}[{index}]", failures)
        if fewest is not None and len(value) < fewest:
            failures.invalid(path, len(value), f"should have at least {fewest} items")
        if most is not None and len(value) > most:
            _too_many(failures, path, len(value), most)
        if unique and len({json_text(item) for item in value}) != len(value):
            failures.invalid(path, None, "shouldn't contain duplicates")

    return check


def _by_key(old: JSONValue, keys: tuple[str, ...]) -> dict[bytes, JSONValue]:
    """The items of an old list with keys; empty when items have no counterpart."""
    if not keys or old.__class__ is not list:
        return {}
    return {_key_text(item, keys): item for item in old}


def _key_text(item: JSONValue, keys: tuple[str, ...]) -> bytes:
    if item.__class__ is not dict:
        return json_text(item)
    return json_text([item.get(key) for key in keys])


def _object_check(schema: JSONObject) -> Check | None:
    properties = {
        name: compile_validator(part) for name, part in (schema.get("properties") or {}).items()
    }
    additional = schema.get("additionalProperties")
    check_other = compile_validator(additional) if isinstance(additional, dict) else None
    required = schema.get("required") or ()
    fewest, most = schema.get("minProperties"), schema.get("maxProperties")
    nothing = not properties and check_other is None and not required
    if nothing and fewest is None and most is None:
        return None

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        if value.__class__ is not dict:
            return
        if fewest is not None and len(value) < fewest:
            failures.invalid(path, len(value), f"should have at least {fewest} properties")
        if most is not None and len(value) > most:
            _too_many(failures, path, len(value), most)
        before = old if old.__class__ is dict else None
        for name, item in value.items():
            below = properties.get(name, check_other)
            if below is not None:
                known = ABSENT if before is None else before.get(name, ABSENT)
                # The text about a value of a map always has a point in front.
                at = f"{path}.{name}" if path or name not in properties else name
                below(item, known, at, failures)
        for name in required:
            if name not in value:
                at = f"{path}.{name}" if path else name
                failures.fail("FieldValueRequired", at, "Required value")

    return check


def _too_many(failures: Failures, path: str, actual: int, most: int) -> None:
    shown = ErrorList()
    shown.too_many(path, actual, most)
    failures.append((shown[0], False))
