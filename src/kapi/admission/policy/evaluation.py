"""One evaluation of a policy: its conditions, its validations, its notes for the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kapi.admission.policy.compiled import Variables
from kapi.admission.refusal import aggregate
from kapi.cel.values import CelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.admission.policy.compiled import CompiledPolicy, Expression, Validation

__all__ = ["COST_LIMIT", "Failure", "conditions_hold", "evaluate_policy"]

# What all expressions of one policy may cost together.
COST_LIMIT = 10_000_000
_MAX_MESSAGE = 5 * 1024


class Failure(NamedTuple):
    """A validation that does not hold."""

    text: str
    reason: str = "Invalid"


def evaluate_policy(
    policy: CompiledPolicy, scope: dict[str, Any], notes: dict[str, list[str]]
) -> list[Failure]:
    """What fails; ``notes`` gets the values of audit annotations."""
    budget = [COST_LIMIT]
    try:
        if not conditions_hold(policy.conditions, scope, budget):
            return []
    except CelError as error:
        return [] if policy.ignores_failures else [Failure(str(error))]
    if policy.variables:
        scope["variables"] = Variables(policy.variables, scope, budget)
    failures = []
    for validation in policy.validations:
        failure = _judge(policy, validation, scope, budget)
        if failure is not None:
            failures.append(failure)
    for key, expression in policy.annotations:
        try:
            value = expression.evaluate(scope, budget)
        except CelError as error:
            if not policy.ignores_failures:
                text = f"expression '{expression.source}' resulted in error: {error}"
                failures.append(Failure(text))
            continue
        if isinstance(value, str) and value.strip():
            values = notes.setdefault(f"{policy.name}/{key}", [])
            if value.strip() not in values:
                values.append(value.strip())
    return failures


def conditions_hold(
    conditions: Sequence[Expression], scope: dict[str, Any], budget: list[int]
) -> bool:
    """One condition that is false outweighs errors of others; raises CelError with all errors."""
    problems: list[str] = []
    for condition in conditions:
        try:
            if condition.evaluate(scope, budget) is not True:
                return False
        except CelError as error:
            problems.append(f"expression '{condition.source}' resulted in error: {error}")
    if problems:
        raise CelError(aggregate(problems))
    return True


def _judge(
    policy: CompiledPolicy, validation: Validation, scope: dict[str, Any], budget: list[int]
) -> Failure | None:
    source = validation.expression.source
    try:
        if validation.expression.evaluate(scope, budget) is True:
            return None
    except CelError as error:
        if policy.ignores_failures:
            return None
        return Failure(f"expression '{source}' resulted in error: {error}")
    text = validation.message or f"failed expression: {source.strip()}"
    if validation.message_expression is not None:
        try:
            told = validation.message_expression.evaluate(scope, budget)
        except CelError:
            told = ""
        if isinstance(told, str) and _is_message(told):
            text = told.strip()
    return Failure(text, validation.reason)


def _is_message(text: str) -> bool:
    stripped = text.strip()
    return bool(stripped) and "\n" not in stripped and len(stripped.encode()) <= _MAX_MESSAGE
