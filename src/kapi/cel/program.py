"""Programs: checked expressions turned into nested Python functions of their variables.

A scope is the dict of the variables, with the rest of the budget under a name that no variable
can have. Comprehensions pay for each item what their body is worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from kapi.cel.checker import TYPE_NAMES
from kapi.cel.functions import dispatch
from kapi.cel.operators import BINARY, index, select, select_optional
from kapi.cel.syntax import (
    Call,
    Comprehension,
    Ident,
    ListLiteral,
    Literal,
    MapLiteral,
    Node,
    Select,
    StructLiteral,
)
from kapi.cel.values import CelError, CostExceeded, ObjectValue, Optional, TypeValue, equal

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.cel.checker import Checker

Scope: TypeAlias = "dict[str, Any]"
Step: TypeAlias = "Callable[[Scope], Any]"

__all__ = ["BUDGET", "Scope", "Step", "build", "weight"]

BUDGET = "@budget"


def weight(node: Node) -> int:
    """What evaluating a part once costs, comprehensions counted once."""
    if isinstance(node, Literal):
        return 0
    if isinstance(node, Ident):
        return 1
    if isinstance(node, Select):
        return weight(node.operand) + 1
    if isinstance(node, Call):
        target = weight(node.target) if node.target is not None else 0
        return 1 + target + sum(map(weight, node.args))
    if isinstance(node, Comprehension):
        return 1 + weight(node.target)
    return 10


def build(node: Node, checker: Checker) -> Step:
    """The function of an expression."""
    if isinstance(node, Literal):
        value = node.value
        return lambda _scope: value
    if isinstance(node, Ident):
        return _ident(node.name, checker)
    if isinstance(node, Select):
        return _select(node, checker)
    if isinstance(node, Call):
        return _call(node, checker)
    if isinstance(node, Comprehension):
        return _comprehension(node, checker)
    if isinstance(node, ListLiteral):
        return _list(node, checker)
    if isinstance(node, MapLiteral):
        return _map(node, checker)
    assert isinstance(node, StructLiteral)
    return _struct(node, checker)


def _ident(name: str, checker: Checker) -> Step:
    type_value = TypeValue(TYPE_NAMES[name]) if name in TYPE_NAMES else None

    def step(scope: Scope) -> Any:
        try:
            return scope[name]
        except KeyError:
            if type_value is not None:
                return type_value
            raise CelError(f"no such attribute(s): {name}") from None

    return step


def _select(node: Select, checker: Checker) -> Step:
    qualified = checker.qualified.get(id(node))
    if qualified is not None:
        return _ident(qualified, checker)
    operand, name = build(node.operand, checker), node.name
    if node.test:
        return _has(operand, name)
    if node.optional:
        return lambda scope: select_optional(operand(scope), name)

    def step(scope: Scope) -> Any:
        value = operand(scope)
        if value.__class__ is dict and name in value:
            return value[name]
        return select(value, name)

    return step


def _has(operand: Step, name: str) -> Step:
    def step(scope: Scope) -> bool:
        value = operand(scope)
        if isinstance(value, dict):
            return name in value
        if isinstance(value, Optional):
            return value.present and isinstance(value.value, dict) and name in value.value
        if hasattr(value, "keys"):
            return name in value
        return False

    return step


def _call(node: Call, checker: Checker) -> Step:
    name = node.function
    if name == "_&&_":
        return _logical(node, checker, stop=False)
    if name == "_||_":
        return _logical(node, checker, stop=True)
    parts = [node.target, *node.args] if node.target is not None else node.args
    args = [build(part, checker) for part in parts]
    if name == "!_":
        return _not(args[0])
    if name == "_?_:_":
        return _conditional(*args)
    if name == "_[_]":
        operand, key = args
        return lambda scope: index(operand(scope), key(scope))
    if name == "_[?_]":
        operand, key = args
        return lambda scope: select_optional(operand(scope), key(scope))
    binary = BINARY.get(name)
    if binary is not None:
        return _binary(name, binary, args)
    overloads, exact = checker.resolved[id(node)]
    return _invoke(overloads[0].call if exact else dispatch(overloads), args)


def _binary(name: str, operate: Callable[[Any, Any], Any], args: list[Step]) -> Step:
    left, right = args
    if name != "_==_":
        return lambda scope: operate(left(scope), right(scope))

    def step(scope: Scope) -> bool:
        a, b = left(scope), right(scope)
        if a.__class__ is str and b.__class__ is str:
            return bool(a == b)
        return equal(a, b)

    return step


def _invoke(call: Callable[..., Any], args: list[Step]) -> Step:
    if len(args) == 1:
        only = args[0]
        return lambda scope: call(only(scope))
    if len(args) == 2:
        first, second = args
        return lambda scope: call(first(scope), second(scope))
    return lambda scope: call(*[arg(scope) for arg in args])


def _truth(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise CelError("no such overload")


def _not(arg: Step) -> Step:
    return lambda scope: not _truth(arg(scope))


def _conditional(condition: Step, yes: Step, no: Step) -> Step:
    return lambda scope: yes(scope) if _truth(condition(scope)) else no(scope)


def _logical(node: Call, checker: Checker, *, stop: bool) -> Step:
    """An operand that decides the result hides the error of the other one."""
    left, right = (build(arg, checker) for arg in node.args)

    def step(scope: Scope) -> bool:
        try:
            if _truth(left(scope)) is stop:
                return stop
        except CostExceeded:
            raise
        except CelError:
            if _truth(right(scope)) is stop:
                return stop
            raise
        return _truth(right(scope))

    return step


def _items(node: ListLiteral, checker: Checker) -> list[tuple[Step, bool]]:
    return [(build(item, checker), at in node.optionals) for at, item in enumerate(node.items)]


def _list(node: ListLiteral, checker: Checker) -> Step:
    items = _items(node, checker)
    if not node.optionals:
        steps = [step for step, _ in items]
        return lambda scope: [step(scope) for step in steps]

    def build_list(scope: Scope) -> list[Any]:
        found = []
        for step, optional in items:
            value = step(scope)
            if not optional:
                found.append(value)
            elif value.present:
                found.append(value.value)
        return found

    return build_list


def _map(node: MapLiteral, checker: Checker) -> Step:
    entries = [(build(k, checker), build(v, checker), optional) for k, v, optional in node.entries]

    def build_map(scope: Scope) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_step, value_step, optional in entries:
            key, value = key_step(scope), value_step(scope)
            if optional:
                if not value.present:
                    continue
                value = value.value
            if key in found:
                raise CelError(f"duplicate map key: {key}")
            found[key] = value
        return found

    return build_map


def _struct(node: StructLiteral, checker: Checker) -> Step:
    fields = [(name, build(value, checker), optional) for name, value, optional in node.fields]
    type_name = node.name

    def build_struct(scope: Scope) -> ObjectValue:
        found: dict[str, Any] = {}
        for name, step, optional in fields:
            value = step(scope)
            if optional:
                if not value.present:
                    continue
                value = value.value
            found[name] = value
        return ObjectValue(type_name, found)

    return build_struct


def _comprehension(node: Comprehension, checker: Checker) -> Step:
    target = build(node.target, checker)
    args = [build(arg, checker) for arg in node.args]
    if node.macro == "bind":
        return _bind(node.names[0], target, args[0])
    if node.macro in ("optMap", "optFlatMap"):
        return _optional(node.macro, node.names[0], target, args[0])
    cost = 4 + sum(map(weight, node.args))
    each = _iteration(target, node.names, cost)
    return _MACROS[node.macro](each, args, node.names[0])


def _bind(name: str, value: Step, body: Step) -> Step:
    return lambda scope: body({**scope, name: value(scope)})


def _optional(macro: str, name: str, target: Step, body: Step) -> Step:
    def step(scope: Scope) -> Optional:
        value = target(scope)
        if not isinstance(value, Optional):
            raise CelError("no such overload")
        if not value.present:
            return value
        found = body({**scope, name: value.value})
        return found if macro == "optFlatMap" else Optional(found)

    return step


def _iteration(target: Step, names: list[str], cost: int) -> Callable[[Scope], Any]:
    """Yields the scope of each item, the same dict every time."""

    def each(scope: Scope) -> Any:
        value = target(scope)
        inner = {**scope}
        budget = scope.get(BUDGET)
        first = names[0]
        second = names[1] if len(names) == 2 else None
        if isinstance(value, dict):
            pairs: Any = value.items() if second is not None else ((k, None) for k in value)
        elif isinstance(value, list):
            pairs = enumerate(value) if second is not None else ((item, None) for item in value)
        else:
            raise CelError("no such overload")
        for one, two in pairs:
            if budget is not None:
                budget[0] -= cost
                if budget[0] < 0:
                    raise CostExceeded
            inner[first] = one
            if second is not None:
                inner[second] = two
            yield inner

    return each


def _decided(stop: bool) -> Callable[[Callable[[Scope], Any], list[Step], str], Step]:
    """``all`` and ``exists``: one item may decide, whatever errors the others have."""

    def make(each: Callable[[Scope], Any], args: list[Step], _name: str) -> Step:
        test = args[0]

        def step(scope: Scope) -> bool:
            failure: CelError | None = None
            for inner in each(scope):
                try:
                    if _truth(test(inner)) is stop:
                        return stop
                except CostExceeded:
                    raise
                except CelError as error:
                    failure = failure or error
            if failure is not None:
                raise failure
            return not stop

        return step

    return make


def _exists_one(each: Callable[[Scope], Any], args: list[Step], _name: str) -> Step:
    test = args[0]
    return lambda scope: sum(1 for inner in each(scope) if _truth(test(inner))) == 1


def _filter(each: Callable[[Scope], Any], args: list[Step], name: str) -> Step:
    test = args[0]
    return lambda scope: [inner[name] for inner in each(scope) if _truth(test(inner))]


def _transform(each: Callable[[Scope], Any], args: list[Step], _name: str) -> Step:
    body = args[-1]
    if len(args) == 1:
        return lambda scope: [body(inner) for inner in each(scope)]
    test = args[0]
    return lambda scope: [body(inner) for inner in each(scope) if _truth(test(inner))]


def _transform_map(each: Callable[[Scope], Any], args: list[Step], name: str) -> Step:
    body, test = args[-1], args[0] if len(args) == 2 else None

    def step(scope: Scope) -> dict[Any, Any]:
        return {
            inner[name]: body(inner) for inner in each(scope) if test is None or _truth(test(inner))
        }

    return step


def _transform_entries(each: Callable[[Scope], Any], args: list[Step], _name: str) -> Step:
    entries = _transform(each, args, "")

    def step(scope: Scope) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for entry in entries(scope):
            for key in entry:
                if key in found:
                    raise CelError(f"insert failed: key '{key}' already exists")
            found.update(entry)
        return found

    return step


def _sort_by(each: Callable[[Scope], Any], args: list[Step], name: str) -> Step:
    key = args[0]

    def step(scope: Scope) -> list[Any]:
        pairs = [(key(inner), inner[name]) for inner in each(scope)]
        try:
            pairs.sort(key=lambda pair: pair[0])
        except TypeError as error:
            raise CelError("no such overload") from error
        return [item for _, item in pairs]

    return step


_MACROS: dict[str, Callable[[Callable[[Scope], Any], list[Step], str], Step]] = {
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
