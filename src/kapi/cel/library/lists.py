"""Functions of lists and sets."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from kapi.cel.operators import add, contains
from kapi.cel.values import CelError, Optional, equal

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.cel.functions import Functions

__all__ = ["declare_lists"]

_ORDERED = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")
_SUMMED = {"int": 0, "uint": 0, "double": 0.0, "duration": None}
_MOST_ITEMS = 1_000_000


def _is_sorted(items: list[Any]) -> bool:
    try:
        return all(a <= b for a, b in pairwise(items))
    except TypeError as error:  # items of several types
        raise CelError("no such overload") from error


def _sum(items: list[Any]) -> Any:
    if not items:
        return 0
    total = items[0]
    for item in items[1:]:
        total = add(total, item)
    return total


def _extreme(name: str, pick: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    def call(items: list[Any]) -> Any:
        if not items:
            raise CelError(f"{name} called on empty list")
        try:
            return pick(items)
        except TypeError as error:
            raise CelError("no such overload") from error

    return call


def _index(items: list[Any], item: Any) -> int:
    return next((at for at, each in enumerate(items) if equal(each, item)), -1)


def _last_index(items: list[Any], item: Any) -> int:
    return next((at for at in range(len(items) - 1, -1, -1) if equal(items[at], item)), -1)


def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    if start < 0 or end < 0:
        raise CelError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise CelError(
            f"cannot slice({start}, {end}), start index must be less than or equal to end index"
        )
    if end > len(items):
        raise CelError(f"cannot slice({start}, {end}), list is length {len(items)}")
    return list(items[start:end])


def _flatten(items: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise CelError("level must be non-negative")
    flat: list[Any] = []
    for item in items:
        if isinstance(item, list) and depth > 0:
            flat.extend(_flatten(item, depth - 1) if depth > 1 else item)
        else:
            flat.append(item)
    return flat


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not contains(item, found):
            found.append(item)
    return found


def _sort(items: list[Any]) -> list[Any]:
    try:
        return sorted(items)
    except TypeError as error:
        raise CelError("no such overload") from error


def _range(count: int) -> list[int]:
    if count > _MOST_ITEMS:
        raise CelError("lists.range: too many items")
    return list(range(count))


def _end(position: int) -> Callable[[list[Any]], Optional]:
    return lambda items: Optional(items[position]) if items else Optional(present=False)


def _contains_all(items: list[Any], wanted: list[Any]) -> bool:
    return all(contains(item, items) for item in wanted)


def declare_lists(functions: Functions) -> None:
    """Declare the functions of lists."""
    declare = functions.declare
    for kind in _ORDERED:
        declare("isSorted", f"list<{kind}>.() -> bool", _is_sorted)
        declare("min", f"list<{kind}>.() -> {kind}", _extreme("min", min))
        declare("max", f"list<{kind}>.() -> {kind}", _extreme("max", max))
        declare("sort", f"list<{kind}>.() -> list<{kind}>", _sort)
    for kind in _SUMMED:
        declare("sum", f"list<{kind}>.() -> {kind}", _sum)
    declare("indexOf", "list<A>.(A) -> int", _index)
    declare("lastIndexOf", "list<A>.(A) -> int", _last_index)
    declare("slice", "list<A>.(int, int) -> list<A>", _slice)
    declare("flatten", "list<list<A>>.() -> list<A>", _flatten)
    declare("flatten", "list<dyn>.(int) -> list<dyn>", _flatten)
    declare("distinct", "list<A>.() -> list<A>", _distinct)
    declare("reverse", "list<A>.() -> list<A>", lambda items: items[::-1])
    declare("lists.range", "(int) -> list<int>", _range)
    declare("first", "list<A>.() -> optional_type<A>", _end(0))
    declare("last", "list<A>.() -> optional_type<A>", _end(-1))
    declare("sets.contains", "(list<A>, list<A>) -> bool", _contains_all)
    declare(
        "sets.intersects",
        "(list<A>, list<A>) -> bool",
        lambda items, others: any(contains(item, items) for item in others),
    )
    declare(
        "sets.equivalent",
        "(list<A>, list<A>) -> bool",
        lambda items, others: _contains_all(items, others) and _contains_all(others, items),
    )
