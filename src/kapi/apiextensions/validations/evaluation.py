"""Evaluation of the rules of a schema on an object and, where it changes, on what it was.

Implements "Validation rules" with transition rules and ratcheting: what fails in a part that did
not change is a warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from kapi.apiextensions.validations.rules import (
    BrokenRule,
    Rule,
    RuleError,
    RunOut,
    compile_rule,
    out_of_budget,
)
from kapi.apiextensions.validations.types import converter, schema_type
from kapi.cel.values import Optional

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.field import ErrorList, FieldError
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.cel.types import Type

    # (value, its old value if there is one, path, run)
    Evaluate: TypeAlias = Callable[[JSONValue, Optional, str, "Run"], None]

__all__ = ["Run", "compile_rules", "evaluate_rules"]

# The cost that all rules of a request may have together.
_REQUEST_LIMIT = 10_000_000
_ABSENT = Optional(present=False)


class Run:
    """One pass over an object: its failures, those to be only warned of, the rest of the budget."""

    __slots__ = ("budget", "errors", "ratchets", "warnings")

    def __init__(self, errors: ErrorList, *, ratchets: bool) -> None:
        self.errors = errors
        self.warnings: list[FieldError] = []
        self.ratchets = ratchets
        self.budget = [_REQUEST_LIMIT]


def evaluate_rules(
    evaluate: Evaluate, value: JSONValue, old: JSONValue, path: str, errors: ErrorList
) -> list[FieldError]:
    """Append what fails; the answer is what failed already before the change."""
    run = Run(errors, ratchets=old is not None)
    try:
        evaluate(value, _ABSENT if old is None else Optional(old), path, run)
    except RunOut as spent:
        errors.append(spent.error)
    return run.warnings


def compile_rules(schema: JSONObject, *, root: bool = False) -> Evaluate | None:
    """The evaluation of all rules below a schema; None if there are none."""
    own = _own(schema, root=root)
    below = _below(schema)
    if own is None or below is None:
        return own or below

    def evaluate(value: JSONValue, old: Optional, path: str, run: Run) -> None:
        own(value, old, path, run)
        below(value, old, path, run)

    return evaluate


def _own(schema: JSONObject, *, root: bool) -> Evaluate | None:
    definitions = schema.get("x-kubernetes-validations")
    kind = schema_type(schema, root=root) if definitions else None
    if not definitions or kind is None:
        return None
    rules = [_compiled(definition, kind) for definition in definitions]
    convert = converter(schema)

    def evaluate(value: JSONValue, old: Optional, path: str, run: Run) -> None:
        if value is None:
            return
        if run.budget[0] <= 0:
            raise out_of_budget(value, path)
        ours: Any = value if convert is None else convert(value)
        before = old
        if convert is not None and old.present:
            before = Optional(convert(old.value))
        for rule in rules:
            failure = rule.check(ours, value, before, path, run.budget)
            if failure is None:
                continue
            if failure.ratchets and run.ratchets and old.present and old.value == value:
                run.warnings.append(failure.error)
            else:
                run.errors.append(failure.error)

    return evaluate


def _compiled(definition: JSONObject, kind: Type) -> Rule | BrokenRule:
    try:
        return compile_rule(definition, kind)
    except RuleError as error:
        if error.member == "rule":
            return BrokenRule(str(error))
    return compile_rule({**definition, "messageExpression": ""}, kind)


def _below(schema: JSONObject) -> Evaluate | None:
    items, additional = schema.get("items"), schema.get("additionalProperties")
    if isinstance(items, dict):
        each = compile_rules(items)
        if each is None:
            return None
        keys = schema.get("x-kubernetes-list-map-keys") or ()
        is_map = schema.get("x-kubernetes-list-type") == "map"
        return _items(each, tuple(keys) if is_map else ())
    if isinstance(additional, dict):
        each = compile_rules(additional)
        return None if each is None else _values(each)
    parts = {
        name: evaluate
        for name, part in (schema.get("properties") or {}).items()
        if (evaluate := compile_rules(part)) is not None
    }
    return _members(parts) if parts else None


def _old_member(old: Optional, name: str) -> Optional:
    if old is not _ABSENT and old.present and isinstance(old.value, dict) and name in old.value:
        return Optional(old.value[name])
    return _ABSENT


def _members(parts: dict[str, Evaluate]) -> Evaluate:
    def evaluate(value: JSONValue, old: Optional, path: str, run: Run) -> None:
        if value.__class__ is not dict:
            return
        is_new = old is _ABSENT
        for name, part in parts.items():
            if name in value:
                at = f"{path}.{name}" if path else name
                part(value[name], _ABSENT if is_new else _old_member(old, name), at, run)

    return evaluate


def _values(each: Evaluate) -> Evaluate:
    def evaluate(value: JSONValue, old: Optional, path: str, run: Run) -> None:
        if value.__class__ is dict:
            for name, item in value.items():
                each(item, _old_member(old, name), f"{path}[{name}]", run)

    return evaluate


def _items(each: Evaluate, keys: tuple[str, ...]) -> Evaluate:
    def key_of(item: JSONValue) -> tuple[JSONValue, ...]:
        return tuple(item.get(key) for key in keys) if isinstance(item, dict) else ()

    def evaluate(value: JSONValue, old: Optional, path: str, run: Run) -> None:
        if value.__class__ is not list:
            return
        if not keys or not old.present or not isinstance(old.value, list):
            for index, item in enumerate(value):
                each(item, _ABSENT, f"{path}[{index}]", run)
            return
        before = {key_of(item): item for item in old.value}
        for index, item in enumerate(value):
            key = key_of(item)
            was = Optional(before[key]) if key in before else _ABSENT
            each(item, was, f"{path}[{index}]", run)

    return evaluate
