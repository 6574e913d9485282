"""Validation of the rules in the schema of a definition: that each can be evaluated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kapi.apiextensions.schema.go_schema import show_rule
from kapi.apiextensions.validations.bounds import bounded, cardinality, most_repeated
from kapi.apiextensions.validations.cost_limits import RULE_LIMIT, TotalCost, exceeds
from kapi.apiextensions.validations.rules import Rule, RuleError, compile_rule, field_path
from kapi.apiextensions.validations.types import schema_type
from kapi.cel.costs.estimate import estimate_cost
from kapi.cel.costs.sizes import MOST

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


@dataclass(slots=True)
class _Check:
    """One pass over a schema."""

    errors: ErrorList
    # Rules are compiled only in schemas that are known to be valid.
    compiles: bool
    # Whether each rule has to be cheap enough.
    limits_rules: bool
    total: TotalCost

    def observe(self, path: str, what: str, cost: int) -> None:
        """Count an expression, and refuse it if it costs too much on its own."""
        if self.limits_rules and cost > RULE_LIMIT:
            self.errors.forbidden(path, exceeds(what, cost, RULE_LIMIT))
        self.total.observe(path, cost)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a schema stands: its path, and how often its values can occur, if that is limited."""

    path: str
    occurs: int | None = 1
    # The list whose items are not told apart, if the schema is below one.
    loose: str = ""
    root: bool = False


def validate_rules(
    schema: JSONObject,
    path: str,
    errors: ErrorList,
    *,
    compiles: bool = True,
    unchanged: bool = False,
) -> TotalCost:
    """Check all rules below a schema; the answer is what they cost together."""
    check = _Check(errors, compiles, not unchanged, TotalCost())
    _validate(schema, _Place(path, root=True), check)
    return check.total


def _validate(schema: JSONObject, place: _Place, check: _Check) -> None:
    path, definitions = place.path, schema.get("x-kubernetes-validations") or ()
    kind = schema_type(schema, root=place.root) if definitions and check.compiles else None
    for index, definition in enumerate(definitions):
        at = f"{path}.x-kubernetes-validations[{index}]"
        _validate_rule(definition, schema, at, check.errors)
        if (definition.get("rule") or "").strip() and kind is not None:
            _compile(definition, schema, kind, replace(place, path=at), check)
    below = replace(place, root=False, occurs=cardinality(schema, place.occurs))
    for name, part in (schema.get("properties") or {}).items():
        _validate(part, replace(below, path=f"{path}.properties[{name}]"), check)
    additional, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(additional, dict):
        _validate(additional, replace(below, path=f"{path}.additionalProperties"), check)
    if isinstance(items, dict):
        is_map = schema.get("x-kubernetes-list-type") == "map"
        loose = place.loose or ("" if is_map else path)
        _validate(items, replace(below, path=f"{path}.items", loose=loose), check)


def _validate_rule(
    definition: JSONObject, schema: JSONObject, path: str, errors: ErrorList
) -> None:
    text: str = definition.get("rule") or ""
    if not text.strip():
        errors.required(f"{path}.rule", "rule is not specified")
    _validate_texts(definition, text, path, errors)
    reason = definition.get("reason")
    if reason is not None and reason not in _REASONS:
        errors.not_supported(f"{path}.reason", reason, _REASONS)
    below = definition.get("fieldPath") or ""
    if below:
        _validate_field_path(below, schema, f"{path}.fieldPath", errors)


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


def _compile(
    definition: JSONObject, schema: JSONObject, kind: Type, place: _Place, check: _Check
) -> None:
    errors, path = check.errors, place.path
    rule: Rule | None = None
    try:
        rule = compile_rule(definition, kind)
    except RuleError as error:
        errors.invalid(f"{path}.{error.member}", show_rule(definition), str(error))
        if error.member != "rule":
            rule = compile_rule({**definition, "messageExpression": ""}, kind)
    if rule is not None:
        _limit_costs(rule, schema, place, check)
    uses_old = rule is not None and rule.uses_old
    if place.loose and uses_old and not definition.get("optionalOldSelf"):
        why = "oldSelf cannot be used on the uncorrelatable portion of the schema within"
        errors.invalid(f"{path}.rule", definition["rule"], f"{why} {place.loose}")
    if definition.get("optionalOldSelf") is not None and not uses_old:
        why = "may not be set if oldSelf is not used in rule"
        errors.invalid(f"{path}.optionalOldSelf", definition["optionalOldSelf"], why)


def _limit_costs(rule: Rule, schema: JSONObject, place: _Place, check: _Check) -> None:
    """A rule costs what it costs once, for each of its values; its message is made once."""
    bounds = bounded(schema, root=place.root)
    assert bounds is not None
    times = most_repeated(bounds) if place.occurs is None else place.occurs
    cost = estimate_cost(rule.program.tree, rule.program.checked, bounds.at).most
    check.observe(f"{place.path}.rule", "estimated rule cost", min(cost * times, MOST))
    message = rule.message_program
    if message is not None:
        cost = estimate_cost(message.tree, message.checked, bounds.at).most
        what = "estimated messageExpression cost"
        check.observe(f"{place.path}.messageExpression", what, cost)
