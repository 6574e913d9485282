"""Validation of the rules in the schema of a definition: that each can be evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apiextensions.schema.go_schema import show_rule
from kapi.apiextensions.validations.rules import RuleError, compile_rule, field_path
from kapi.apiextensions.validations.types import schema_type

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.cel.types import Type

__all__ = ["validate_rules"]

_REASONS = (
    "FieldValueDuplicate",
    "FieldValueForbidden",
    "FieldValueInvalid",
    "FieldValueRequired",
)


def validate_rules(
    schema: JSONObject, path: str, errors: ErrorList, *, compiles: bool = True
) -> None:
    """Check all rules below a schema; they are compiled only where it is known to be valid."""
    _validate(schema, path, errors, "", root=True, compiles=compiles)


def _validate(
    schema: JSONObject, path: str, errors: ErrorList, loose: str, *, root: bool, compiles: bool
) -> None:
    """``loose`` is the list whose items are not told apart, if the schema is below one."""
    definitions = schema.get("x-kubernetes-validations") or ()
    kind = schema_type(schema, root=root) if definitions and compiles else None
    for index, definition in enumerate(definitions):
        at = f"{path}.x-kubernetes-validations[{index}]"
        _validate_rule(definition, schema, kind, at, errors, loose)
    for name, part in (schema.get("properties") or {}).items():
        below = f"{path}.properties[{name}]"
        _validate(part, below, errors, loose, root=False, compiles=compiles)
    additional, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(additional, dict):
        below = f"{path}.additionalProperties"
        _validate(additional, below, errors, loose, root=False, compiles=compiles)
    if isinstance(items, dict):
        inside = loose or ("" if schema.get("x-kubernetes-list-type") == "map" else path)
        _validate(items, f"{path}.items", errors, inside, root=False, compiles=compiles)


def _validate_rule(
    definition: JSONObject,
    schema: JSONObject,
    kind: Type | None,
    path: str,
    errors: ErrorList,
    loose: str,
) -> None:
    text: str = definition.get("rule") or ""
    if not text.strip():
        errors.required(f"{path}.rule", "rule is not specified")
    _validate_texts(definition, text, path, errors)
    reason = definition.get("reason")
    if reason is not None and reason not in _REASONS:
        errors.not_supported(f"{path}.reason", reason, _REASONS)
    place = definition.get("fieldPath") or ""
    if place:
        _validate_field_path(place, schema, f"{path}.fieldPath", errors)
    if text.strip() and kind is not None:
        _compile(definition, kind, path, errors, loose)


def _validate_texts(definition: JSONObject, rule: str, path: str, errors: ErrorList) -> None:
    message: str = definition.get("message") or ""
    if message and not message.strip():
        errors.invalid(f"{path}.message", message, "must be non-empty if specified")
    elif "\n" in message.strip():
        errors.invalid(f"{path}.message", message, "must not contain line breaks")
    elif "\n" in rule.strip() and not message:
        why = "message must be specified if rule contains line breaks"
        errors.required(f"{path}.message", why)
    expression: str = definition.get("messageExpression") or ""
    if expression and not expression.strip():
        errors.required(f"{path}.messageExpression", "must be non-empty if specified")


def _validate_field_path(place: str, schema: JSONObject, path: str, errors: ErrorList) -> None:
    if "\n" in place:
        errors.invalid(path, place, "must not contain line breaks")
    if "\n" in place or field_path(place, schema) is None:
        errors.invalid(path, place, "must be a valid path")


def _compile(definition: JSONObject, kind: Type, path: str, errors: ErrorList, loose: str) -> None:
    uses_old = False
    try:
        uses_old = compile_rule(definition, kind).uses_old
    except RuleError as error:
        errors.invalid(f"{path}.{error.member}", show_rule(definition), str(error))
        uses_old = error.member != "rule" and "oldSelf" in (definition.get("rule") or "")
    if loose and uses_old and not definition.get("optionalOldSelf"):
        why = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {loose}"
        errors.invalid(f"{path}.rule", definition["rule"], why)
    if definition.get("optionalOldSelf") is not None and not uses_old:
        why = "may not be set if oldSelf is not used in rule"
        errors.invalid(f"{path}.optionalOldSelf", definition["optionalOldSelf"], why)
