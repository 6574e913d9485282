"""One evaluation of a policy: its conditions, its validations, its notes for the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kapi.admission.policy.compiled import Variables
from kapi.admission.refusal import aggregate
from kapi.cel.values import BudgetSpent, CelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.admission.policy.compiled import CompiledPolicy, Expression, Validation

__all__ = ["CONDITIONS_LIMIT", "COST_LIMIT", "Failure", "conditions_hold", "evaluate_policy"]

# What the expressions of one policy may cost together, and its match conditions.
COST_LIMIT, CONDITIONS_LIMIT = 10_000_000, 2_500_000
_MAX_MESSAGE = 5 * 1024


class Failure(NamedTuple):
    """A validation that does not hold."""

    text: str
    reason: str = "Invalid"


def evaluate_policy(
    policy: CompiledPolicy, scope: dict[str, Any], notes: dict[str, list[str]]
) -> list[Failure]:
    """What fails; ``notes`` gets the values of audit annotations."""
    try:
        if not conditions_hold(policy.conditions, scope, [CONDITIONS_LIMIT]):
            return []
        return [*_validate(policy, scope), *_annotate(policy, scope, notes)]
    except CelError as error:
        return [] if policy.ignores_failures else [Failure(str(error))]


def _validate(policy: CompiledPolicy, scope: dict[str, Any]) -> list[Failure]:
    """The validations that do not hold; raises CelError."""
    budget = [COST_LIMIT]
    if policy.variables:
        scope["variables"] = Variables(policy.variables, scope, budget)
    failures = []
    for validation in policy.validations:
        failure = _judge(policy, validation, scope, budget)
        if failure is not None:
            failures.append(failure)
    return failures


def _annotate(
    policy: CompiledPolicy, scope: dict[str, Any], notes: dict[str, list[str]]
) -> list[Failure]:
    """Take the values of audit annotations, which have a budget of their own; raises CelError."""
    budget, failures = [COST_LIMIT], []
    for key, expression in policy.annotations:
        try:
            value = expression.evaluate(scope, budget)
        except BudgetSpent:
            raise
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
        except BudgetSpent:
            raise
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
    except BudgetSpent:
        raise
    except CelError as error:
        if policy.ignores_failures:
            return None
        return Failure(f"expression '{source}' resulted in error: {error}")
    text = validation.message or f"failed expression: {source.strip()}"
    if validation.message_expression is not None:
        try:
            told = validation.message_expression.evaluate(scope, budget)
        except BudgetSpent as error:
            raise CelError(f"failed messageExpression: {error}") from error
        except CelError:
            told = ""
        if isinstance(told, str) and _is_message(told):
            text = told.strip()
    return Failure(text, validation.reason)


def _is_message(text: str) -> bool:
    stripped = text.strip()
    return bool(stripped) and "\n" not in stripped and len(stripped.encode()) <= _MAX_MESSAGE
