"""SharedLog: a log that copies share until they grow apart.

a = SharedLog(1); a.append("x"); a.append("y")
b = a.copy()          # the same list below
a.append("z")         # a owns the end of the list: appended in place
b.append("w")         # b does not: it takes its own list first
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SharedLog"]

T = TypeVar("T")


class SharedLog(Generic[T]):
    """Items numbered without gaps from ``first`` on."""

    __slots__ = ("_items", "_length", "first")

    def __init__(self, first: int, items: list[T] | None = None, length: int = 0) -> None:
        self.first = first
        self._items: list[T] = [] if items is None else items
        # Of a shared list only so much is ours.
        self._length = length

    def copy(self) -> SharedLog[T]:
        """An independent log with the same items, in constant time."""
        return SharedLog(self.first, self._items, self._length)

    def append(self, item: T) -> None:
        """Add the item after the last."""
        if len(self._items) != self._length:
            self._items = self._items[: self._length]
        self._items.append(item)
        self._length += 1

    def __getitem__(self, number: int) -> T:
        return self._items[number - self.first]

    def since(self, number: int) -> Iterator[T]:
        """The items from a number on, as they are now."""
        for index in range(max(number - self.first, 0), self._length):
            yield self._items[index]

    def drop_before(self, number: int) -> None:
        """Forget the items before a number."""
        dropped = min(max(number - self.first, 0), self._length)
        self._items = self._items[dropped : self._length]
        self._length -= dropped
        self.first += dropped
