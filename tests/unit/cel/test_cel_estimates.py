"""What expressions are estimated to cost."""

from __future__ import annotations

import pytest

from kapi.cel.costs.estimate import estimate_cost
from kapi.cel.costs.sizes import MOST, Range, fixed
from kapi.cel.environment import Environment
from kapi.cel.types import INT, STRING, list_of, map_of, object_type

_SELF = object_type(
    "self",
    {
        "n": ("n", INT),
        "s": ("s", STRING),
        "texts": ("texts", list_of(STRING)),
        "labels": ("labels", map_of(STRING, STRING)),
    },
)
_BOUNDS = {
    (): 0,
    ("n",): 0,
    ("s",): 100,
    ("texts",): 20,
    ("texts", "@items"): 50,
    ("labels",): 8,
    ("labels", "@keys"): 0,
    ("labels", "@values"): 30,
}


def estimate(source):
    """The least and the most that an expression costs."""
    program = Environment({"self": _SELF}).compile(source)
    return estimate_cost(program.tree, program.checked, lambda path: _BOUNDS.get(path[1:]))


@pytest.mark.parametrize(
    ("source", "most"),
    [
        ("self.n < 3", 2 + 1),
        ("has(self.n)", 1),
        ("self.s == 'abc'", 2 + 1),
        ("self.s == self.s", 2 + 2 + 10),
        ("self.s.contains('abcdefghijkl')", 2 + 10 * 2),
        ("self.s.matches('^[a-z]+$')", 2 + 11 * 2),
        ("self.s.startsWith('ab')", 2 + 1),
        ("self.s.lowerAscii() == self.s", 2 + 10 + 2 + 10),
        ("self.s in self.texts", 2 + 2 + 20),
        ("[1, 2].size() == 2", 10 + 1 + 1),
        ("self.texts.all(t, t.size() < 5)", 2 + 20 * (2 + 1 + 3) + 1),
        ("self.texts.exists(t, t == self.s)", 2 + 20 * (3 + 1 + 1 + 2 + 5) + 1),
        ("self.texts.map(t, t)[0] == ''", 2 + 10 + 20 * 13 + 1 + 1 + 0),
        ("self.labels.all(k, self.labels[k] == 'x')", 2 + 8 * (2 + 1 + 2 + 1 + 1 + 1) + 1),
        ("self.labels.all(k, v, v == 'x')", 2 + 8 * (2 + 1 + 2) + 1),
        ("self.texts.all(a, self.texts.all(b, true))", 2 + 20 * (3 + 2 + 20 * 3 + 1) + 1),
        ("self.n > 1 ? self.s == 'a' : true", 3 + 3),
        ("self.texts.sort() == []", 2 + int(2.1 * 400) + 11 + 10),
        ("self.s.split('') == []", 2 + 20 + 10),
        ("quantity(self.s).isInteger()", 2 + 10 + 1),
    ],
)
def test_bounds_count(source, most):
    """Costs are those of the largest values that are allowed."""
    assert estimate(source).most == most


def test_the_least_is_that_of_the_shortest_way():
    """Operators may stop at their first operand, loops at nothing."""
    assert estimate("self.n > 1 && self.s == self.s") == Range(3, 3 + 14)
    assert estimate("self.texts.all(t, t == 'x')").least == 2 + 1


def test_costs_stay_at_the_largest_number():
    """Unknown sizes do not overflow."""
    source = "self.texts.all(t, t.split('').map(x, x).all(y, y == t + t))"
    assert estimate(source).most < MOST
    assert fixed(MOST).times(fixed(3)) == fixed(MOST)
    assert fixed(MOST).plus(fixed(1)) == fixed(MOST)
    assert fixed(MOST).scaled(0.1).most < MOST
