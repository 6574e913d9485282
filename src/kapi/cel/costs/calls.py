"""What calls cost when they are evaluated.

A call costs one unless something is said here. The numbers are those of CEL for its own functions
and of Kubernetes for those of its libraries.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, TypeAlias

from kapi.cel.costs.sizes import regex_cost, size_of, traversal_cost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.cel.functions import Overload

    # What a call costs, told its result and its arguments.
    CallCost: TypeAlias = Callable[..., int]

__all__ = [
    "AUTHORIZATION_CHECK",
    "LIST_LITERAL",
    "MAP_LITERAL",
    "STRUCT_LITERAL",
    "CallCost",
    "call_cost",
    "equality_cost",
    "is_contained",
    "is_traversal",
    "self_compared",
]

LIST_LITERAL, MAP_LITERAL, STRUCT_LITERAL = 10, 30, 40
# Two of them fit into one evaluation.
AUTHORIZATION_CHECK = 350_000
# Lengths of the patterns that named formats are thought to be.
_FORMATS = {
    "dns1123Label": 30,
    "dns1123Subdomain": 60,
    "dns1035Label": 30,
    "qualifiedName": 60,
    "dns1123LabelPrefix": 30,
    "dns1123SubdomainPrefix": 60,
    "dns1035LabelPrefix": 30,
    "labelValue": 40,
    "uri": 1103,
    "uuid": 70,
    "byte": 84,
    "date": 71,
    "datetime": 71,
}


def equality_cost(a: Any, b: Any) -> int:
    """What comparing two values costs: nothing if one of them is empty."""
    return ceil(min(size_of(a), size_of(b)) * 0.1)


def _tree_cost(value: Any) -> int:
    """What it costs to look at everything in a value."""
    kind = value.__class__
    if kind is str:
        return int(len(value.encode("utf-8", "surrogatepass")) * 0.1)
    if kind is bytes:
        return int(len(value) * 0.1)
    if isinstance(value, list):
        return sum(map(_tree_cost, value))
    if isinstance(value, dict):
        return sum(_tree_cost(key) + _tree_cost(item) for key, item in value.items())
    return 1


def _whole(_result: Any, value: Any, *_: Any) -> int:
    return _tree_cost(value)


def _traversed(_result: Any, value: Any, *_: Any) -> int:
    return traversal_cost(size_of(value))


def _twice(_result: Any, value: Any, *_: Any) -> int:
    return ceil(size_of(value) * 2 * 0.1)


def _result_twice(result: Any, *_: Any) -> int:
    return ceil(size_of(result) * 2 * 0.1)


def _joined(_result: Any, a: Any, b: Any) -> int:
    return traversal_cost(size_of(a) + size_of(b))


def _searched(_result: Any, value: Any, pattern: Any, *_: Any) -> int:
    return traversal_cost(1 + size_of(value)) * regex_cost(size_of(pattern))


def _contained(_result: Any, value: Any, part: Any) -> int:
    return traversal_cost(size_of(value)) * traversal_cost(size_of(part))


def _compared(_result: Any, a: Any, b: Any) -> int:
    return equality_cost(a, b)


def _members(_result: Any, _item: Any, container: Any) -> int:
    return size_of(container)


def _produced(result: Any, *_: Any) -> int:
    return size_of(result) + 1 + LIST_LITERAL


def _flattened(_result: Any, items: Any, depth: int = 1) -> int:
    return size_of(items) * depth + 1 + LIST_LITERAL


def self_compared(_result: Any, items: Any, *_: Any) -> int:
    """Sorting, and finding what is in a list twice: each item is compared with each."""
    factor = 2.1 if items and items[0].__class__ in (str, bytes) else 2.0
    return int(len(items) ** 2 * factor) + 1 + LIST_LITERAL


def _crossed(factor: int) -> CallCost:
    return lambda _result, a, b: 1 + size_of(a) * size_of(b) * factor


def _selector(_result: Any, _target: Any, text: Any) -> int:
    size = size_of(text)
    requirements = ceil(size * 0.5)
    return LIST_LITERAL + traversal_cost(size) + requirements * (LIST_LITERAL + STRUCT_LITERAL)


def _contains_ip(_result: Any, cidr: Any, other: Any) -> int:
    parsed = traversal_cost(size_of(other)) if other.__class__ is str else 0
    return traversal_cost(2 * size_of(cidr)) + parsed


def _contains_cidr(_result: Any, cidr: Any, other: Any) -> int:
    parsed = traversal_cost(size_of(other)) if other.__class__ is str else 0
    size = size_of(cidr)
    return traversal_cost(2 * size) + traversal_cost(size) + 1 + parsed


def _validated(_result: Any, named: Any, text: Any) -> int:
    return traversal_cost(1 + size_of(text)) * regex_cost(_FORMATS.get(named.name, 0))


# Whatever the values are: Kubernetes counts these by the name of the function.
_BY_NAME: dict[str, CallCost | int] = {
    "check": AUTHORIZATION_CHECK,
    "fieldSelector": _selector,
    "labelSelector": _selector,
    "replace": _twice,
    "split": _twice,
    "join": _result_twice,
    "find": _searched,
    "findAll": _searched,
    "ip.isCanonical": _twice,
    "containsIP": _contains_ip,
    "containsCIDR": _contains_cidr,
    "validate": _validated,
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), _whole),
    **dict.fromkeys(("url", "lowerAscii", "upperAscii", "substring", "trim"), _traversed),
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "quantity", "isQuantity"), _traversed),
    **dict.fromkeys(("semver", "isSemver", "jsonpatch.escapeKey"), _traversed),
    "_==_": _compared,
    "_!=_": _compared,
}
# Only where one form of the function can be meant: by that and the type of its first value.
_BY_FORM: dict[tuple[str, str], CallCost] = {
    ("startsWith", "string"): _traversed,
    ("endsWith", "string"): _traversed,
    ("format", "string"): _traversed,
    ("strings.quote", "string"): _traversed,
    ("bytes", "string"): _traversed,
    ("string", "bytes"): _traversed,
    ("ip", "string"): _traversed,
    ("contains", "string"): _contained,
    ("matches", "string"): _searched,
    ("_+_", "string"): _joined,
    ("_+_", "bytes"): _joined,
    ("sets.contains", "list"): _crossed(1),
    ("sets.intersects", "list"): _crossed(1),
    ("sets.equivalent", "list"): _crossed(2),
    ("slice", "list"): _produced,
    ("reverse", "list"): _produced,
    ("lists.range", "int"): _produced,
    ("flatten", "list"): _flattened,
    ("distinct", "list"): self_compared,
    ("sort", "list"): self_compared,
    **{
        (name, kind): _compared
        for name in ("_<_", "_<=_", "_>_", "_>=_")
        for kind in ("string", "bytes")
    },
}


def call_cost(name: str, overloads: Sequence[Overload]) -> CallCost | int:
    """What a call costs; ``overloads`` are the forms that its types leave possible."""
    found = _BY_NAME.get(name)
    if found is not None:
        return found
    if len(overloads) != 1 or not overloads[0].params:
        return 1
    form = overloads[0]
    if name == "matches" and not form.method:
        return 1
    first = form.params[1] if name == "@in" else form.params[0]
    if name == "@in":
        return _members if first.name == "list" else 1
    return _BY_FORM.get((name, first.name), 1)


def is_traversal(cost: CallCost | int) -> bool:
    """Whether a call costs one traversal of its first value, which is mostly one."""
    return cost is _traversed


def is_contained(cost: CallCost | int) -> bool:
    """Whether a call costs a search of one text for another."""
    return cost is _contained
