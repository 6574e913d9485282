"""What the expressions of a policy may cost."""

from __future__ import annotations

from kapi.admission.policy.compiled import compile_policy
from kapi.admission.policy.evaluation import evaluate_policy

SLOW = "!object.s.contains(object.t)"
# 930,005 for each such expression.
OBJECT = {"s": "a" * 300_000, "t": "b" * 303}
SPENT = (
    "validation failed due to running out of cost budget, no further validation rules will be run"
)


def failures(obj=OBJECT, **spec):
    policy = compile_policy({"metadata": {"name": "p"}, "spec": spec})
    return evaluate_policy(policy, {"object": obj, "oldObject": None, "request": {}}, {})


def slow(count, key="expression"):
    return [{key: SLOW} for _ in range(count)]


def test_validations_share_a_budget():
    """Ten million for all; the one error is told instead of what failed before."""
    assert failures(validations=slow(10)) == []
    told = failures(validations=[{"expression": "false"}, *slow(11)])
    assert [failure.text for failure in told] == [SPENT]


def test_a_policy_may_ignore_that():
    """By its failurePolicy, as any error."""
    assert failures(validations=slow(11), failurePolicy="Ignore") == []


def test_one_expression_has_its_own_limit():
    """That is an error of this expression only."""
    told = failures(OBJECT | {"s": "a" * 400_000}, validations=[*slow(1), {"expression": "false"}])
    assert [failure.text for failure in told] == [
        f"expression '{SLOW}' resulted in error: operation cancelled: actual cost limit exceeded",
        "failed expression: false",
    ]


def test_conditions_have_a_smaller_budget():
    """Two and a half million, which validations do not get."""
    named = [{"name": f"c{n}", "expression": SLOW} for n in range(3)]
    assert failures(matchConditions=named[:2], validations=slow(10)) == []
    told = failures(matchConditions=named, validations=slow(1))
    assert [failure.text for failure in told] == [SPENT]


def test_variables_are_paid_for_where_they_are_used():
    """Each has the limit of an expression, and all the budget of the policy."""
    names = [f"v{n}" for n in range(11)]
    variables = [{"name": name, "expression": SLOW} for name in names]
    used = [{"expression": f"variables.{name}"} for name in names]
    assert failures(variables=variables, validations=used[:10] * 2) == []
    told = failures(variables=variables, validations=used)
    assert [failure.text for failure in told] == [SPENT]


def test_a_message_that_cannot_be_paid_is_an_error():
    """What is left after all validations is for the messages."""
    message = f"{SLOW} ? 'a' : 'b'"
    validations = [*slow(10), {"expression": "false", "messageExpression": message}]
    told = failures(validations=validations)
    assert [failure.text for failure in told] == [f"failed messageExpression: {SPENT}"]
