"""What is too deep, too long or too large for an expression, and what is only unusual."""

from __future__ import annotations

import sys

import pytest

from kapi.cel.costs.estimate import estimate_cost
from kapi.cel.environment import Environment
from kapi.cel.syntax import CompileError
from kapi.cel.types import DYN
from kapi.cel.values import CelError

_ENVIRONMENT = Environment({"any": DYN})
_MANY = "9" * 5000


def evaluate(source, **variables):
    return _ENVIRONMENT.compile(source).evaluate(variables)


def refusal(source):
    with pytest.raises(CompileError) as refused:
        _ENVIRONMENT.compile(source)
    return str(refused.value).split("\n")[0].removeprefix("ERROR: <input>:")


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("(" * 249 + "1" + ")" * 249, 1),
        ("+".join(["1"] * 251), 251),
        ("true" + " == true" * 250, True),
        ("size(" + "[" * 249 + "]" * 249 + ")", 1),
        ("[1].all(x," * 249 + "true" + ")" * 249, True),
        ("'A'" + ".lowerAscii()" * 250, "a"),
        ("&&".join(["true"] * 16_000), True),
        ("||".join(["false"] * 14_000 + ["any"]), True),
        ("-" * 5000 + "1", 1),
        ("!" * 5001 + "true", False),
    ],
)
def test_deep_expressions(source, result):
    """What CEL allows is compiled, estimated and evaluated, however deep Python has to go."""
    limit = sys.getrecursionlimit()
    program = _ENVIRONMENT.compile(source)
    assert program.evaluate({"any": True}) == result
    assert estimate_cost(program.tree, program.checked, lambda _path: None).least >= 0
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("(" * 250 + "1" + ")" * 250, "-1:0: expression recursion limit exceeded: 250"),
        ("[" * 5000, "-1:0: expression recursion limit exceeded: 250"),
        ("+".join(["1"] * 252), "-1:0: max recursion depth exceeded"),
        ("any" + ".a" * 251, "-1:0: max recursion depth exceeded"),
        ("any" + "[0]" * 251, "-1:0: max recursion depth exceeded"),
        (
            "'" + "a" * 100_000 + "'",
            "-1:0: expression code point size exceeds limit: size: 100002, limit 100000",
        ),
        (_MANY, "1:1: invalid int literal"),
        ("-9223372036854775809", "1:1: invalid int literal"),
        ("0x" + "f" * 17, "1:1: invalid int literal"),
        (_MANY + "u", "1:1: invalid uint literal"),
        ("1e999", "1:1: invalid double literal"),
        ("'\\UFFFFFFFF'", "1:1: invalid unicode code point"),
        ("!-any", "1:3: Syntax error: no viable alternative at input '-any'"),
        ("-!true", "1:2: Syntax error: no viable alternative at input '-!'"),
        ("!1", "1:1: found no matching overload for '!_' applied to '(int)'"),
    ],
)
def test_refused_expressions(source, told):
    """What is too deep, too long or too large is told as an error of the source."""
    assert refusal(source) == told


@pytest.mark.parametrize("source", ["!!1 == 1", "--1 == 1", "-9223372036854775808 < 0", "- 1 < 0"])
def test_signs(source):
    """Two of the same sign are none; the least number is one literal."""
    assert evaluate(source) is True


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("any[any]", {"a": 1}),
        ("any[[1]]", {"a": 1}),
        ("any[?[1]]", {"a": 1}),
        ("[1][any]", float("inf")),
        ("[1][any]", float("nan")),
        ("any.isSorted()", [1, "a"]),
        ("any.min()", [None, {}]),
        ("any.max()", [1, "a"]),
        ("semver(any)", f"{_MANY}.0.0"),
        ("semver(any, true)", f"1.0{_MANY}"),
        (f"'%.{_MANY}f'.format([any])", 1.5),
    ],
)
def test_values_without_a_result(source, value):
    """Values of unfit types and sizes are errors of the expression."""
    with pytest.raises(CelError):
        evaluate(source, any=value)


def test_versions_before_a_release_may_have_long_numbers():
    """They are compared all the same, by their size."""
    assert evaluate(f"semver('1.0.0-9').isLessThan(semver('1.0.0-1{_MANY}'))") is True


@pytest.mark.parametrize(("zone", "hour"), [("24:00", 1), ("-99:00", 22), ("99:59", 4)])
def test_zones_of_more_than_a_day(zone, hour):
    """Offsets of any size only shift the time."""
    assert evaluate("timestamp('2020-01-01T01:00:00Z').getHours(any)", any=zone) == hour
