"""Match conditions as CEL programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapi.admission.webhook.match_conditions import ConditionError, OutOfBudgetError
from kapi.apis.admissionregistration.match_condition_expressions import (
    ExpressionError,
    compile_match_condition,
)
from kapi.cel.values import BudgetSpent, CelError

if TYPE_CHECKING:
    from kapi.admission.webhook.match_conditions import Condition
    from kapi.apimachinery.types import JSONObject
    from kapi.authorization.authorizer import Authorizer
    from kapi.registry.context import RequestContext

__all__ = ["ConditionCompiler"]


class ConditionCompiler:
    """Implements :class:`~kapi.admission.webhook.match_conditions.CompileCondition`."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def __call__(self, expression: str) -> Condition:
        """The expression as a function."""
        return _compile(expression, self._authorizer)


def _compile(expression: str, authorizer: Authorizer) -> Condition:
    failed = f"expression '{expression}' resulted in error:"
    try:
        program = compile_match_condition(expression)
    except ExpressionError as error:
        text = f"{failed} {error}"

        def fail(*_: object) -> bool:
            raise ConditionError(text)

        return fail

    # Only now: a server without match conditions starts without the expression language.
    from kapi.admission.expression_authorizer import authorizer_variables  # noqa: PLC0415

    checks = any(name.startswith("authorizer") for name in program.names)

    def evaluate(
        context: RequestContext,
        request: JSONObject,
        obj: JSONObject | None,
        old: JSONObject | None,
        budget: list[int],
    ) -> bool:
        variables: dict[str, Any] = {"request": request, "object": obj, "oldObject": old}
        if checks:
            variables |= authorizer_variables(authorizer, context.user, request)
        try:
            value = program.evaluate_within(variables, budget)
        except BudgetSpent as error:
            raise OutOfBudgetError(str(error)) from error
        except CelError as error:
            raise ConditionError(f"{failed} {error}") from error
        if not isinstance(value, bool):
            raise ConditionError(f"{failed} cannot evaluate to non-bool")
        return value

    return evaluate
