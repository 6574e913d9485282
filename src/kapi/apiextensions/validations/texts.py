"""What a validation rule says besides its expressions: texts, reason and path.

Told of every schema, also of those whose structure keeps the rules from being compiled; knows
nothing of the language.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kapi.apiextensions.schema.field_path import FieldPathError, find_field

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_rule_texts"]

_REASONS = (
    "FieldValueDuplicate",
    "FieldValueForbidden",
    "FieldValueInvalid",
    "FieldValueRequired",
)
_BREAK = re.compile(r"[\n\r]")


def validate_rule_texts(schema: JSONObject, path: str, errors: ErrorList) -> None:
    """Check the rules right at a schema."""
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        at = f"{path}.x-kubernetes-validations[{index}]"
        _validate_message(rule, at, errors)
        expression: str = rule.get("messageExpression") or ""
        if expression and not expression.strip():
            why = "messageExpression must be non-empty if specified"
            errors.required(f"{at}.messageExpression", why)
        reason = rule.get("reason")
        if reason is not None and reason not in _REASONS:
            errors.not_supported(f"{at}.reason", reason, _REASONS)
        if rule.get("fieldPath"):
            _validate_field_path(rule["fieldPath"], schema, f"{at}.fieldPath", errors)


def _validate_message(rule: JSONObject, path: str, errors: ErrorList) -> None:
    """The first problem of the rule's text and its message."""
    text: str = (rule.get("rule") or "").strip()
    message: str = rule.get("message") or ""
    if not text:
        errors.required(f"{path}.rule", "rule is not specified")
    elif message and not message.strip():
        errors.invalid(f"{path}.message", message, "must be non-empty if specified")
    elif _BREAK.search(message.strip()):
        errors.invalid(f"{path}.message", message, "must not contain line breaks")
    elif _BREAK.search(text) and not message:
        why = "message must be specified if rule contains line breaks"
        errors.required(f"{path}.message", why)


def _validate_field_path(place: str, schema: JSONObject, path: str, errors: ErrorList) -> None:
    if not place.strip():
        errors.invalid(path, place, "must be non-empty if specified")
    if _BREAK.search(place):
        errors.invalid(path, place, "must not contain line breaks")
    try:
        find_field(place, schema)
    except FieldPathError:
        errors.invalid(path, place, "must be a valid path")
