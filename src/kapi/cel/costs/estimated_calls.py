"""What calls are estimated to cost, and how large their results can be.

Definitions are accepted or refused by these numbers, which therefore are those of CEL for its own
functions and of Kubernetes for those of its libraries, also where a better guess could be made.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from kapi.cel.costs.calls import AUTHORIZATION_CHECK, LIST_LITERAL, STRUCT_LITERAL
from kapi.cel.costs.sizes import MOST, Range, fixed
from kapi.cel.syntax import Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.cel.functions import Overload
    from kapi.cel.syntax import Node
    from kapi.cel.types import Type

__all__ = ["CallEstimate", "Operand", "estimate_call"]

_ONE = fixed(1)
_ADDRESS = Range(4, 16)
_NAMED_FORMAT_REGEX = 128
_LONGEST_FORMAT = 64


@dataclass(frozen=True, slots=True)
class Operand:
    """A value that a function is called with: its size, if that is known, and of its items."""

    node: Node
    type: Type
    size: Range
    item_size: Range
    known: bool


class CallEstimate(NamedTuple):
    """The cost of a call without its operands, and the size of its result if it can be told."""

    cost: Range
    size: Range | None = None


# Told what is called on, if it is a method, and the arguments; None where no rule is meant.
_Rule: TypeAlias = "Callable[[Operand | None, list[Operand]], CallEstimate | None]"


def estimate_call(
    name: str, form: Overload, target: Operand | None, args: list[Operand]
) -> CallEstimate:
    """The estimate for one form of a function."""
    found = _of_lists(name, form, target, args)
    if found is None and name in _BY_NAME:
        found = _BY_NAME[name](target, args)
    if found is None and name in ("_==_", "_!=_"):
        found = _compared(name, args)
    if found is None:
        at = 1 if name == "@in" else 0
        rule = _BY_FORM.get((name, form.params[at].name)) if form.params else None
        found = rule(target, args) if rule is not None else None
    return found or CallEstimate(_ONE)


def _constant(cost: int) -> _Rule:
    return lambda _target, _args: CallEstimate(fixed(cost))


def _whole(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    """All items are looked at, or all characters."""
    if target is None:
        return None
    if not target.type.params:
        return CallEstimate(target.size.traversed())
    each = _ONE
    if target.type.params[0].name in ("string", "bytes"):
        each = each.plus(target.item_size.traversed())
    return CallEstimate(target.size.times(each))


def _text(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    return None if target is None else CallEstimate(target.size.traversed(), target.size)


def _url(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    return CallEstimate(args[0].size.traversed(), args[0].size) if args else None


def _parsed(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    return CallEstimate(args[0].size.traversed()) if args else None


def _canonical(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    return CallEstimate(args[0].size.scaled(0.2))


def _replaced(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    if target is None or len(args) < 2:
        return None
    size, old, new = target.size, args[0].size, args[1].size
    kept_most = count_most = kept_least = count_least = 0
    if old.least == 0:  # the replacement may stand around every character
        count_most, kept_most = min(size.most + 1, MOST), size.most
    elif new.most <= old.least:
        kept_most = size.most
    else:
        count_most = ceil(size.most / old.least)
    if old.most == 0:
        count_least, kept_least = min(size.least + 1, MOST), size.least
    elif old.most <= new.least:
        kept_least = size.least
    else:
        count_least = ceil(size.least / old.most)
    result = Range(count_least, count_most).times(new).plus(Range(kept_least, kept_most))
    return CallEstimate(size.scaled(0.2), result)


def _split(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    if target is None:
        return None
    most = target.size.most
    limit = args[1].node if len(args) > 1 else None
    if isinstance(limit, Literal) and isinstance(limit.value, int):
        most = limit.value & MOST
    return CallEstimate(target.size.scaled(0.2), Range(0, most))


def _joined(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    if target is None:
        return None
    size = target.size.times(target.item_size) if target.type.params else fixed(0)
    if args:
        least, most = (max(count - 1, 0) for count in target.size)
        size = size.plus(args[0].size.times(Range(least, most)))
    return CallEstimate(size.traversed(), size)


def _found(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    if target is None or not args:
        return None
    cost = target.size.plus(_ONE).traversed().times(args[0].size.matched())
    return CallEstimate(cost, Range(0, target.size.most))


def _matched(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    found = _found(target, args)
    return None if found is None else CallEstimate(found.cost)


def _contained(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    if target is None:
        return None
    return CallEstimate(target.size.traversed().times(args[0].size.traversed()))


def _prefix(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    return CallEstimate(args[0].size.traversed())


def _formatted(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    return None if target is None else CallEstimate(target.size.traversed())


def _to_bytes(target: Operand | None, args: list[Operand]) -> CallEstimate:
    size = args[0].size
    return CallEstimate(size.traversed(), Range(size.least, size.most * 4 & MOST))


def _from_bytes(target: Operand | None, args: list[Operand]) -> CallEstimate:
    size = args[0].size
    return CallEstimate(size.traversed(), Range(size.least // 4, size.most))


def _quoted(target: Operand | None, args: list[Operand]) -> CallEstimate:
    size = args[0].size
    return CallEstimate(size.traversed(), Range(size.least + 2, size.most * 2 + 2 & MOST))


def _concatenated(target: Operand | None, args: list[Operand]) -> CallEstimate:
    size = args[0].size.plus(args[1].size)
    return CallEstimate(size.traversed(), size)


def _appended(target: Operand | None, args: list[Operand]) -> CallEstimate:
    return CallEstimate(_ONE, args[0].size.plus(args[1].size))


def _smaller(target: Operand | None, args: list[Operand]) -> CallEstimate:
    most = min(args[0].size.most, args[1].size.most)
    return CallEstimate(Range(int(most > 0), most).traversed())


def _compared(name: str, args: list[Operand]) -> CallEstimate:
    """Values of the libraries are compared at once."""
    kind = args[0].type.name
    if name == "_==_" and kind == args[1].type.name:
        if kind in _AT_ONCE or kind.startswith("kubernetes.authorization."):
            return CallEstimate(_ONE)
        if kind == "kubernetes.NamedFormat":
            return CallEstimate(Range(1, _LONGEST_FORMAT).traversed())
        if kind == "kubernetes.URL":
            most = args[1].size.most if args[1].known else 1
            return CallEstimate(Range(1, most).traversed())
    return _smaller(None, args)


def _member(target: Operand | None, args: list[Operand]) -> CallEstimate | None:
    return CallEstimate(args[1].size)


def _contains_ip(target: Operand | None, args: list[Operand]) -> CallEstimate:
    return CallEstimate(_ADDRESS.plus(_ADDRESS).traversed().plus(_parsing(args[0])))


def _contains_cidr(target: Operand | None, args: list[Operand]) -> CallEstimate:
    masked = _ADDRESS.traversed().plus(_ONE)
    cost = _ADDRESS.plus(_ADDRESS).traversed().plus(masked)
    return CallEstimate(cost.plus(_parsing(args[0])))


def _parsing(operand: Operand) -> Range:
    return operand.size.traversed() if operand.type.name == "string" else fixed(0)


def _validated(target: Operand | None, args: list[Operand]) -> CallEstimate:
    return CallEstimate(args[0].size.traversed().scaled(_NAMED_FORMAT_REGEX * 0.25))


def _selector(target: Operand | None, args: list[Operand]) -> CallEstimate:
    size = args[0].size
    requirements = size.scaled(0.5).scaled(float(LIST_LITERAL + STRUCT_LITERAL))
    return CallEstimate(fixed(LIST_LITERAL).plus(size.traversed()).plus(requirements))


def _allocated(size: Range, factor: float = 1.0) -> CallEstimate:
    return CallEstimate(size.scaled(factor).plus(fixed(1 + LIST_LITERAL)), size)


def _integer(operand: Operand, otherwise: int) -> int:
    node = operand.node
    if isinstance(node, Literal) and node.value.__class__ is int:
        return max(node.value, 0)
    return otherwise


def _of_lists(
    name: str, form: Overload, target: Operand | None, args: list[Operand]
) -> CallEstimate | None:
    """The functions of lists that make lists, and those of sets."""
    if name in ("sets.contains", "sets.intersects", "sets.equivalent"):
        factor = 2.0 if name == "sets.equivalent" else 1.0
        return CallEstimate(args[0].size.times(args[1].size).scaled(factor).plus(_ONE))
    if name == "lists.range":
        return _allocated(fixed(_integer(args[0], MOST)))
    if target is None or form.params[0].name != "list":
        return None
    size = target.size
    if name == "slice":
        length = _integer(args[1], size.most) - _integer(args[0], 0)
        return _allocated(fixed(length & MOST))
    if name == "reverse":
        return _allocated(size)
    if name == "flatten":
        return _allocated(size, float(_integer(args[0], MOST)) if args else 1.0)
    if name == "distinct":
        return _allocated(size.times(size), 2.0)
    if name == "sort":
        return sort_estimate(size, form.params[0].params[0])
    return None


def sort_estimate(size: Range, item: Type) -> CallEstimate:
    """Sorting, where each item is compared with each."""
    return _allocated(size.times(size), 2.1 if item.name in ("string", "bytes") else 2.0)


_AT_ONCE = frozenset({"net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver"})
_BY_NAME: dict[str, _Rule] = {
    "check": _constant(AUTHORIZATION_CHECK),
    "fieldSelector": _selector,
    "labelSelector": _selector,
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), _whole),
    **dict.fromkeys(("lowerAscii", "upperAscii", "substring", "trim"), _text),
    "url": _url,
    "jsonpatch.escapeKey": _url,
    "replace": _replaced,
    "split": _split,
    "join": _joined,
    "find": _found,
    "findAll": _found,
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "quantity", "isQuantity"), _parsed),
    **dict.fromkeys(("semver", "isSemver", "ip"), _parsed),
    "ip.isCanonical": _canonical,
    "containsIP": _contains_ip,
    "containsCIDR": _contains_cidr,
    "validate": _validated,
}
_BY_FORM: dict[tuple[str, str], _Rule] = {
    ("format", "string"): _formatted,
    ("bytes", "string"): _to_bytes,
    ("string", "bytes"): _from_bytes,
    ("strings.quote", "string"): _quoted,
    ("startsWith", "string"): _prefix,
    ("endsWith", "string"): _prefix,
    ("matches", "string"): _matched,
    ("contains", "string"): _contained,
    ("_+_", "string"): _concatenated,
    ("_+_", "bytes"): _concatenated,
    ("_+_", "list"): _appended,
    ("@in", "list"): _member,
    **{
        (name, kind): _smaller
        for name in ("_<_", "_<=_", "_>_", "_>=_")
        for kind in ("string", "bytes")
    },
}
