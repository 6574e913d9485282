"""Field paths: how a set of owned fields names each field, and sets of them.

A path element is text, as it stands in ``fieldsV1``: ``f:name`` (a member), ``k:{"name":"x"}``
(the item of a list with keys), ``v:"x"`` (the item of a set) or ``i:0`` (an index). A FieldSet is
the JSON form of ``fieldsV1`` itself, a tree of dictionaries, so that reading and writing it costs
nothing:

    {"f:data": {"f:x": {}}}              .data.x
    {"f:data": {".": {}, "f:x": {}}}     .data and .data.x
    {"f:data": {}}                       .data

A node stands for its own path when it is empty or has the member ``.``. Sets are in canonical
form (never ``{".": {}}``, no node that stands for nothing) and are values: no function changes
one, results share nodes with their arguments. Part of "Server-Side Apply" in the documentation.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "LEAF",
    "SELF",
    "FieldSet",
    "difference",
    "from_paths",
    "has",
    "intersection",
    "key_element",
    "leaves",
    "ordered",
    "path_text",
    "paths",
    "read_fields_v1",
    "recursive_difference",
    "sort_elements",
    "union",
    "value_element",
]

FieldSet: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str, ...]

# The node of a path that has nothing below it. Shared; nobody may add to it.
LEAF: Final[FieldSet] = {}
SELF: Final = "."

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
# Go's JSON writer escapes these so that JSON can stand in HTML and JavaScript.
_GO_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def _encode(value: Any) -> str:
    return _ENCODER.encode(value).translate(_GO_ESCAPES)


def key_element(keys: dict[str, Any]) -> str:
    """The element of a list item by its key members: ``k:{"port":80,"protocol":"TCP"}``."""
    return "k:" + _encode(keys)


def value_element(value: Any) -> str:
    """The element of a set's item: ``v:"x"``."""
    return "v:" + _encode(value)


def union(a: FieldSet, b: FieldSet) -> FieldSet:
    """The paths that are in either set."""
    if not a or a is b:
        return b
    if not b:
        return a
    return _union(a, b)


def _union(a: FieldSet, b: FieldSet) -> FieldSet:
    """Of two sets that are not empty, or of two nodes."""
    if not b:
        return a if not a or SELF in a else {SELF: LEAF, **a}
    if not a:
        return b if SELF in b else {SELF: LEAF, **b}
    out = dict(a)
    for element, node in b.items():
        other = a.get(element)
        out[element] = node if other is None or other is node else _union(other, node)
    return out


def difference(a: FieldSet, b: FieldSet) -> FieldSet:
    """The paths of ``a`` that are not in ``b``; paths below a common one stay."""
    if not a or not b:
        return a
    return _difference(a, b) or LEAF


def _difference(a: FieldSet, b: FieldSet) -> FieldSet | None:
    if not b:
        b = _ONLY_SELF
    if not a:
        return None if SELF in b else a
    out: FieldSet = {}
    for element, node in a.items():
        other = b.get(element)
        if other is None:
            out[element] = node
        elif element != SELF:
            rest = _difference(node, other)
            if rest is not None:
                out[element] = rest
    return _canonical(out)


def recursive_difference(a: FieldSet, b: FieldSet) -> FieldSet:
    """The paths of ``a`` that are neither in ``b`` nor below a path in ``b``."""
    if not a or not b:
        return a
    return _recursive_difference(a, b) or LEAF


def _recursive_difference(a: FieldSet, b: FieldSet) -> FieldSet | None:
    out: FieldSet = {}
    for element, node in a.items():
        other = b.get(element)
        if other is None:
            out[element] = node
        elif not other or SELF in other:
            continue
        else:
            rest = _recursive_difference(node, other) if node else node
            if rest is not None:
                out[element] = rest
    return _canonical(out)


def intersection(a: FieldSet, b: FieldSet) -> FieldSet:
    """The paths that are in both sets."""
    if not a or not b:
        return LEAF
    return _intersection(a, b) or LEAF


def _intersection(a: FieldSet, b: FieldSet) -> FieldSet | None:
    if not a:
        return a if not b or SELF in b else None
    if not b:
        return b if SELF in a else None
    out: FieldSet = {}
    for element, node in a.items():
        other = b.get(element)
        if other is not None:
            both = node if node is other else _intersection(node, other)
            if both is not None:
                out[element] = both
    return _canonical(out)


_ONLY_SELF: Final[FieldSet] = {SELF: LEAF}


def _canonical(node: FieldSet) -> FieldSet | None:
    if not node:
        return None
    return LEAF if len(node) == 1 and SELF in node else node


def leaves(a: FieldSet) -> FieldSet:
    """The paths that have no other path of the set below them."""
    return {
        element: leaves(node) if node else node for element, node in a.items() if element != SELF
    }


def has(a: FieldSet, path: Iterable[str]) -> bool:
    """Whether the set has exactly this path."""
    node = a
    for element in path:
        found = node.get(element)
        if found is None:
            return False
        node = found
    return not node or SELF in node


def from_paths(all_paths: Iterable[Iterable[str]]) -> FieldSet:
    """The set of these paths; each a sequence of elements."""
    out: FieldSet = LEAF
    for path in all_paths:
        node: FieldSet = LEAF
        for element in reversed(tuple(path)):
            node = {element: node}
        out = union(out, node)
    return out


def paths(a: FieldSet) -> Iterator[Path]:
    """Each path of the set; those that end at a node come before those that go on."""
    yield from _paths(a, ())


def _paths(a: FieldSet, prefix: Path) -> Iterator[Path]:
    elements = sort_elements([element for element in a if element != SELF])
    for element in elements:
        node = a[element]
        if not node or SELF in node:
            yield (*prefix, element)
    for element in elements:
        if a[element]:
            yield from _paths(a[element], (*prefix, element))


def path_text(path: Iterable[str]) -> str:
    """A path as messages show it: ``.spec.containers[name="x"].image``."""
    return "".join(_element_text(element) for element in path)


def _element_text(element: str) -> str:
    kind, rest = element[:2], element[2:]
    if kind == "f:":
        return "." + rest
    if kind == "k:":
        keys = json.loads(rest)
        return "[" + ",".join(f"{k}={_value_text(keys[k])}" for k in sorted(keys)) + "]"
    if kind == "v:":
        return f"[={_value_text(json.loads(rest))}]"
    return f"[{rest}]"


def _value_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_RANK = {"f": 0, "k": 1, "v": 2, "i": 3}


def _order(element: str) -> tuple[int, Any]:
    """Members before items by key, by value, by index; numbers among keys by their size."""
    rank = _RANK[element[0]]
    if rank == 0:
        return 0, element
    value = json.loads(element[2:])
    if rank == 1:
        return 1, [(name, _value_order(value[name])) for name in sorted(value)]
    return rank, _value_order(value)


def _value_order(value: Any) -> tuple[int, Any]:
    """Values of different types have an order too: numbers, text, booleans, null, the rest."""
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, (int, float)):
        return 0, value
    if isinstance(value, str):
        return 1, value
    return (3, 0) if value is None else (4, _encode(value))


def sort_elements(elements: list[str]) -> list[str]:
    """Put the elements below one path in the order in which they are written."""
    if len(elements) > 1:
        if all(element[0] == "f" for element in elements):
            elements.sort()
        elif all(element[-2:] == '"}' and ',"' not in element for element in elements):
            elements.sort(key=_without_end)  # items by one key that is text
        else:
            elements.sort(key=_order)
    return elements


def _without_end(element: str) -> str:
    return element[:-2]


def ordered(a: FieldSet) -> FieldSet:
    """The same set with each node's members in the order in which they are written."""
    if not a:
        return a
    out: FieldSet = {SELF: LEAF} if SELF in a else {}
    for element in sort_elements([element for element in a if element != SELF]):
        out[element] = ordered(a[element])
    return out


def read_fields_v1(value: Any) -> FieldSet:
    """The set that a client wrote, in canonical form. Raises ValueError when it is none."""
    if not isinstance(value, dict):
        raise ValueError("a set of fields is an object")  # noqa: TRY004 - as for other malformed text
    return _read_node(value) or LEAF


def _read_node(value: dict[str, Any]) -> FieldSet:
    out: FieldSet = {}
    for element, node in value.items():
        if element == SELF:
            out[SELF] = LEAF
            continue
        if node is not None and not isinstance(node, dict):
            raise ValueError(f"{element} has no object")
        known = _read_element(element)
        if known is not None:
            out[known] = _read_node(node) if node else LEAF
    return LEAF if len(out) == 1 and SELF in out else out


def _read_element(element: str) -> str | None:
    """The element in canonical form; None for a kind that a later version may know."""
    kind, rest = element[:2], element[2:]
    if kind == "f:":
        return element
    if kind == "k:":
        keys = json.loads(rest)
        if not isinstance(keys, dict):
            raise ValueError(f"{element} has no keys")
        return key_element(keys)
    if kind == "v:":
        return value_element(json.loads(rest))
    if kind == "i:":
        return f"i:{int(rest)}"
    return None
