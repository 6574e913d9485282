"""Values of expressions that JSON does not have, and the error that an evaluation ends with.

JSON values stand for themselves and bytes are bytes; timestamps and durations are those of
:mod:`kapi.cel.moments`. Everything else that CEL knows is defined here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BudgetSpent",
    "CelError",
    "CostExceeded",
    "MapList",
    "ObjectValue",
    "Optional",
    "SetList",
    "TypeValue",
    "Uint",
    "as_doubles",
    "equal",
]


class CelError(Exception):
    """An evaluation failed; the text is what CEL says."""


class CostExceeded(CelError):
    """The budget of an evaluation is spent."""

    def __init__(self) -> None:
        super().__init__("operation cancelled: actual cost limit exceeded")


class BudgetSpent(CostExceeded):
    """The budget that expressions share is spent; none may be evaluated any more."""

    def __init__(self) -> None:
        CelError.__init__(
            self,
            "validation failed due to running out of cost budget, no further validation rules "
            "will be run",
        )


class Uint(int):
    """An unsigned integer."""

    __slots__ = ()


class Optional:
    """A value that may be absent."""

    __slots__ = ("present", "value")

    def __init__(self, value: Any = None, *, present: bool = True) -> None:
        self.value = value
        self.present = present

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Optional) or self.present != other.present:
            return False
        return not self.present or equal(self.value, other.value)

    def __hash__(self) -> int:
        return hash(self.present)


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A type as a value: what ``type(x)`` gives."""

    name: str


class ObjectValue(dict[str, Any]):
    """An object that an expression made: its members, and the type that it was given."""

    __slots__ = ("type_name",)

    def __init__(self, type_name: str, members: dict[str, Any]) -> None:
        super().__init__(members)
        self.type_name = type_name


class SetList(list[Any]):
    """A list of ``x-kubernetes-list-type: set``: compared without order, joined as sets."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, list) or len(self) != len(other):
            return False
        return all(any(equal(item, x) for x in other) for item in self)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __add__(self, other: Iterable[Any]) -> SetList:
        joined = SetList(self)
        for item in other:
            if not any(equal(item, x) for x in joined):
                joined.append(item)
        return joined


class MapList(list[Any]):
    """A list of ``x-kubernetes-list-type: map``: entries are told apart by their keys."""

    __slots__ = ("keys",)

    def __init__(self, items: Iterable[Any], keys: tuple[str, ...]) -> None:
        super().__init__(items)
        self.keys = keys

    def _key(self, item: Any) -> tuple[Any, ...]:
        return tuple(item.get(key) for key in self.keys)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, list) or len(self) != len(other):
            return False
        mine = {self._key(item): item for item in self}
        return all(equal(mine.get(self._key(item)), item) for item in other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __add__(self, other: Iterable[Any]) -> MapList:
        joined = {self._key(item): item for item in self}
        joined.update({self._key(item): item for item in other})
        return MapList(joined.values(), self.keys)


def as_doubles(a: Any, b: Any) -> tuple[Any, Any]:
    """Two numbers to be compared: where one is a double, the other one becomes one."""
    if a.__class__ is float and isinstance(b, int):
        return a, float(b)
    if b.__class__ is float and isinstance(a, int):
        return float(a), b
    return a, b


def equal(a: Any, b: Any) -> bool:
    """Equality of CEL: numbers by value, booleans are no numbers, other types never equal."""
    kind, other = a.__class__, b.__class__
    if kind is other:
        if kind is list:
            return len(a) == len(b) and all(map(equal, a, b))
        if kind is dict:
            return _equal_maps(a, b)
        return bool(a == b)
    if kind is bool or other is bool:
        return False
    if kind is float or other is float:
        a, b = as_doubles(a, b)
    if isinstance(b, (SetList, MapList)):
        return bool(b == a)
    return bool(a == b)


def _equal_maps(a: dict[Any, Any], b: dict[Any, Any]) -> bool:
    if len(a) != len(b):
        return False
    return all(key in b and equal(value, b[key]) for key, value in a.items())
