"""Schemas made of schemas: anyOf, oneOf, allOf and not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apiextensions.schema.failures import ABSENT, Failures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apiextensions.schema.failures import Check, CompileValidator
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["alternatives_check"]


def alternatives_check(schema: JSONObject, compile_part: CompileValidator) -> Check | None:
    """The check of anyOf, oneOf, allOf and not; None when there is none of them."""
    negated = schema.get("not")
    parts = [
        _any_of([compile_part(part) for part in schema.get("anyOf") or ()]),
        _one_of([compile_part(part) for part in schema.get("oneOf") or ()]),
        _all_of([compile_part(part) for part in schema.get("allOf") or ()]),
        _not(None if negated is None else compile_part(negated)),
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


def _any_of(checks: Sequence[Check]) -> Check | None:
    if not checks:
        return None

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


def _one_of(checks: Sequence[Check]) -> Check | None:
    if not checks:
        return None

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


def _all_of(checks: Sequence[Check]) -> Check | None:
    if not checks:
        return None

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


def _not(forbidden: Check | None) -> Check | None:
    if forbidden is None:
        return None

    def check(value: JSONValue, old: JSONValue, path: str, failures: Failures) -> None:
        result = Failures()
        forbidden(value, ABSENT, path, result)
        if not result:
            _composite_failure(failures, path, "must not validate the schema (not)")

    return check
