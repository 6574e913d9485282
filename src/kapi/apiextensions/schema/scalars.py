"""What a schema demands of single values: type, text, format, number, enumeration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

import orjson

from kapi.apiextensions.schema.failures import Failures, json_text
from kapi.apiextensions.schema.formats import string_format
from kapi.apimachinery.field import ErrorList
from kapi.util.patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apiextensions.schema.failures import Check
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["enum_check", "format_check", "number_check", "string_check", "type_check"]

_INT64 = 1 << 63
_INT32 = 1 << 31


def _json_type(value: JSONValue) -> str:
    kind = value.__class__
    if kind is str:
        return "string"
    if kind is bool:
        return "boolean"
    if kind is int:
        return "integer"
    if kind is float:
        return "number"
    if kind is dict:
        return "object"
    return "array" if kind is list else "null"


def _types(schema: JSONObject) -> tuple[str, ...]:
    if schema.get("x-kubernetes-int-or-string"):
        return ("integer", "string")
    kind = schema.get("type")
    return (kind,) if kind else ()


_CLASSES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
}
_FORMAT_OF = {"integer": "int64", "number": "float64"}


def type_check(schema: JSONObject) -> Check | None:
    """The check of ``type``, and of ``format`` where that stands for a type."""
    types = _types(schema)
    declared = schema.get("format") or ""
    if not types and not declared:
        return None
    nullable = bool(schema.get("nullable"))
    wanted = ",".join(types)
    numeric = "number" in types or "integer" in types
    accepted = frozenset(kind for name in types for kind in _CLASSES.get(name, ()))

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        if value.__class__ in accepted:
            return
        found = _json_type(value)
        if found == "null":
            if types and not nullable:
                _wrong_type(failures, path, wanted, found)
            return
        if declared and found not in {"string", "array"}:
            _wrong_type(failures, path, declared, _FORMAT_OF.get(found, ""))
            return
        if declared and not numeric and found in {"string", "array"}:
            return
        _wrong_type(failures, path, wanted, found)

    return check


def _wrong_type(failures: Failures, path: str, wanted: str, found: str) -> None:
    body = f'Invalid value: "{found}": {path} in body must be of type {wanted}: "{found}"'
    failures.fail("FieldValueTypeInvalid", path, body)


# -- strings --------------------------------------------------------------------------------------


def string_check(schema: JSONObject) -> Check | None:
    """The check of the length and the pattern of text; the first broken rule is told."""
    longest, shortest = schema.get("maxLength"), schema.get("minLength")
    pattern = schema.get("pattern") or ""
    if longest is None and shortest is None and not pattern:
        return None
    matches = compile_pattern(pattern).matches if pattern else None

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        if value.__class__ is not str:
            return
        if longest is not None and len(value) > longest:
            shown = ErrorList()
            shown.too_long(path, longest)
            failures.append((shown[0], False))
        elif shortest is not None and len(value) < shortest:
            failures.invalid(path, value, f"should be at least {shortest} chars long")
        elif matches is not None and not matches(value):
            failures.invalid(path, value, f"should match '{pattern}'")

    return check


def format_check(schema: JSONObject) -> Check | None:
    """The check of the ``format`` of text."""
    name = schema.get("format") or ""
    matches = string_format(name)
    if matches is None:
        return None

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        if value.__class__ is str and not matches(value):
            quoted = orjson.dumps(value).decode()
            body = f"Invalid value: {quoted}: {path} in body must be of type {name}: {quoted}"
            failures.fail("FieldValueTypeInvalid", path, body)

    return check


# -- numbers --------------------------------------------------------------------------------------


def number_check(schema: JSONObject) -> Check | None:
    """The check of the size of numbers."""
    types = _types(schema)
    declared = schema.get("format") or ""
    whole = types == ("integer",)
    limit = _INT32 if declared == "int32" else _INT64
    rules = [
        rule
        for rule in (_multiple_rule(schema), _maximum_rule(schema), _minimum_rule(schema))
        if rule is not None
    ]
    if not whole and not rules:
        return None
    # Integers are divided by what is left of the factor without its fraction.
    no_factor = 0 < (schema.get("multipleOf") or 1) < 1
    name = f"integer with format {declared}" if declared else "integer (default format)"

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        if value.__class__ is not int and value.__class__ is not float:
            return
        if whole and (value.__class__ is float or not -limit <= value < limit):
            body = f'Invalid value: "": Checked value must be of type {name} in {path}'
            failures.fail("FieldValueInvalid", "", body, important=True)
        if no_factor and value.__class__ is int:
            body = f"Invalid value: 0: factor MultipleOf declared for {path} must be positive: 0"
            failures.fail("FieldValueInvalid", path, body)
        for rule in rules:
            broken = rule(value)
            if broken:
                failures.invalid(path, value, broken)

    return check


_Rule: TypeAlias = "Callable[[int | float], str]"


# Beyond, floating point has gaps between the integers.
_WHOLE_FLOATS = (1 << 53) - 1


def _multiple_rule(schema: JSONObject) -> _Rule | None:
    factor = schema.get("multipleOf")
    if not factor:
        return None
    shown = _plain(factor)

    def rule(value: float) -> str:
        if value.__class__ is int:
            exact = factor < 1 or value % int(factor) == 0
        else:
            # Written so that 0.3 is a multiple of 0.1.
            times = 1 / factor * value if factor < 1 else value / factor
            exact = abs(times) <= _WHOLE_FLOATS and times.is_integer()
        return "" if exact else f"should be a multiple of {shown}"

    return rule


def _maximum_rule(schema: JSONObject) -> _Rule | None:
    limit = schema.get("maximum")
    if limit is None:
        return None
    shown = _plain(limit)
    if schema.get("exclusiveMaximum"):
        return lambda value: "" if value < limit else f"should be less than {shown}"
    return lambda value: "" if value <= limit else f"should be less than or equal to {shown}"


def _minimum_rule(schema: JSONObject) -> _Rule | None:
    limit = schema.get("minimum")
    if limit is None:
        return None
    shown = _plain(limit)
    if schema.get("exclusiveMinimum"):
        return lambda value: "" if value > limit else f"should be greater than {shown}"
    return lambda value: "" if value >= limit else f"should be greater than or equal to {shown}"


def _plain(number: float) -> str:
    """A limit as it stands in messages: no fraction where there is none."""
    if number.__class__ is float and number.is_integer() and abs(number) < 1e21:
        return str(int(number))
    return re.sub(r"e([+-])(\d)$", r"e\g<1>0\2", repr(number))


_LAST_CHARACTER = 0x10FFFF


def _is_converted(value: JSONValue, listed: list[JSONValue]) -> bool:
    """Whether a number is one of the listed once it has their type, as Go converts it.

    A fraction is cut off for an integer, and an integer is a character for a text.
    """
    if value.__class__ is int:
        text = chr(value) if 0 <= value <= _LAST_CHARACTER else "\ufffd"
        return text in listed
    if value.__class__ is float and -_INT64 <= value < _INT64:
        return any(known.__class__ is int and known == int(value) for known in listed)
    return False


def enum_check(schema: JSONObject) -> Check | None:
    """The check that a value is one of those listed."""
    values = schema.get("enum")
    if not values:
        return None
    known = {json_text(value) for value in values}
    listed = [value if isinstance(value, str) else json_text(value).decode() for value in values]

    texts = frozenset(value for value in values if isinstance(value, str))

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        if value.__class__ is str and value in texts:
            return
        if json_text(value) not in known and not _is_converted(value, values):
            shown = ErrorList()
            shown.not_supported(path, value, listed)
            failures.append((shown[0], False))

    return check
