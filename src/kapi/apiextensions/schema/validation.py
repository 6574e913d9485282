"""Validation of values by a schema: all that OpenAPI v3 schemas can demand.

Implements "Validation" of the documentation of CustomResourceDefinitions, with the messages of
kube-apiserver. A schema is compiled into closures; ``old`` is the value that stands in its place
so far and lets what is unchanged pass ("Validation ratcheting").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from kapi.apiextensions.schema.formats import string_format
from kapi.apiextensions.schema.patterns import compile_pattern
from kapi.apimachinery.field import ErrorList, FieldError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["ABSENT", "Check", "Failures", "compile_validator"]


class _Absent:
    __slots__ = ()


# There is no old value to compare with.
ABSENT: Final = _Absent()

# (value, old, path, failures): ``path`` is the path below the schema's root.
Check: TypeAlias = "Callable[[JSONValue, JSONValue, str, Failures], None]"

_INT64 = 1 << 63
_INT32 = 1 << 31


class Failures(list[tuple[FieldError, bool]]):
    """What is wrong, with paths relative to the root of the schema.

    True marks numbers that do not fit: those are told even from an alternative (anyOf and so on)
    that was not the best one.
    """

    def fail(self, reason: str, path: str, body: str, *, important: bool = False) -> None:
        """Add one failure."""
        self.append((FieldError(reason, path, body), important))

    def report(self, prefix: str, errors: ErrorList) -> None:
        """Add the failures to field errors, below ``prefix``."""
        for error, _ in self:
            path = error.path
            if not path:
                path = prefix or "<nil>"
            elif prefix:
                path = f"{prefix}.{path}"
            errors.append(FieldError(error.reason, path, error.body))


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
        _type_check(schema),
        _composite_check(schema),
        _string_check(schema),
        _format_check(schema),
        _number_check(schema),
        _list_check(schema),
        _enum_check(schema),
        _object_check(schema),
    ]
    return tuple(check for check in found if check is not None)


def _null_checks(schema: JSONObject) -> tuple[Check, ...]:
    found = [_type_check(schema), _enum_check(schema)]
    return tuple(check for check in found if check is not None)


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


_FORMAT_OF = {"integer": "int64", "number": "double"}


def _type_check(schema: JSONObject) -> Check | None:
    types = _types(schema)
    declared = schema.get("format") or ""
    if not types and not declared:
        return None
    nullable = bool(schema.get("nullable"))
    wanted = ",".join(types)
    numeric = "number" in types or "integer" in types

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        found = _json_type(value)
        if found in types or (found == "integer" and "number" in types):
            return
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


def _invalid(failures: Failures, path: str, value: JSONValue, rule: str) -> None:
    shown = ErrorList()
    shown.invalid(path, value, f"{path} in body {rule}")
    failures.append((shown[0], False))


# -- strings --------------------------------------------------------------------------------------


def _string_check(schema: JSONObject) -> Check | None:
    longest, shortest = schema.get("maxLength"), schema.get("minLength")
    pattern = schema.get("pattern") or ""
    if longest is None and shortest is None and not pattern:
        return None
    search = compile_pattern(pattern).search if pattern else None

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        if value.__class__ is not str:
            return
        if longest is not None and len(value) > longest:
            shown = ErrorList()
            shown.too_long(path, longest)
            failures.append((shown[0], False))
        elif shortest is not None and len(value) < shortest:
            _invalid(failures, path, value, f"should be at least {shortest} chars long")
        elif search is not None and search(value) is None:
            _invalid(failures, path, value, f"should match '{pattern}'")

    return check


def _format_check(schema: JSONObject) -> Check | None:
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


def _number_check(schema: JSONObject) -> Check | None:
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
    name = f"integer with format {declared}" if declared else "integer (default format)"

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        if value.__class__ is not int and value.__class__ is not float:
            return
        if whole and (value.__class__ is float or not -limit <= value < limit):
            body = f'Invalid value: "": Checked value must be of type {name} in {path}'
            failures.fail("FieldValueInvalid", "", body, important=True)
        for rule in rules:
            broken = rule(value)
            if broken:
                _invalid(failures, path, value, broken)

    return check


_Rule: TypeAlias = "Callable[[int | float], str]"


def _multiple_rule(schema: JSONObject) -> _Rule | None:
    factor = schema.get("multipleOf")
    if not factor:
        return None
    shown = _plain(factor)

    def rule(value: float) -> str:
        exact = value % factor == 0 if value.__class__ is int else (value / factor).is_integer()
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


# -- lists and objects ----------------------------------------------------------------------------


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
            _invalid(failures, path, len(value), f"should have at least {fewest} items")
        if most is not None and len(value) > most:
            _too_many(failures, path, len(value), most)
        if unique and len({_text(item) for item in value}) != len(value):
            _invalid(failures, path, None, "shouldn't contain duplicates")

    return check


def _too_many(failures: Failures, path: str, actual: int, most: int) -> None:
    shown = ErrorList()
    shown.too_many(path, actual, most)
    failures.append((shown[0], False))


def _text(value: JSONValue) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _by_key(old: JSONValue, keys: tuple[str, ...]) -> dict[bytes, JSONValue]:
    """The items of an old list with keys; empty when items have no counterpart."""
    if not keys or old.__class__ is not list:
        return {}
    return {_key_text(item, keys): item for item in old}


def _key_text(item: JSONValue, keys: tuple[str, ...]) -> bytes:
    if item.__class__ is not dict:
        return _text(item)
    return _text([item.get(key) for key in keys])


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
            _invalid(failures, path, len(value), f"should have at least {fewest} properties")
            return
        if most is not None and len(value) > most:
            _too_many(failures, path, len(value), most)
            return
        before = old if old.__class__ is dict else None
        for name, item in value.items():
            below = properties.get(name, check_other)
            if below is not None:
                known = ABSENT if before is None else before.get(name, ABSENT)
                below(item, known, f"{path}.{name}" if path else name, failures)
        for name in required:
            if name not in value:
                at = f"{path}.{name}" if path else name
                failures.fail("FieldValueRequired", at, "Required value")

    return check


# -- enum, anyOf, oneOf, allOf, not ---------------------------------------------------------------


def _enum_check(schema: JSONObject) -> Check | None:
    values = schema.get("enum")
    if not values:
        return None
    known = {_text(value) for value in values}
    listed = [value if isinstance(value, str) else _text(value).decode() for value in values]

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        if _text(value) not in known:
            shown = ErrorList()
            shown.not_supported(path, value, listed)
            failures.append((shown[0], False))

    return check


def _composite_check(schema: JSONObject) -> Check | None:
    parts = [
        _any_of(schema.get("anyOf") or ()),
        _one_of(schema.get("oneOf") or ()),
        _all_of(schema.get("allOf") or ()),
        _not(schema.get("not")),
    ]
    checks = tuple(part for part in parts if part is not None)
    if not checks:
        return None

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        for part in checks:
            part(value, old, path, failures)

    return check


def _composite_failure(failures: Failures, path: str, rule: str) -> None:
    failures.fail("FieldValueInvalid", "", f'Invalid value: "": "{path}" {rule}')


def _keep_important(failures: Failures, results: list[Failures], told: Failures | None) -> None:
    for result in results:
        if result is not told:
            failures.extend(failure for failure in result if failure[1])


def _any_of(schemas: Sequence[JSONObject]) -> Check | None:
    if not schemas:
        return None
    checks = [compile_validator(schema) for schema in schemas]

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        results: list[Failures] = []
        for alternative in checks:
            result = Failures()
            alternative(value, old, path, result)
            if not result:
                _keep_important(failures, results, None)
                return
            results.append(result)
        _composite_failure(failures, path, "must validate at least one schema (anyOf)")
        failures.extend(results[0])
        _keep_important(failures, results, results[0])

    return check


def _one_of(schemas: Sequence[JSONObject]) -> Check | None:
    if not schemas:
        return None
    checks = [compile_validator(schema) for schema in schemas]

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        results: list[Failures] = []
        for alternative in checks:
            result = Failures()
            alternative(value, old, path, result)
            results.append(result)
        valid = sum(not result for result in results)
        told: Failures | None = None
        if valid != 1:
            found = f"Found {valid} valid alternatives" if valid else "Found none valid"
            rule = f"must validate one and only one schema (oneOf). {found}"
            _composite_failure(failures, path, rule)
            if not valid:
                told = results[0]
                failures.extend(told)
        _keep_important(failures, results, told)

    return check


def _all_of(schemas: Sequence[JSONObject]) -> Check | None:
    if not schemas:
        return None
    checks = [compile_validator(schema) for schema in schemas]

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        valid = 0
        for part in checks:
            before = len(failures)
            part(value, old, path, failures)
            valid += len(failures) == before
        if valid != len(checks):
            none = "" if valid else ". None validated"
            _composite_failure(failures, path, f"must validate all the schemas (allOf){none}")

    return check


def _not(schema: JSONObject | None) -> Check | None:
    if schema is None:
        return None
    forbidden = compile_validator(schema)

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        result = Failures()
        forbidden(value, ABSENT, path, result)
        if not result:
            _composite_failure(failures, path, "must not validate the schema (not)")

    return check
