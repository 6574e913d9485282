"""Programs: checked expressions turned into nested Python functions of their variables.

What parts of an expression cost, and which cost nothing because they are made when the program is,
follows the evaluator of CEL: a variable and each member selected from it cost one, constants and
literals of constants nothing, logical operators what is evaluated of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapi.cel.checker import TYPE_NAMES
from kapi.cel.comprehensions import comprehension, optional_map
from kapi.cel.costs.calls import (
    LIST_LITERAL,
    MAP_LITERAL,
    STRUCT_LITERAL,
    call_cost,
    is_contained,
    is_traversal,
)
from kapi.cel.costs.sizes import regex_cost
from kapi.cel.functions import dispatch
from kapi.cel.literals import folded, list_step, map_step, object_step
from kapi.cel.metering import (
    BUDGET,
    Scope,
    Step,
    counted_call,
    equality,
    equality_to_text,
    plain_call,
    searching_call,
    traversing_call,
    truth,
)
from kapi.cel.operators import BINARY, index
from kapi.cel.paths import (
    has_step,
    is_path,
    present_step,
    select_step,
    starts_plainly,
    variable_step,
)
from kapi.cel.syntax import (
    Call,
    Comprehension,
    Ident,
    ListLiteral,
    Literal,
    MapLiteral,
    Node,
    ProgramError,
    Select,
    StructLiteral,
)
from kapi.cel.values import CelError, CostExceeded, Optional, TypeValue, Uint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.cel.checker import Checker
    from kapi.cel.costs.calls import CallCost
    from kapi.cel.functions import Overload

__all__ = ["build"]

_CONVERSIONS = frozenset(
    {"bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"}
)
_SHORT = 10


def build(node: Node, checker: Checker) -> tuple[Step, int]:
    """The function of an expression, and what it costs whatever its variables are."""
    return Builder(checker).branch(node)


class Builder:
    """Builds steps; ``fixed`` is what those built so far cost that follow one another."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self.fixed = 0

    def branch(self, node: Node) -> tuple[Step, int]:
        """A part that is not always evaluated, and its fixed cost, which is not charged yet."""
        outer, self.fixed = self.fixed, 0
        step = self.build(node)
        outer, self.fixed = self.fixed, outer
        return step, outer

    def build(self, node: Node) -> Step:
        """The function of a part."""
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Select):
            return self._select(node)
        if isinstance(node, Ident):
            return self._ident(node)
        if isinstance(node, Literal):
            value = node.value
            return lambda _scope: value
        if isinstance(node, Comprehension):
            return self._comprehension(node)
        if isinstance(node, ListLiteral):
            return self._list(node)
        if isinstance(node, MapLiteral):
            return self._map(node)
        assert isinstance(node, StructLiteral)
        return self._struct(node)

    def is_constant(self, node: Node) -> bool:
        """Whether a part is made once, when the program is."""
        if isinstance(node, Literal):
            return True
        if isinstance(node, Ident):
            return node.name in TYPE_NAMES and self._checker.types[id(node)].name == "type"
        if isinstance(node, Select):
            return id(node) in self._checker.named_types
        if isinstance(node, ListLiteral):
            return not node.optionals and all(map(self.is_constant, node.items))
        if isinstance(node, MapLiteral):
            return all(
                not optional and self.is_constant(key) and self.is_constant(value)
                for key, value, optional in node.entries
            )
        if isinstance(node, Call) and node.target is None and len(node.args) == 1:
            return node.function in _CONVERSIONS and self.is_constant(node.args[0])
        return False

    def _ident(self, node: Ident) -> Step:
        name = node.name
        if self.is_constant(node):
            value = TypeValue(TYPE_NAMES[name])
            return lambda _scope: value
        return self._variable(name)

    def _variable(self, name: str) -> Step:
        self.fixed += 1
        return variable_step(name)

    def _operand(self, node: Node) -> Step:
        """What a member is taken from: the result of anything but a chain costs one more."""
        if not is_path(node):
            self.fixed += 1
        return self.build(node)

    def _select(self, node: Select) -> Step:
        type_name = self._checker.named_types.get(id(node))
        if type_name is not None:
            value = TypeValue(type_name)
            return lambda _scope: value
        qualified = self._checker.qualified.get(id(node))
        if qualified is not None:
            return self._variable(qualified)
        name, operand = node.name, self._operand(node.operand)
        if node.test:  # the test costs one, and what it is the last member of one less
            return has_step(operand, name)
        if node.optional:
            return present_step(operand, lambda _scope: name)
        self.fixed += 1

        return select_step(operand, name)

    def _index(self, node: Call) -> Step:
        operand_node, key_node = node.args
        operand = self._operand(operand_node)
        if self.is_constant(key_node) or not is_path(key_node):
            self.fixed += 1
        key = self.build(key_node)
        if node.function == "_[_]":
            return lambda scope: index(operand(scope), key(scope))
        self.fixed -= 1
        return present_step(operand, key)

    def _call(self, node: Call) -> Step:
        name = node.function
        special = _SPECIAL.get(name)
        if special is not None:
            return special(self, node)
        overloads, exact = self._checker.resolved[id(node)]
        if name in ("or", "orValue") and overloads[0].params[0].name == "optional_type":
            return self._either(node)
        parts = [node.target, *node.args] if node.target is not None else node.args
        if self.is_constant(node):
            return folded(self.branch_of_call(overloads[0].call if exact else None, node))
        if name in ("_==_", "_!=_"):
            return self._equality(node)
        if name == "@in" and self.is_constant(node.args[1]):
            step = self._membership(node)
            if step is not None:
                return step
        searched = self._search(node, overloads)
        if searched is not None:
            return searched
        args = [self.build(part) for part in parts]
        call = BINARY.get(name) or (overloads[0].call if exact else dispatch(overloads))
        cost = call_cost(name, overloads)
        if isinstance(cost, int):
            self.fixed += cost
            return plain_call(call, args)
        if is_traversal(cost) or _is_short_search(node, cost):
            self.fixed += 1
            return traversing_call(call, args)
        return counted_call(call, args, cost)

    def branch_of_call(self, call: Callable[..., Any] | None, node: Call) -> Step:
        """A conversion of constants, as a function that nothing is charged for."""
        overloads, _ = self._checker.resolved[id(node)]
        arg, _ = self.branch(node.args[0])
        return plain_call(call or dispatch(overloads), [arg])

    def _equality(self, node: Call) -> Step:
        negated, test = node.function == "_!=_", BINARY[node.function]
        for one, other in (node.args, node.args[::-1]):
            if isinstance(other, Literal) and other.value.__class__ is str:
                return self._equality_to(one, other.value, test, negated=negated)
        left, right = map(self.build, node.args)
        self.fixed += 1
        return equality(test, left, right)

    def _equality_to(
        self, node: Node, text: str, test: Callable[[Any, Any], bool], *, negated: bool
    ) -> Step:
        """A comparison with a text: with the empty one it costs nothing."""
        operand = self.build(node)
        if not text:
            return lambda scope: bool(operand(scope) == "") is not negated
        self.fixed += 1
        if len(text) <= _SHORT:
            return equality_to_text(operand, text, negated=negated)
        return equality(test, operand, lambda _scope: text)

    def _membership(self, node: Call) -> Step | None:
        """Membership in a constant list costs nothing, if it is one of texts and numbers."""
        overloads, _ = self._checker.resolved[id(node)]
        if len(overloads) != 1 or overloads[0].params[1].name != "list":
            return None
        items = self.build(node.args[1])({})
        if any(item.__class__ not in _PRIMITIVE for item in items):
            return None
        item_step = self.build(node.args[0])
        if items and all(item.__class__ is str for item in items):
            texts = frozenset(items)

            def step(scope: Scope) -> bool:
                item = item_step(scope)
                return item.__class__ is str and item in texts

            return step
        contains = BINARY["@in"]
        return lambda scope: bool(contains(item_step(scope), items))

    def _search(self, node: Call, overloads: Sequence[Overload]) -> Step | None:
        """A method with a pattern that is known: it is compiled with the program."""
        bind = next((form.bind for form in overloads if form.bind is not None), None)
        if node.target is None or bind is None or not isinstance(node.args[0], Literal):
            return None
        pattern = node.args[0]
        try:
            test = bind(pattern.value)
        except CelError as error:
            raise ProgramError(str(error)) from error
        if len(node.args) != 1 or len(overloads) != 1:
            return None
        unit = regex_cost(len(pattern.value))
        self.fixed += unit
        return searching_call(test, self.build(node.target), unit)

    def _not(self, node: Call) -> Step:
        self.fixed += 1
        arg = self.build(node.args[0])
        return lambda scope: not truth(arg(scope))

    def _conditional(self, node: Call) -> Step:
        condition = self.build(node.args[0])
        (yes, yes_cost), (no, no_cost) = (self._alternative(arg) for arg in node.args[1:])

        def step(scope: Scope) -> Any:
            if truth(condition(scope)):
                scope[BUDGET][0] -= yes_cost
                return yes(scope)
            scope[BUDGET][0] -= no_cost
            return no(scope)

        return step

    def _alternative(self, node: Node) -> tuple[Step, int]:
        """A chain that is the alternative of a conditional costs only what it selects."""
        step, cost = self.branch(node)
        rooted = is_path(node) and starts_plainly(node) and not self.is_constant(node)
        return step, cost - rooted

    def logical(self, node: Call, *, stop: bool) -> Step:
        """An operand that decides the result hides the error of the other one."""
        left = self.build(node.args[0])
        right, cost = self.branch(node.args[1])

        def step(scope: Scope) -> bool:
            try:
                if truth(left(scope)) is stop:
                    return stop
            except CostExceeded:
                raise
            except CelError:
                scope[BUDGET][0] -= cost
                if truth(right(scope)) is stop:
                    return stop
                raise
            scope[BUDGET][0] -= cost
            return truth(right(scope))

        return step

    def _either(self, node: Call) -> Step:
        """``or`` and ``orValue``: the other value is evaluated if it is needed."""
        assert node.target is not None
        optional = self.build(node.target)
        other, cost = self.branch(node.args[0])
        is_value = node.function == "orValue"

        def step(scope: Scope) -> Any:
            found = optional(scope)
            if not isinstance(found, Optional):
                raise CelError("no such overload")
            if found.present:
                return found.value if is_value else found
            scope[BUDGET][0] -= cost
            return other(scope)

        return step

    def _list(self, node: ListLiteral) -> Step:
        step = list_step([self.build(item) for item in node.items], node.optionals)
        if self.is_constant(node):
            return folded(step)
        self.fixed += LIST_LITERAL
        return step

    def _map(self, node: MapLiteral) -> Step:
        step = map_step([(self.build(k), self.build(v), maybe) for k, v, maybe in node.entries])
        if self.is_constant(node):
            return folded(step)
        self.fixed += MAP_LITERAL
        return step

    def _struct(self, node: StructLiteral) -> Step:
        self.fixed += STRUCT_LITERAL
        fields = [(name, self.build(value), maybe) for name, value, maybe in node.fields]
        return object_step(node.name, fields)

    def _comprehension(self, node: Comprehension) -> Step:
        if node.macro in ("optMap", "optFlatMap"):
            target, again = self.branch(node.target)
            self.fixed += again
            body = self.branch(node.args[0])
            self.fixed += 1  # asking whether there is a value
            return optional_map(node, target, again, body)
        target = self.build(node.target)
        parts = [self.branch(arg) for arg in node.args]
        constant = self.is_constant(node.args[-1])
        step, cost = comprehension(node, target, parts, constant=constant)
        self.fixed += cost
        return step


def _is_short_search(node: Call, cost: CallCost) -> bool:
    """Whether a text is searched for a short one, which costs as much as a traversal."""
    part = node.args[0] if len(node.args) == 1 else None
    return is_contained(cost) and isinstance(part, Literal) and 0 < len(part.value) <= _SHORT


_PRIMITIVE = frozenset({str, int, float, bool, Uint})
_SPECIAL: dict[str, Callable[[Builder, Call], Step]] = {
    "_&&_": lambda builder, node: builder.logical(node, stop=False),
    "_||_": lambda builder, node: builder.logical(node, stop=True),
    "!_": Builder._not,  # noqa: SLF001
    "_?_:_": Builder._conditional,  # noqa: SLF001
    "_[_]": Builder._index,  # noqa: SLF001
    "_[?_]": Builder._index,  # noqa: SLF001
}
