"""The budget of an evaluation, and how the steps of a program are charged to it.

A scope is the dict of the variables, with the rest of the budget under a name that no variable
can have. What a part of an expression costs whatever its values are is charged once for all steps
that follow one another without a branch; only sizes are counted when they are known.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, TypeAlias

from kapi.cel.costs.calls import equality_cost
from kapi.cel.values import CelError, CostExceeded

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.cel.costs.calls import CallCost

Scope: TypeAlias = "dict[str, Any]"
Step: TypeAlias = "Callable[[Scope], Any]"

__all__ = [
    "BUDGET",
    "Scope",
    "Step",
    "charge",
    "counted_call",
    "equality",
    "equality_to_text",
    "plain_call",
    "searching_call",
    "traversing_call",
    "truth",
]

BUDGET = "@budget"
# Texts up to this long cost one to look through.
_SHORT = 10


def charge(scope: Scope, cost: int) -> None:
    """Pay; raises CostExceeded."""
    budget = scope[BUDGET]
    budget[0] -= cost
    if budget[0] < 0:
        raise CostExceeded


def truth(value: Any) -> bool:
    """A value that has to be a boolean."""
    if value is True or value is False:
        return bool(value)
    raise CelError("no such overload")


def plain_call(call: Callable[..., Any], args: list[Step]) -> Step:
    """A call whose cost does not depend on its values."""
    if len(args) == 1:
        only = args[0]
        return lambda scope: call(only(scope))
    if len(args) == 2:
        first, second = args
        return lambda scope: call(first(scope), second(scope))
    return lambda scope: call(*[arg(scope) for arg in args])


def counted_call(call: Callable[..., Any], args: list[Step], cost: CallCost) -> Step:
    """A call that is charged by its values and its result."""
    if len(args) == 2:
        first, second = args

        def step(scope: Scope) -> Any:
            a, b = first(scope), second(scope)
            result = call(a, b)
            charge(scope, cost(result, a, b))
            return result

        return step

    def step_of_many(scope: Scope) -> Any:
        values = [arg(scope) for arg in args]
        result = call(*values)
        charge(scope, cost(result, *values))
        return result

    return step_of_many


def traversing_call(call: Callable[..., Any], args: list[Step]) -> Step:
    """A call that traverses a text, for which one has been charged already."""
    first, rest = args[0], args[1:]
    second = rest[0] if len(rest) == 1 else None

    def pay(scope: Scope, size: int) -> None:
        if size:
            charge(scope, ceil(size * 0.1) - 1)
        else:
            scope[BUDGET][0] += 1

    def step(scope: Scope) -> Any:
        text = first(scope)
        if text.__class__ is str and not 0 < len(text) <= _SHORT:
            pay(scope, len(text))
        if second is not None:
            return call(text, second(scope))
        return call(text, *[arg(scope) for arg in rest])

    return step


def searching_call(test: Callable[[Any], Any], operand: Step, unit: int) -> Step:
    """A search with a pattern of the expression, whose cost has been charged already once."""

    def step(scope: Scope) -> Any:
        text = operand(scope)
        if text.__class__ is str and len(text) >= _SHORT:
            charge(scope, (ceil((len(text) + 1) * 0.1) - 1) * unit)
        return test(text)

    return step


def equality(test: Callable[[Any, Any], bool], left: Step, right: Step) -> Step:
    """A comparison, for which one has been charged already."""

    def step(scope: Scope) -> bool:
        a, b = left(scope), right(scope)
        kind = a.__class__
        if kind is int or kind is bool:
            if b.__class__ is kind:
                return test(a, b)
        elif kind is str and b.__class__ is str:
            size = min(len(a), len(b))
            if not 0 < size <= _SHORT:
                scope[BUDGET][0] += 1 - ceil(size * 0.1)
            return test(a, b)
        cost = equality_cost(a, b)
        if cost != 1:
            charge(scope, cost - 1)
        return test(a, b)

    return step


def equality_to_text(operand: Step, text: str, *, negated: bool) -> Step:
    """A comparison with a short text of the expression, for which one has been charged already."""

    def step(scope: Scope) -> bool:
        value = operand(scope)
        if not value and value.__class__ in _SIZED:
            scope[BUDGET][0] += 1
        return bool(value == text) is not negated

    return step


_SIZED = frozenset({str, bytes, list, dict})
