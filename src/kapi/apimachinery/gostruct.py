"""How a struct stands in the message of a field error.

Clients know these messages with the members' Go names, in the order of the Go declaration and
with unset members as ``null`` or zero: ``{"APIGroup":"apps","Kind":"Role","Name":""}``. A
:class:`GoStruct` is the declaration as data; it is only used once an error was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["GoStruct", "list_of", "map_of", "pointer_to", "value_of"]


class GoStruct:
    """The members of a struct: name in JSON, name in Go, and what stands there when unset."""

    __slots__ = ("_members",)

    def __init__(self, **members: Member) -> None:
        self._members = members

    def show(self, value: JSONObject | None) -> JSONObject:
        """The struct with its Go names; None shows the empty struct."""
        value = value or {}
        shown: JSONObject = {}
        for name, (go_name, zero, shape) in self._members.items():
            member = value.get(name, zero)
            shown[go_name] = member if shape is None else shape.show(member)
        return shown

    def show_pointer(self, value: JSONObject | None) -> JSONValue:
        """The struct behind a pointer: ``null`` when unset."""
        return None if value is None else self.show(value)


class _Pointer:
    __slots__ = ("_struct",)

    def __init__(self, struct: GoStruct) -> None:
        self._struct = struct

    def show(self, value: JSONObject | None) -> JSONValue:
        return self._struct.show_pointer(value)


class _List:
    __slots__ = ("_struct",)

    def __init__(self, struct: GoStruct) -> None:
        self._struct = struct

    def show(self, value: list[JSONObject] | None) -> JSONValue:
        return None if value is None else [self._struct.show(item) for item in value]


class _Map:
    __slots__ = ("_struct",)

    def __init__(self, struct: GoStruct) -> None:
        self._struct = struct

    def show(self, value: dict[str, JSONObject] | None) -> JSONValue:
        if value is None:
            return None
        return {key: self._struct.show(value[key]) for key in sorted(value)}


_Shape: TypeAlias = "GoStruct | _Pointer | _List | _Map"
# Go name, zero value, and the shape of a struct member (None for scalars and metav1 types).
Member: TypeAlias = "tuple[str, JSONValue, _Shape | None]"


def value_of(go_name: str, struct: GoStruct) -> Member:
    """A struct member held by value."""
    return go_name, None, struct


def pointer_to(go_name: str, struct: GoStruct) -> Member:
    """A struct member held by pointer."""
    return go_name, None, _Pointer(struct)


def list_of(go_name: str, struct: GoStruct) -> Member:
    """A list of structs."""
    return go_name, None, _List(struct)


def map_of(go_name: str, struct: GoStruct) -> Member:
    """A map of structs."""
    return go_name, None, _Map(struct)
