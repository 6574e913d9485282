"""Macros over the items of a value and over optional values.

Each macro costs what the loop costs that CEL defines it as: a result that is carried from item to
item is looked at and changed for each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from kapi.cel.costs.calls import LIST_LITERAL, self_compared
from kapi.cel.metering import BUDGET, charge, truth
from kapi.cel.values import CelError, CostExceeded, Optional

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kapi.cel.metering import Scope, Step
    from kapi.cel.syntax import Comprehension

    # A step and the part of its cost that does not depend on values.
    Branch: TypeAlias = tuple[Step, int]
    Each: TypeAlias = Callable[[Scope], Iterator[Scope]]

__all__ = ["comprehension", "optional_map"]

# Adding an item to the list that is the result: the sum, the result, a list of one item.
_APPEND = 1 + 1 + LIST_LITERAL
_TAKE_ITEM = 1
# Inserting an entry into the map that is the result: the call and the result.
_INSERT = 1 + 1


@dataclass(frozen=True, slots=True)
class _Loop:
    """A comprehension being built."""

    target: Step
    names: list[str]
    # The condition of a filter, or the test, and what is made of each item; fixed costs with both.
    parts: list[Branch]
    # Whether what is made of each item does not depend on it.
    constant: bool

    def each(self, step_cost: int, condition_cost: int = 0) -> Each:
        """Yields the scope of each item, the same dict every time, after charging for it."""
        target, cost = self.target, step_cost + condition_cost
        first, second = self.names[0], self.names[1] if len(self.names) == 2 else None

        def one(scope: Scope) -> Iterator[Scope]:
            value = target(scope)
            if not isinstance(value, (list, dict)):
                raise CelError("no such overload")
            inner, budget = {**scope}, scope[BUDGET]
            for item in value:
                budget[0] -= cost
                if budget[0] < -step_cost:
                    raise CostExceeded
                inner[first] = item
                yield inner

        def two(scope: Scope) -> Iterator[Scope]:
            value = target(scope)
            if not isinstance(value, (list, dict)):
                raise CelError("no such overload")
            inner, budget = {**scope}, scope[BUDGET]
            for key, item in value.items() if isinstance(value, dict) else enumerate(value):
                budget[0] -= cost
                if budget[0] < -step_cost:
                    raise CostExceeded
                inner[first], inner[second] = key, item  # type: ignore[index]
                yield inner

        return one if second is None else two


def comprehension(
    node: Comprehension, target: Step, parts: list[Branch], *, constant: bool
) -> Branch:
    """The step of a macro over items, and its fixed cost."""
    return _MACROS[node.macro](_Loop(target, node.names, parts, constant))


def optional_map(node: Comprehension, target: Step, again: int, body: Branch) -> Step:
    """``optMap`` and ``optFlatMap``; ``again`` is what the target's fixed cost is.

    The macro asks its target whether it has a value, and evaluates it once more to have it.
    """
    name, flat = node.names[0], node.macro == "optFlatMap"
    step, cost = body
    cost += again + 1 if flat else again + 2

    def evaluate(scope: Scope) -> Optional:
        budget = scope[BUDGET]
        before = budget[0]
        value = target(scope)
        if not isinstance(value, Optional):
            raise CelError("no such overload")
        if not value.present:
            budget[0] -= 1
            return value
        charge(scope, before - budget[0] + cost)
        found = step({**scope, name: value.value})
        return found if flat else Optional(found)

    return evaluate


def _decided(stop: bool) -> Callable[[_Loop], Branch]:
    """``all`` and ``exists``: one item may decide, whatever errors the others have."""
    # Whether the result is decided is asked before each item; of ``exists``, its negation.
    condition = 3 if stop else 2

    def make(loop: _Loop) -> Branch:
        test, test_cost = loop.parts[0]
        step_cost = 1 + test_cost
        each = loop.each(step_cost, condition)

        def step(scope: Scope) -> bool:
            failure: CelError | None = None
            items = each(scope)
            for inner in items:
                try:
                    if truth(test(inner)) is stop:
                        if next(items, None) is not None:  # asked, but not evaluated
                            scope[BUDGET][0] += step_cost
                        return stop
                except CostExceeded:
                    raise
                except CelError as error:
                    failure = failure or error
            if failure is not None:
                raise failure
            return not stop

        return step, 1

    return make


def _exists_one(loop: _Loop) -> Branch:
    test, cost = loop.parts[0]
    each = loop.each(cost)

    def step(scope: Scope) -> bool:
        count = sum(1 for inner in each(scope) if truth(test(inner)))
        charge(scope, 2 * count)
        return count == 1

    return step, 2


def _filter(loop: _Loop) -> Branch:
    test, cost = loop.parts[0]
    each, name = loop.each(cost), loop.names[0]

    def step(scope: Scope) -> list[Any]:
        found = [inner[name] for inner in each(scope) if truth(test(inner))]
        charge(scope, len(found) * (_APPEND + _TAKE_ITEM))
        return found

    return step, 1


def _transform(loop: _Loop) -> Branch:
    body, body_cost = loop.parts[-1]
    cost = _APPEND - LIST_LITERAL if loop.constant else _APPEND + body_cost
    if len(loop.parts) == 1:
        each = loop.each(cost)
        return (lambda scope: [body(inner) for inner in each(scope)]), 1
    test, test_cost = loop.parts[0]
    tested = loop.each(test_cost)

    def step(scope: Scope) -> list[Any]:
        found = [body(inner) for inner in tested(scope) if truth(test(inner))]
        charge(scope, len(found) * cost)
        return found

    return step, 1


def _inserted(loop: _Loop, key_cost: int) -> Callable[[Scope], Iterator[tuple[Scope, Any]]]:
    """The scopes of the items that are kept, with what is made of each."""
    body, body_cost = loop.parts[-1]
    cost = _INSERT + key_cost + body_cost
    if len(loop.parts) == 1:
        each = loop.each(cost)
        return lambda scope: ((inner, body(inner)) for inner in each(scope))
    test, test_cost = loop.parts[0]
    tested = loop.each(test_cost)

    def step(scope: Scope) -> Iterator[tuple[Scope, Any]]:
        for inner in tested(scope):
            if truth(test(inner)):
                charge(scope, cost)
                yield inner, body(inner)

    return step


def _transform_map(loop: _Loop) -> Branch:
    entries, name = _inserted(loop, 1), loop.names[0]
    return (lambda scope: {inner[name]: value for inner, value in entries(scope)}), 1


def _transform_entries(loop: _Loop) -> Branch:
    entries = _inserted(loop, 0)

    def step(scope: Scope) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for _, entry in entries(scope):
            for key in entry:
                if key in found:
                    raise CelError(f"insert failed: key '{key}' already exists")
            found.update(entry)
        return found

    return step, 1


def _sort_by(loop: _Loop) -> Branch:
    key, key_cost = loop.parts[0]
    each, name = loop.each(_APPEND + key_cost), loop.names[0]

    def step(scope: Scope) -> list[Any]:
        pairs = [(key(inner), inner[name]) for inner in each(scope)]
        charge(scope, self_compared(None, [pair[0] for pair in pairs]))
        if any(a.__class__ is not b.__class__ for (a, _), (b, _) in pairwise(pairs)):
            raise CelError("no such overload")
        try:
            pairs.sort(key=lambda pair: pair[0])
        except TypeError as error:
            raise CelError("no such overload") from error
        return [item for _, item in pairs]

    # The list is given a name, which is looked at twice, as is the list of keys.
    return step, 3


_MACROS: dict[str, Callable[[_Loop], Branch]] = {
    "all": _decided(False),
    "exists": _decided(True),
    "exists_one": _exists_one,
    "existsOne": _exists_one,
    "filter": _filter,
    "map": _transform,
    "transformList": _transform,
    "transformMap": _transform_map,
    "transformMapEntry": _transform_entries,
    "sortBy": _sort_by,
}
