"""Validation of the rules in the schema of a definition: that each can be evaluated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kapi.apiextensions.schema.go_schema import show_rule
from kapi.apiextensions.validations.bounds import bounded, cardinality, most_repeated
from kapi.apiextensions.validations.cost_limits import RULE_LIMIT, TotalCost, exceeds
from kapi.apiextensions.validations.rules import Rule, RuleError, compile_rule
from kapi.apiextensions.validations.types import schema_type
from kapi.cel.costs.estimate import estimate_cost
from kapi.cel.costs.sizes import MOST

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.cel.types import Type

__all__ = ["validate_rules"]


@dataclass(slots=True)
class _Check:
    """One pass over a schema."""

    errors: ErrorList
    # The paths at fault: rules are compiled only where nothing is wrong with the schema or below.
    broken: frozenset[str]
    # Whether each rule has to be cheap enough.
    limits_rules: bool
    total: TotalCost

    def observe(self, path: str, what: str, cost: int) -> None:
        """Count an expression, and refuse it if it costs too much on its own."""
        if self.limits_rules and cost > RULE_LIMIT:
            self.errors.forbidden(path, exceeds(what, cost, RULE_LIMIT))
        self.total.observe(path, cost)

    def is_broken(self, path: str) -> bool:
        """Whether something is wrong with the schema at a path, or with one below it."""
        return any(at.startswith(f"{path}.") for at in self.broken)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a schema stands: its path, and how often its values can occur, if that is limited."""

    path: str
    occurs: int | None = 1
    # The list whose items are not told apart, or the atomic map, if the schema is below one.
    loose: str = ""
    root: bool = False


def validate_rules(
    schema: JSONObject,
    path: str,
    errors: ErrorList,
    *,
    broken: frozenset[str] = frozenset(),
    unchanged: bool = False,
) -> TotalCost:
    """Check all rules below a schema; the answer is what they cost together."""
    check = _Check(errors, broken, not unchanged, TotalCost())
    _validate(schema, _Place(path, root=True), check)
    return check.total


def _validate(schema: JSONObject, place: _Place, check: _Check) -> None:
    """Compile what is below a schema, and then its own rules."""
    path, additional, items = place.path, schema.get("additionalProperties"), schema.get("items")
    below = replace(place, root=False, occurs=cardinality(schema, place.occurs))
    if isinstance(additional, dict):
        _validate(additional, replace(below, path=f"{path}.additionalProperties"), check)
    properties = schema.get("properties") or {}
    atomic = schema.get("x-kubernetes-map-type") == "atomic"
    for name in sorted(properties):
        loose = place.loose or (path if atomic else "")
        at = replace(below, path=f"{path}.properties[{name}]", loose=loose)
        _validate(properties[name], at, check)
    if isinstance(items, dict):
        is_map = schema.get("x-kubernetes-list-type") == "map"
        loose = place.loose or ("" if is_map else path)
        _validate(items, replace(below, path=f"{path}.items", loose=loose), check)
    definitions = schema.get("x-kubernetes-validations") or ()
    if not definitions or check.is_broken(path):
        return
    kind = schema_type(schema, root=place.root)
    if kind is None:
        return
    for index, definition in enumerate(definitions):
        at = replace(place, path=f"{path}.x-kubernetes-validations[{index}]")
        _compile(definition, schema, kind, at, check)


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
