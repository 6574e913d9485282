"""The estimate of what an expression can cost, from its tree and the bounds of its variables.

Implements "Resource use by validation functions" of the documentation of validation rules. Where a
value is reached from a variable through members and items only, its path is followed, so that the
bounds declared for it count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from kapi.cel.costs.calls import LIST_LITERAL, MAP_LITERAL, STRUCT_LITERAL
from kapi.cel.costs.estimated_calls import Operand, estimate_call
from kapi.cel.costs.estimated_loops import estimate_comprehension
from kapi.cel.costs.sizes import UNKNOWN, Range, fixed
from kapi.cel.depth import with_more_stack
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
from kapi.cel.types import DYN

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.cel.checker import Checker
    from kapi.cel.types import Type

    # From a variable to a value: names of members, "@items", "@keys", "@values".
    Path: TypeAlias = tuple[str, ...]
    # The most that the size of the value at a path can be; None if there is no such value.
    Bounds: TypeAlias = Callable[[Path], int | None]

__all__ = ["Bounds", "Entries", "Estimator", "Local", "Path", "estimate_cost"]

_ONE = fixed(1)
_SCALARS = frozenset({"bool", "double", "duration", "int", "timestamp", "uint"})


@dataclass(frozen=True, slots=True)
class Entries:
    """Sizes of the keys and the values of a list or map that the expression makes."""

    is_list: bool
    key: Range
    value: Range

    def union(self, other: Entries | None) -> Entries | None:
        """What covers both."""
        if other is None:
            return None
        return Entries(self.is_list, self.key.union(other.key), self.value.union(other.value))


@dataclass(frozen=True, slots=True)
class Local:
    """A variable of a macro."""

    path: Path
    size: Range | None = None
    entries: Entries | None = None


def estimate_cost(node: Node, checked: Checker, bounds: Bounds) -> Range:
    """The least and the most that one evaluation costs."""
    try:
        return Estimator(checked, bounds).cost(node)
    except RecursionError:
        return with_more_stack(lambda: Estimator(checked, bounds).cost(node))


class Estimator:
    """Estimates one expression; remembers what is found out about its parts."""

    def __init__(self, checked: Checker, bounds: Bounds) -> None:
        self._checked = checked
        self._bounds = bounds
        self.locals: list[tuple[str, Local]] = []
        self._paths: dict[int, Path] = {}
        self._sizes: dict[int, Range] = {}
        self._entries: dict[int, Entries] = {}

    def cost(self, node: Node) -> Range:
        """What a part costs; its path and size are known afterwards."""
        if isinstance(node, Literal):
            return fixed(0)
        if isinstance(node, Ident):
            return self._ident(node)
        if isinstance(node, Select):
            return self._select(node)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Comprehension):
            return estimate_comprehension(self, node)
        if isinstance(node, ListLiteral):
            return self._list(node)
        if isinstance(node, MapLiteral):
            return self._map(node)
        assert isinstance(node, StructLiteral)
        values = sum_of([self.cost(value) for _, value, _ in node.fields])
        return values.plus(fixed(STRUCT_LITERAL))

    def type_of(self, node: Node) -> Type:
        """The type that the checker has found."""
        return self._checked.types.get(id(node), DYN)

    def _local(self, node: Node) -> Local | None:
        if not isinstance(node, Ident):
            return None
        return next((local for name, local in reversed(self.locals) if name == node.name), None)

    def path(self, node: Node) -> Path:
        """How a part is reached; empty for what is computed."""
        local = self._local(node)
        return local.path if local is not None else self._paths.get(id(node), ())

    def size(self, node: Node) -> Range | None:
        """The size of a part, if anything is known about it."""
        found = self._sizes.get(id(node)) or _written_size(node)
        if found is not None:
            return found
        path = self.path(node)
        bound = self._bounds(path) if path else None
        if bound is not None:
            found = self._sizes[id(node)] = Range(0, bound)
            return found
        if _is_scalar(self.type_of(node)):
            return _ONE
        local = self._local(node)
        return local.size if local is not None else None

    def set_size(self, node: Node, size: Range | None) -> None:
        """Remember the size of a part."""
        if size is not None:
            self._sizes[id(node)] = size

    def entries(self, node: Node) -> Entries | None:
        """The sizes of what is in a part that the expression makes."""
        found = self._entries.get(id(node))
        local = self._local(node) if found is None else None
        return local.entries if local is not None else found

    def set_entries(self, node: Node, entries: Entries | None) -> None:
        """Remember the sizes of what is in a part."""
        if entries is not None:
            self._entries[id(node)] = entries

    def set_made(self, node: Node, size: Range) -> None:
        """Remember the size of the items of a list that a macro makes."""
        self.set_entries(node, Entries(is_list=True, key=_ONE, value=size))

    def push_computed(self, name: str) -> None:
        """Name what is in an optional value, of which only the type is known."""
        self.locals.append((name, Local(())))

    def push_items(self, names: list[str], container: Node) -> None:
        """Name the items of a list, or the keys of a map, or keys and values."""
        path, entries = self.path(container), self.entries(container)
        is_list = self.type_of(container).name == "list"
        key_size = value_size = None
        if entries is not None:
            is_list, key_size, value_size = entries.is_list, entries.key, entries.value
        key = Local((*path, "@indices" if is_list else "@keys"), key_size)
        value = Local((*path, "@items" if is_list else "@values"), value_size)
        if len(names) == 2:
            self.locals += [(names[0], key), (names[1], value)]
        else:
            self.locals.append((names[0], value if is_list else key))

    def pop(self, count: int = 1) -> None:
        """Forget the names given last."""
        del self.locals[-count:]

    def size_of_local(self, name: str, kind: Type) -> Range | None:
        """The size of what a name stands for now, whose values have a type."""
        local = next(local for known, local in reversed(self.locals) if known == name)
        bound = self._bounds(local.path)
        if bound is not None:
            return Range(0, bound)
        return _ONE if _is_scalar(kind) else local.size

    def operand(self, node: Node) -> Operand:
        """A part as functions are told of it."""
        size, path = self.size(node), self.path(node)
        item = self._bounds((*path, "@items")) if path else None
        return Operand(
            node=node,
            type=self.type_of(node),
            size=size or UNKNOWN,
            item_size=UNKNOWN if item is None else Range(0, item),
            known=size is not None,
        )

    def _ident(self, node: Ident) -> Range:
        local = self._local(node)
        self._paths[id(node)] = local.path if local is not None else (node.name,)
        return _ONE

    def _select(self, node: Select) -> Range:
        type_name = self._checked.named_types.get(id(node))
        if type_name is not None:
            self._paths[id(node)] = (type_name,)
            return _ONE
        cost = self.cost(node.operand)
        if node.test:
            return cost
        if node.optional:
            return cost.plus(_ONE)
        kind = self.type_of(node.operand)
        self._paths[id(node)] = (*self.path(node.operand), node.name)
        selects = kind.name == "map" or kind.fields is not None or len(kind.name) == 1
        return cost.plus(_ONE) if selects else cost

    def _list(self, node: ListLiteral) -> Range:
        costs = [self.cost(item) for item in node.items]
        value = self._sizes_of(node.items)
        self.set_entries(node, Entries(is_list=True, key=_ONE, value=value))
        return sum_of(costs).plus(fixed(LIST_LITERAL))

    def _map(self, node: MapLiteral) -> Range:
        costs = [self.cost(part) for key, value, _ in node.entries for part in (key, value)]
        keys = self._sizes_of([key for key, _, _ in node.entries])
        values = self._sizes_of([value for _, value, _ in node.entries])
        self.set_entries(node, Entries(is_list=False, key=keys, value=values))
        return sum_of(costs).plus(fixed(MAP_LITERAL))

    def _sizes_of(self, nodes: list[Node]) -> Range:
        sizes = [self.size(node) or UNKNOWN for node in nodes]
        if not sizes:
            return fixed(0)
        return Range(min(s.least for s in sizes), max(s.most for s in sizes))

    def _call(self, node: Call) -> Range:
        name = node.function
        if name == "dyn" and node.target is None:
            cost = self.cost(node.args[0])
            self.copy_size(node, node.args[0])
            return cost.plus(_ONE)
        costs = [self.cost(arg) for arg in node.args]
        special = _SPECIAL.get(name)
        if special is not None:
            return special(self, node, costs)
        args = [self.operand(arg) for arg in node.args]
        target = None
        if node.target is not None:
            costs.append(self.cost(node.target))
            target = self.operand(node.target)
        overloads, _ = self._checked.resolved[id(node)]
        estimates = [estimate_call(name, form, target, args) for form in overloads]
        self._join_entries(node)
        self.set_size(node, _union_of([each.size for each in estimates]) or self.size(node))
        cost = _union_of([each.cost for each in estimates]) or _ONE
        return sum_of(costs).plus(cost)

    def copy_size(self, node: Node, source: Node) -> None:
        """A part is as large as another one."""
        self.set_size(node, self.size(source))
        self.set_entries(node, self.entries(source))

    def _join_entries(self, node: Call) -> None:
        if node.function == "_+_":
            first, second = (self.entries(arg) for arg in node.args)
            self.set_entries(node, first.union(second) if first is not None else None)

    def _logical(self, node: Call, costs: list[Range]) -> Range:
        return Range(costs[0].least, costs[0].plus(costs[1]).most)

    def _not(self, node: Call, costs: list[Range]) -> Range:
        return costs[0].plus(_ONE)

    def _conditional(self, node: Call, costs: list[Range]) -> Range:
        yes, no = node.args[1:]
        self.set_size(node, (self.size(yes) or UNKNOWN).union(self.size(no) or UNKNOWN))
        entries = self.entries(yes)
        self.set_entries(node, entries.union(self.entries(no)) if entries is not None else None)
        return costs[0].plus(costs[1].union(costs[2]))

    def _index(self, node: Call, costs: list[Range]) -> Range:
        operand = node.args[0]
        entries = self.entries(operand)
        kind = self.type_of(operand).name
        if node.function == "_[_]":
            member = "@items" if kind == "list" else "@values"
            self._paths[id(node)] = (*self.path(operand), member)
            self.set_size(node, entries.value if entries is not None else self.size(node))
        return sum_of(costs).plus(_ONE)


def sum_of(costs: list[Range]) -> Range:
    """The sum of costs."""
    total = fixed(0)
    for cost in costs:
        total = total.plus(cost)
    return total


def _union_of(ranges: list[Range | None]) -> Range | None:
    found: Range | None = None
    for each in ranges:
        if each is not None:
            found = each if found is None else found.union(each)
    return found


def _written_size(node: Node) -> Range | None:
    """The size of what stands in the expression."""
    if isinstance(node, Literal):
        value = node.value
        return fixed(len(value) if isinstance(value, (str, bytes)) else 1)
    if isinstance(node, ListLiteral):
        return fixed(len(node.items))
    return fixed(len(node.entries)) if isinstance(node, MapLiteral) else None


def _is_scalar(kind: Type) -> bool:
    return kind.name in _SCALARS or (kind.name == "optional_type" and _is_scalar(kind.params[0]))


_SPECIAL = {
    "_&&_": Estimator._logical,  # noqa: SLF001
    "_||_": Estimator._logical,  # noqa: SLF001
    "!_": Estimator._not,  # noqa: SLF001
    "_?_:_": Estimator._conditional,  # noqa: SLF001
    "_[_]": Estimator._index,  # noqa: SLF001
    "_[?_]": Estimator._index,  # noqa: SLF001
}
