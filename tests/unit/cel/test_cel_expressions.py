"""Expressions: parsing, type checking, evaluation."""

from __future__ import annotations

import pytest

from kapi.cel.environment import Environment
from kapi.cel.syntax import CompileError, ProgramError
from kapi.cel.types import DYN, INT, STRING, object_type
from kapi.cel.values import CelError, CostExceeded

_SELF = object_type("self", {"a": ("a", STRING), "b": ("b", INT), "with__dash__x": ("with-x", INT)})
_ENVIRONMENT = Environment({"self": _SELF, "any": DYN})


def evaluate(source, **variables):
    return _ENVIRONMENT.compile(source).evaluate(variables)


@pytest.mark.parametrize(
    ("source", "position", "text"),
    [
        ("self.zz == 'x'", 5, "undefined field 'zz'"),
        ("slef.a == 'x'", 1, "undeclared reference to 'slef' (in container '')"),
        ("self.a == 5", 8, "found no matching overload for '_==_' applied to '(string, int)'"),
        ("self.a.size(1)", 12, "found no matching overload for 'size' applied to 'string.(int)'"),
        ("self.b in [1, 'x']", 15, "expected type 'int' but found 'string'"),
        ("has(self.b[0])", 11, "invalid argument to has() macro"),
        ("(self.b > 1", 12, "Syntax error: missing ')' at '<EOF>'"),
        ("self.a = 'x'", 8, "Syntax error: token recognition error at: '= '"),
    ],
)
def test_errors_are_shown_where_they_are(source, position, text):
    """A refused expression comes with its source and a mark below the fault."""
    with pytest.raises(CompileError) as refused:
        _ENVIRONMENT.compile(source)
    lines = str(refused.value).split("\n")
    assert lines[0] == f"ERROR: <input>:1:{position}: {text}"
    assert lines[1:3] == [f" | {source}", f" | {'.' * (position - 1)}^"]


def test_several_errors_are_told_in_their_order():
    """The type checker goes on after the first error."""
    with pytest.raises(CompileError) as refused:
        _ENVIRONMENT.compile("self.zz == 'x' && self.yy == 1")
    assert str(refused.value).count("ERROR") == 2


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("7 / -2", -3),
        ("-7 % 3", -1),
        ("1 < 1.5", True),
        ("any == true", False),  # a number is no boolean
        ("any == 1.0", True),
        ("false && 1 / 0 > 0", False),
        ("1 / 0 > 0 || true", True),
        ("[1, 2, 0].exists(x, 4 / x > 3)", True),
        ("[3, 4].all(i, v, i < v)", True),
        ("{'a': 1}.transformMap(k, v, v + 1)", {"a": 2}),
        ("[1, 2, 3].map(x, x > 1, x * 2)", [4, 6]),
        ("'%s is %d'.format([['a'], 1])", '["a"] is 1'),
        ("{'a': {'b': 1}}.?a.?c.orValue({'d': 2}.d)", 2),
        ("self.with__dash__x", 5),
        ("type(self.a) == string", True),
        ("r'\\d' + '\\x41'", "\\dA"),
        ("timestamp('2024-05-06T07:08:09Z').getHours('America/New_York')", 3),
    ],
)
def test_values(source, result):
    """Operators, macros and literals give what the language definition says."""
    assert evaluate(source, self={"a": "x", "b": 3, "with-x": 5}, any=1) == result


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("9223372036854775807 + self.b", "integer overflow"),
        ("1 / 0", "division by zero"),
        ("self.a", "no such key: a"),
        ("[1][3]", "index out of bounds: 3"),
        ("int('x')", "type conversion error from 'string' to 'int'"),
        ("optional.none().value()", "optional.none() dereference"),
    ],
)
def test_evaluations_that_fail(source, text):
    """An evaluation without a result says why."""
    with pytest.raises(CelError, match=f"^{text.replace('(', '[(]').replace(')', '[)]')}$"):
        evaluate(source, self={"b": 3})


def test_cost_is_bounded():
    """Nested loops over long lists are stopped."""
    program = _ENVIRONMENT.compile("lists.range(800).all(x, lists.range(800).exists(y, y == x))")
    with pytest.raises(CostExceeded):
        program.evaluate({})


@pytest.mark.parametrize(
    ("source", "position", "text"),
    [
        ("self.a.matches('a(')", 16, "invalid matches argument"),
        ("duration('1y') == duration('1h')", 10, "invalid duration argument"),
        ("timestamp('today') != timestamp(0)", 11, "invalid timestamp argument"),
    ],
)
def test_literals_are_read_when_the_expression_is_written(source, position, text):
    """What could never be evaluated is refused."""
    with pytest.raises(CompileError) as refused:
        _ENVIRONMENT.compile(source)
    assert str(refused.value).startswith(f"ERROR: <input>:1:{position}: {text}")
    assert refused.value.stage == "compilation failed"


@pytest.mark.parametrize("call", ["find('a(')", "findAll('a(')", "findAll('a(', 1)"])
def test_patterns_of_searches_are_read_with_the_program(call):
    """The type check does not know these functions; the program cannot be made."""
    with pytest.raises(ProgramError) as refused:
        _ENVIRONMENT.compile(f"self.a.{call} != self.a.{call}")
    assert str(refused.value) == "error parsing regexp: missing closing ): `a(`"
    assert refused.value.stage == "program instantiation failed"


def test_patterns_that_are_computed_fail_when_they_are_used():
    """Their error is that of the call."""
    value = {"a": "a(", "b": 1}
    with pytest.raises(CelError, match="error parsing regexp: missing closing"):
        evaluate("'x'.matches(self.a)", self=value)
    with pytest.raises(CelError, match="Illegal regex: error parsing regexp: missing closing"):
        evaluate("'x'.find(self.a)", self=value)
