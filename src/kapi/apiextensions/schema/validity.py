"""Validity: whether a value surely fits a schema, without what is wrong or where.

Nearly all objects that are written are valid, and this tells so some times faster than looking
for failures. It may doubt a valid value, never pass an invalid one: what it does not pass is
given to :mod:`kapi.apiextensions.schema.validation`, which also has the messages.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeAlias

from kapi.apiextensions.schema.failures import ABSENT, Failures
from kapi.apiextensions.schema.formats import string_format
from kapi.apiextensions.schema.validation import compile_validator
from kapi.util.patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["IsValid", "compile_validity"]

IsValid: TypeAlias = "Callable[[JSONValue], bool]"

# Keywords that are left to the complete check, wherever they stand.
_RARE = ("allOf", "anyOf", "oneOf", "not", "uniqueItems", "x-kubernetes-int-or-string")
_INT64 = 1 << 63
_INT32 = 1 << 31


def compile_validity(schema: JSONObject) -> IsValid:
    """The test of all values that a schema describes."""
    compile_kind = _KINDS.get(schema.get("type") or "")
    if compile_kind is None or any(schema.get(keyword) for keyword in _RARE):
        return _completely(schema)
    return compile_kind(schema)


def _completely(schema: JSONObject) -> IsValid:
    check = compile_validator(schema)

    def valid(value: JSONValue) -> bool:
        failures = Failures()
        check(value, ABSENT, "", failures)
        return not failures

    return valid


def _string(schema: JSONObject) -> IsValid:
    longest, shortest = schema.get("maxLength"), schema.get("minLength") or 0
    pattern = schema.get("pattern") or ""
    matches = compile_pattern(pattern).matches if pattern else None
    has_format = string_format(schema.get("format") or "")
    values = schema.get("enum")
    listed = frozenset(text for text in values if isinstance(text, str)) if values else None
    nullable = bool(schema.get("nullable")) and listed is None
    if matches is None and listed is None and has_format is None:
        most = sys.maxsize if longest is None else longest
        return lambda value: (
            shortest <= len(value) <= most if value.__class__ is str else nullable and value is None
        )

    def valid(value: JSONValue) -> bool:
        if value.__class__ is not str:
            return nullable and value is None
        if (longest is not None and len(value) > longest) or len(value) < shortest:
            return False
        if matches is not None and not matches(value):
            return False
        if listed is not None and value not in listed:
            return False
        return has_format is None or has_format(value)

    return valid


def _number(schema: JSONObject) -> IsValid:
    """Integers and numbers within limits."""
    if schema.get("enum") or schema.get("multipleOf"):
        return _completely(schema)
    least, most = schema.get("minimum"), schema.get("maximum")
    above, under = bool(schema.get("exclusiveMinimum")), bool(schema.get("exclusiveMaximum"))
    whole = schema.get("type") == "integer"
    limit = _INT32 if schema.get("format") == "int32" else _INT64
    nullable = bool(schema.get("nullable"))

    def valid(value: JSONValue) -> bool:
        if value.__class__ is int:
            if whole and not -limit <= value < limit:
                return False
        elif value.__class__ is not float or whole:
            return nullable and value is None
        if least is not None and (value < least or (above and value == least)):
            return False
        return most is None or value < most or (value == most and not under)

    return valid


def _boolean(schema: JSONObject) -> IsValid:
    if schema.get("enum"):
        return _completely(schema)
    nullable = bool(schema.get("nullable"))
    return lambda value: value.__class__ is bool or (nullable and value is None)


def _list(schema: JSONObject) -> IsValid:
    if schema.get("enum"):
        return _completely(schema)
    items = schema.get("items")
    item_valid = compile_validity(items) if isinstance(items, dict) else None
    fewest, most = schema.get("minItems") or 0, schema.get("maxItems")
    nullable = bool(schema.get("nullable"))

    def valid(value: JSONValue) -> bool:
        if value.__class__ is not list:
            return nullable and value is None
        if len(value) < fewest or (most is not None and len(value) > most):
            return False
        return item_valid is None or all(map(item_valid, value))

    return valid


def _object(schema: JSONObject) -> IsValid:
    if schema.get("enum"):
        return _completely(schema)
    properties = schema.get("properties") or {}
    members = {name: compile_validity(part) for name, part in properties.items()}
    additional = schema.get("additionalProperties")
    other = compile_validity(additional) if isinstance(additional, dict) else None
    required = frozenset(schema.get("required") or ())
    fewest, most = schema.get("minProperties") or 0, schema.get("maxProperties")
    nullable = bool(schema.get("nullable"))

    def valid(value: JSONValue) -> bool:
        if value.__class__ is not dict:
            return nullable and value is None
        if len(value) < fewest or (most is not None and len(value) > most):
            return False
        for name, item in value.items():
            member = members.get(name, other)
            if member is not None and not member(item):
                return False
        return not required or required <= value.keys()

    return valid


_KINDS: dict[str, Callable[[JSONObject], IsValid]] = {
    "string": _string,
    "integer": _number,
    "number": _number,
    "boolean": _boolean,
    "array": _list,
    "object": _object,
}
