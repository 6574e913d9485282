"""Match conditions as CEL programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.admission.webhook.match_conditions import ConditionError
from kapi.apis.admissionregistration.match_condition_expressions import (
    ExpressionError,
    compile_match_condition,
)
from kapi.cel.values import CelError

if TYPE_CHECKING:
    from kapi.admission.webhook.match_conditions import Condition
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = ["compile_condition"]


def compile_condition(expression: str) -> Condition:
    """Implements :class:`~kapi.admission.webhook.match_conditions.CompileCondition`."""
    failed = f"expression '{expression}' resulted in error:"
    try:
        program = compile_match_condition(expression)
    except ExpressionError as error:
        text = f"{failed} {error}"

        def fail(*_: object) -> bool:
            raise ConditionError(text)

        return fail

    def evaluate(
        _context: RequestContext,
        request: JSONObject,
        obj: JSONObject | None,
        old: JSONObject | None,
    ) -> bool:
        variables = {"request": request, "object": obj, "oldObject": old}
        try:
            value = program.evaluate(variables)
        except CelError as error:
            raise ConditionError(f"{failed} {error}") from error
        if not isinstance(value, bool):
            raise ConditionError(f"{failed} cannot evaluate to non-bool")
        return value

    return evaluate
