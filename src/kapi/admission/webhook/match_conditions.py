"""Match conditions: CEL expressions that say which requests a webhook is called for.

Implements "Matching requests: matchConditions" of the documentation. How an expression becomes a
function is the business of whoever puts the server together; here is what the results mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = [
    "CompileCondition",
    "Condition",
    "ConditionError",
    "MatchConditions",
    "OutOfBudgetError",
]

# What all conditions of one webhook may cost together for one request.
_COST_LIMIT = 2_500_000


class ConditionError(Exception):
    """An expression has no result for this request; the text says which, and why."""


class OutOfBudgetError(ConditionError):
    """The conditions of a webhook cost too much together."""


class Condition(Protocol):
    """One compiled expression."""

    def __call__(
        self,
        context: RequestContext,
        request: JSONObject,
        obj: JSONObject | None,
        old: JSONObject | None,
        budget: list[int],
        /,
    ) -> bool:
        """Its value for a request, paid from a budget; raises ConditionError.

        ``request`` is the AdmissionRequest without uid and objects, ``obj`` and ``old`` are the
        objects at the version that the webhook is sent. ``context`` knows whom to authorize.
        """
        ...


class CompileCondition(Protocol):
    """Compiles an expression that was valid when its configuration was written."""

    def __call__(self, expression: str) -> Condition:
        """The expression as a function."""
        ...


class MatchConditions:
    """All conditions of one webhook."""

    def __init__(self, conditions: Sequence[JSONObject], compile_one: CompileCondition) -> None:
        self._conditions = [compile_one(each.get("expression") or "") for each in conditions]

    def __bool__(self) -> bool:
        return bool(self._conditions)

    def matches(
        self,
        context: RequestContext,
        request: JSONObject,
        obj: JSONObject | None,
        old: JSONObject | None,
    ) -> bool:
        """Whether all are true; one that is false outweighs errors of others.

        Raises ConditionError.
        """
        errors: list[str] = []
        budget = [_COST_LIMIT]
        for condition in self._conditions:
            try:
                if not condition(context, request, obj, old, budget):
                    return False
            except OutOfBudgetError:
                raise
            except ConditionError as error:
                errors.append(str(error))
        if errors:
            raise ConditionError(errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]")
        return True
