"""OrderedMap: an immutable sorted map; every change is a new map that shares almost all of it.

A B-tree whose nodes are never written after they were made. A change copies the nodes on one
path, so that keeping every old version, and giving the whole map away, costs nothing but that.

    m1 = OrderedMap().put("a", 1)
    m2 = m1.put("b", 2)
    m1.get("b") is None and m2.get("b") == 2
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["OrderedMap"]

# Copying a node is one memcpy: wide nodes keep the tree flat (3 levels hold 100,000 keys) and
# still cost less than a microsecond to copy.
_MAX_WIDTH = 64
_MIN_WIDTH = _MAX_WIDTH // 4


class _Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


K = TypeVar("K", bound=_Ordered)
V = TypeVar("V")


class _Leaf(Generic[K, V]):
    __slots__ = ("count", "keys", "values")

    def __init__(self, keys: list[K], values: list[V]) -> None:
        self.keys = keys
        self.values = values
        self.count = len(keys)


class _Branch(Generic[K, V]):
    """``keys[i]`` is not greater than any key of ``nodes[i]`` and greater than all before it."""

    __slots__ = ("count", "keys", "nodes")

    def __init__(self, keys: list[K], nodes: list[_Node[K, V]], count: int) -> None:
        self.keys = keys
        self.nodes = nodes
        self.count = count


_Node = _Leaf[K, V] | _Branch[K, V]


class OrderedMap(Generic[K, V]):
    """A sorted map that is never changed: ``put`` and ``remove`` return the changed map."""

    __slots__ = ("_root",)

    def __init__(self, root: _Node[K, V] | None = None) -> None:
        self._root: _Node[K, V] = _Leaf([], []) if root is None else root

    def __len__(self) -> int:
        return self._root.count

    def get(self, key: K) -> V | None:
        """The value of a key, None when it is not there."""
        node = self._root
        while isinstance(node, _Branch):
            at = bisect_right(node.keys, key) - 1
            if at < 0:
                return None
            node = node.nodes[at]
        at = bisect_left(node.keys, key)
        if at < len(node.keys) and node.keys[at] == key:
            return node.values[at]
        return None

    def put(self, key: K, value: V) -> OrderedMap[K, V]:
        """The map with this key."""
        left, right = _put(self._root, key, value)
        if right is None:
            return OrderedMap(left)
        keys = [left.keys[0], right.keys[0]]
        return OrderedMap(_Branch(keys, [left, right], left.count + right.count))

    def remove(self, key: K) -> OrderedMap[K, V]:
        """The map without this key; the same map when it is not there."""
        root = _remove(self._root, key)
        if root is self._root:
            return self
        while isinstance(root, _Branch) and len(root.nodes) == 1:
            root = root.nodes[0]
        return OrderedMap(root)

    def rank(self, key: K) -> int:
        """How many keys are smaller than this one."""
        node = self._root
        rank = 0
        while isinstance(node, _Branch):
            at = max(bisect_right(node.keys, key) - 1, 0)
            rank += sum(before.count for before in node.nodes[:at])
            node = node.nodes[at]
        return rank + bisect_left(node.keys, key)

    def items(self, start: K | None = None, end: K | None = None) -> Iterator[tuple[K, V]]:
        """Keys and values in order, from ``start`` on and before ``end``; None is no bound."""
        for leaf in _leaves(self._root, start):
            keys = leaf.keys
            first = 0 if start is None else bisect_left(keys, start)
            last = len(keys) if end is None else bisect_left(keys, end)
            for index in range(first, last):
                yield keys[index], leaf.values[index]
            if last < len(keys):
                return

    def values(self, start: K | None = None, end: K | None = None) -> Iterator[V]:
        """The values of ``items``."""
        for _, value in self.items(start, end):
            yield value


def _leaves(node: _Node[K, V], start: K | None) -> Iterator[_Leaf[K, V]]:
    if isinstance(node, _Leaf):
        yield node
        return
    first = 0 if start is None else max(bisect_right(node.keys, start) - 1, 0)
    for index in range(first, len(node.nodes)):
        yield from _leaves(node.nodes[index], start if index == first else None)


def _put(node: _Node[K, V], key: K, value: V) -> tuple[_Node[K, V], _Node[K, V] | None]:
    """The node with the key, and its right half when it became too wide."""
    if isinstance(node, _Leaf):
        return _put_leaf(node, key, value)
    at = bisect_right(node.keys, key) - 1
    at = max(at, 0)
    old = node.nodes[at]
    left, right = _put(old, key, value)
    keys = node.keys
    nodes = node.nodes.copy()
    nodes[at] = left
    count = node.count - old.count + left.count
    if right is None:
        if key < keys[at]:
            keys = keys.copy()
            keys[at] = key
        return _Branch(keys, nodes, count), None
    keys = keys.copy()
    keys[at] = left.keys[0]
    keys.insert(at + 1, right.keys[0])
    nodes.insert(at + 1, right)
    count += right.count
    if len(nodes) <= _MAX_WIDTH:
        return _Branch(keys, nodes, count), None
    half = _split_at(at + 1, len(nodes))
    right_count = sum(child.count for child in nodes[half:])
    return (
        _Branch(keys[:half], nodes[:half], count - right_count),
        _Branch(keys[half:], nodes[half:], right_count),
    )


def _put_leaf(leaf: _Leaf[K, V], key: K, value: V) -> tuple[_Node[K, V], _Node[K, V] | None]:
    keys = leaf.keys
    at = bisect_left(keys, key)
    values = leaf.values.copy()
    if at < len(keys) and keys[at] == key:
        values[at] = value
        return _Leaf(keys, values), None
    keys = keys.copy()
    keys.insert(at, key)
    values.insert(at, value)
    if len(keys) <= _MAX_WIDTH:
        return _Leaf(keys, values), None
    half = _split_at(at, len(keys))
    return _Leaf(keys[:half], values[:half]), _Leaf(keys[half:], values[half:])


def _split_at(changed: int, width: int) -> int:
    """Where to split: keys that only grow (a log of revisions) leave full nodes behind."""
    return width - 1 if changed == width - 1 else width // 2


def _remove(node: _Node[K, V], key: K) -> _Node[K, V]:
    """The node without the key, the same node when it is not there; may become empty."""
    if isinstance(node, _Leaf):
        at = bisect_left(node.keys, key)
        if at == len(node.keys) or node.keys[at] != key:
            return node
        return _Leaf(node.keys[:at] + node.keys[at + 1 :], node.values[:at] + node.values[at + 1 :])
    at = bisect_right(node.keys, key) - 1
    if at < 0:
        return node
    old = node.nodes[at]
    new = _remove(old, key)
    if new is old:
        return node
    keys, nodes = node.keys.copy(), node.nodes.copy()
    nodes[at] = new
    if new.count == 0:
        del keys[at], nodes[at]
    elif len(new.keys) < _MIN_WIDTH and len(nodes) > 1:
        _join(keys, nodes, at)
    return _Branch(keys, nodes, node.count - 1) if nodes else _Leaf([], [])


def _join(keys: list[K], nodes: list[_Node[K, V]], at: int) -> None:
    """Unite a narrow node with a neighbour when both fit into one."""
    first = at if at + 1 < len(nodes) else at - 1
    left, right = nodes[first], nodes[first + 1]
    if len(left.keys) + len(right.keys) > _MAX_WIDTH:
        return
    joined: _Node[K, V]
    if isinstance(left, _Leaf) and isinstance(right, _Leaf):
        joined = _Leaf(left.keys + right.keys, left.values + right.values)
    else:
        assert isinstance(left, _Branch)
        assert isinstance(right, _Branch)
        joined = _Branch(left.keys + right.keys, left.nodes + right.nodes, left.count + right.count)
    nodes[first] = joined
    del keys[first + 1], nodes[first + 1]
