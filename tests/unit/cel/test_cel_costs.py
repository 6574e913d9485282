"""What evaluations cost, and the limits that end them."""

from __future__ import annotations

import pytest

from kapi.cel.environment import CALL_LIMIT, Environment
from kapi.cel.types import BOOL, DYN, INT, STRING, list_of, map_of, object_type
from kapi.cel.values import BudgetSpent, CelError, CostExceeded

_SELF = object_type(
    "self",
    {
        "n": ("n", INT),
        "ok": ("ok", BOOL),
        "s": ("s", STRING),
        "numbers": ("numbers", list_of(INT)),
        "texts": ("texts", list_of(STRING)),
        "labels": ("labels", map_of(STRING, STRING)),
        "any": ("any", DYN),
    },
)
_ENVIRONMENT = Environment({"self": _SELF})
_VALUE = {
    "n": 3,
    "ok": True,
    "s": "x" * 25,
    "numbers": [1, 2, 3, 4],
    "texts": ["aa", "bb"],
    "labels": {"a": "1", "b": "2"},
    "any": "text",
    "empty": "",
}


def cost(source, **changes):
    """What one evaluation costs."""
    budget = [10 * CALL_LIMIT]
    _ENVIRONMENT.compile(source).evaluate_within({"self": _VALUE | changes}, budget)
    return 10 * CALL_LIMIT - budget[0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("self.n == 3", 3),  # the variable, the member, the comparison
        ("has(self.n)", 1),
        ("has(self.any.x)", 2),
        ("!self.ok", 3),
        ("[1, 2, 3] == [1, 2]", 1),  # literals of constants cost nothing
        ("[self.n] == [3]", 2 + 10 + 1),
        ("{'a': self.n} == {'a': 3}", 2 + 30 + 1),
        ("self.n in [1, 2]", 2),  # as does looking into them
        ("self.n in self.numbers", 2 + 2 + 4),
        ("int('5') == 5", 1),  # conversions of constants are made beforehand
        ("self.numbers[0] == 1", 3 + 1),
        ("self.numbers[self.n] == 4", 2 + 2 + 1),  # the index is a step of the path
        ("self.numbers[1 + 1] == 3", 2 + 1 + 1 + 1),
        ("self.numbers.map(x, x)[0] == 1", 2 + 4 * 13 + 1 + 1 + 1 + 1),
    ],
)
def test_paths_and_literals(source, expected):
    """Each step of a path costs one; what is known when the program is made costs nothing."""
    assert cost(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("self.s == 'y'", 3),
        ("self.s == ''", 2),  # nothing is compared with an empty text
        ("self.s == self.s", 2 + 2 + 3),  # a tenth of 25, rounded up
        ("self.s.startsWith('x')", 2 + 3),
        ("self.s.contains('y')", 2 + 3 * 1),
        ("self.s.contains('yyyyyyyyyyyy')", 2 + 3 * 2),
        ("self.s.matches('^x+$')", 2 + 3 * 1),  # a quarter of the pattern's length
        ("self.s.matches('^[a-z]+$')", 2 + 3 * 2),
        ("self.s.find('x') == 'x'", 2 + 3 * 1 + 1),
        ("self.s + self.s == ''", 2 + 2 + 5),
        ("self.s < 'y'", 2 + 1),
        ("self.s.split('') == []", 2 + 5),
        ("self.s.replace('x', 'y') == ''", 2 + 5),
        ("self.s.indexOf('y') == 0", 2 + 2 + 1),
        ("['ab', 'cd'].join('-') == 'ab-cd'", 1 + 1),
        ("self.numbers.sum() == 10", 2 + 4 + 1),
        ("isQuantity(self.s)", 2 + 3),
        ("url('https://example.com').getHost() == 'e'", 2 + 1 + 1),
        ("isIP('10.0.0.1')", 1),
        ("cidr('10.0.0.0/8').containsIP('10.0.0.1')", 1 + 1 + 1),
        ("format.dns1123Label().validate('abc').hasValue()", 1 + 1 * 8 + 1),
        ("sets.contains(self.numbers, [1, 2])", 2 + 1 + 4 * 2),
        ("self.numbers.sort() == []", 2 + 2 * 16 + 11),
        ("self.texts.distinct() == []", 2 + int(2.1 * 4) + 11),
        ("self.numbers.reverse() == []", 2 + 4 + 11),
    ],
)
def test_functions_are_charged_by_sizes(source, expected):
    """Functions of texts and lists cost by what they look at."""
    assert cost(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("false && self.n == 3", 0),
        ("true && self.n == 3", 3),
        ("self.ok || self.n == 3", 2),
        ("self.ok ? self.n == 3 : true", 2 + 3),
        ("(self.ok ? self.n : 1) == 3", 2 + 1 + 1),  # the variable of an alternative is free
        ("1 / (self.n - 3) == 0 || self.ok", 3 + 1 + 1 + 2),
        ("self.numbers.all(x, x > 0)", 2 + 4 * (3 + 2) + 1),
        ("self.numbers.all(x, x > 1)", 2 + (3 + 2) + 2 + 1),  # asked again before the second
        ("self.numbers.exists(x, x == 2)", 2 + 2 * (4 + 2) + 3 + 1),
        ("self.numbers.exists(x, x == 4)", 2 + 4 * (4 + 2) + 1),
        ("self.numbers.exists_one(x, x == 2)", 2 + 4 * 2 + 2 + 2),
        ("self.numbers.filter(x, x > 2) == []", 2 + 4 * 2 + 2 * 13 + 1),
        ("self.numbers.map(x, x + 1) == []", 2 + 4 * (12 + 2) + 1),
        ("self.numbers.map(x, 1) == []", 2 + 4 * 2 + 1),
        ("self.numbers.map(x, x > 2, x) == []", 2 + 4 * 2 + 2 * 13 + 1),
        ("self.labels.all(k, v, v != '')", 2 + 2 * (3 + 1) + 1),
        ("self.labels.transformMap(k, v, v) == {}", 2 + 2 * 4 + 1),
        ("self.numbers.sortBy(x, -x) == []", 3 + 2 + 4 * (12 + 2) + 2 * 16 + 11),
        ("optional.of(self.n).optMap(x, x + 1).hasValue()", 1 + (2 + 1) * 2 + 1 + 1 + 2 + 1),
        ("self.?any.orValue('a') == 'a'", 1 + 1 + 1),
    ],
)
def test_branches_and_loops_are_charged_for_what_is_evaluated(source, expected):
    """Operands that are not needed cost nothing; loops cost what they are defined as."""
    assert cost(source) == expected


def test_empty_texts_are_free():
    """A comparison with nothing costs nothing, also where that shows only then."""
    assert cost("self.s == 'a'", s="") == 2
    assert cost("self.s.startsWith('a')", s="") == 2


def test_a_long_evaluation_is_ended():
    """One evaluation may cost a million, and no ``||`` hides that it does."""
    program = _ENVIRONMENT.compile("self.numbers.all(x, self.numbers.all(y, true)) || true")
    # An inner loop costs 3 + 3 for each item, the outer one 3.
    assert program.evaluate({"self": _VALUE | {"numbers": list(range(570))}}) is True
    with pytest.raises(CostExceeded, match="operation cancelled: actual cost limit exceeded"):
        program.evaluate({"self": _VALUE | {"numbers": list(range(580))}})


def test_a_shared_budget_outlasts_no_evaluation():
    """What does not fit into the rest of the budget fails, whatever its result is."""
    program, budget = _ENVIRONMENT.compile("self.n == 3"), [5]
    assert program.evaluate_within({"self": _VALUE}, budget) is True
    assert budget == [2]
    with pytest.raises(BudgetSpent, match="running out of cost budget"):
        program.evaluate_within({"self": _VALUE}, budget)


def test_failures_are_paid_for():
    """An evaluation that fails has cost what it did until then."""
    budget = [100]
    with pytest.raises(CelError, match="division by zero"):
        _ENVIRONMENT.compile("1 / (self.n - 3) == 0").evaluate_within({"self": _VALUE}, budget)
    assert 90 <= budget[0] < 100


def test_types_are_free_alternatives():
    """The name of a type is a constant, also where a variable would be free."""
    assert cost("type(self.any) == (self.ok ? string : int)") == 2 + 1 + 2 + 1
