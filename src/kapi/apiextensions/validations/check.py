"""The check of a schema's rules as custom resources use it.

The language is loaded when the first schema with rules is compiled; most servers never see one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.field import FieldError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apiextensions.schema.structural import CheckRules
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["compile_rule_check", "has_rules"]

# Problems of the schema that make rules meaningless.
_BLOCKING = frozenset(
    {
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    }
)
_NOT_CHECKED = (
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)


def has_rules(schema: JSONObject) -> bool:
    """Whether there are rules anywhere in a schema."""
    if schema.get("x-kubernetes-validations"):
        return True
    items, additional = schema.get("items"), schema.get("additionalProperties")
    if isinstance(items, dict) and has_rules(items):
        return True
    if isinstance(additional, dict) and has_rules(additional):
        return True
    return any(has_rules(part) for part in (schema.get("properties") or {}).values())


def compile_rule_check(schema: JSONObject) -> CheckRules | None:
    """What checks the rules of whole objects; None for a schema without rules."""
    if not has_rules(schema):
        return None
    from kapi.apiextensions.validations.evaluation import (  # noqa: PLC0415 - see above
        compile_rules,
        evaluate_rules,
    )

    evaluate = compile_rules(schema, root=True)
    if evaluate is None:
        return None

    def check(
        obj: JSONObject,
        old: JSONObject | None,
        errors: ErrorList,
        warn: Callable[[str], None],
    ) -> None:
        if any(error.reason in _BLOCKING or error.path == "<nil>" for error in errors):
            errors.append(FieldError("FieldValueInvalid", "<nil>", _NOT_CHECKED))
            return
        for failure in evaluate_rules(evaluate, obj, old, "", errors):
            warn(str(failure))

    return check
