"""How deep expressions may be, and the stack that those need which are.

A chain of members, calls and operators and a nest of parentheses are both bounded, as in CEL. What
stays below needs more of Python's stack than is usual, so it is run again with a larger one.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

from kapi.cel.syntax import Call, Comprehension, ListLiteral, MapLiteral, Select, StructLiteral

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kapi.cel.syntax import Node

__all__ = ["DEEPEST", "is_too_deep", "with_more_stack"]

DEEPEST = 250
# Some forty calls for each level that an expression may have.
_STACK = 10_000
_FLAT = frozenset({"_&&_", "_||_", "_?_:_", "!_", "-_"})

_T = TypeVar("_T")


def is_too_deep(tree: Node) -> bool:
    """Whether more than ``DEEPEST`` members, calls and operators stand inside of one another."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if _counts(node):
            depth += 1
            if depth > DEEPEST:
                return True
        waiting += [(part, depth) for part in _parts(node)]
    return False


def _counts(node: Node) -> bool:
    if isinstance(node, Call):
        operator = node.target is None and not node.function[:1].isalpha()
        return node.target is not None or (operator and node.function not in _FLAT)
    return isinstance(node, (Select, Comprehension))


def _parts(node: Node) -> Iterator[Node]:
    if isinstance(node, Select):
        yield node.operand
    elif isinstance(node, (Call, Comprehension)):
        if node.target is not None:
            yield node.target
        yield from node.args
    elif isinstance(node, ListLiteral):
        yield from node.items
    elif isinstance(node, MapLiteral):
        for key, value, _ in node.entries:
            yield key
            yield value
    elif isinstance(node, StructLiteral):
        for _, value, _ in node.fields:
            yield value


def with_more_stack(call: Callable[[], _T]) -> _T:
    """Call what has failed with RecursionError before; it may do so again."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, _STACK))
    try:
        return call()
    finally:
        sys.setrecursionlimit(usual)
