"""What the match conditions of a webhook may cost."""

from __future__ import annotations

import pytest

from kapi.admission.webhook.match_conditions import (
    ConditionError,
    MatchConditions,
    OutOfBudgetError,
)
from kapi.cel.environment import Environment
from kapi.cel.types import DYN
from kapi.cel.values import BudgetSpent, CelError

_ENVIRONMENT = Environment({"object": DYN})


def compile_one(expression):
    """A condition as the server compiles it, without an authorizer."""
    program = _ENVIRONMENT.compile(expression)

    def evaluate(_context, _request, obj, _old, budget):
        try:
            return program.evaluate_within({"object": obj}, budget)
        except BudgetSpent as error:
            raise OutOfBudgetError(str(error)) from error
        except CelError as error:
            raise ConditionError(str(error)) from error

    return evaluate


# 930,005 for each slow condition.
OBJECT = {"s": "a" * 300_000, "t": "b" * 303}


def conditions(count, last="true"):
    slow = "!object.s.contains(object.t)"
    expressions = [slow] * count + [last]
    return MatchConditions([{"expression": text} for text in expressions], compile_one)


def test_conditions_share_a_budget():
    """Two and a half million for all; each may cost a million."""
    assert conditions(2).matches(None, {}, OBJECT, None) is True
    with pytest.raises(OutOfBudgetError, match="running out of cost budget"):
        conditions(3).matches(None, {}, OBJECT, None)


def test_a_spent_budget_outweighs_all_else():
    """No condition is evaluated after it, also none that is false."""
    with pytest.raises(OutOfBudgetError):
        conditions(3, last="false").matches(None, {}, OBJECT, None)


def test_one_condition_has_its_own_limit():
    """That is an error as others are, which a false condition outweighs."""
    value = OBJECT | {"s": "a" * 400_000}
    with pytest.raises(ConditionError, match="actual cost limit exceeded"):
        conditions(1).matches(None, {}, value, None)
    assert conditions(1, last="false").matches(None, {}, value, None) is False
