"""DeclarationOrder: the order in which Go declares, and so writes, the members of structs.

Messages that quote an object show it in this order. It is mostly that of the protobuf numbers;
``facts/field_order.txt`` lists the structs that declare their members in another one. Read when
the first object is quoted.
"""

from __future__ import annotations

import importlib.resources
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.scheme.definitions import Presence
    from kapi.apimachinery.scheme.model import Type
    from kapi.apimachinery.types import JSONValue

__all__ = ["DeclarationOrder"]

_TYPE_META = ("kind", "apiVersion")


class DeclarationOrder:
    """The order of members for one version's types."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._names: dict[str, tuple[str, ...]] = {}

    @cached_property
    def _exceptions(self) -> dict[str, list[str]]:
        text = importlib.resources.files("kapi.facts").joinpath("field_order.txt").read_text()
        rows = (line.split() for line in text.splitlines())
        return {name: fields for name, *fields in rows}

    def names(self, struct: Type) -> tuple[str, ...]:
        """The names of all members of a struct, in the order of their declaration."""
        found = self._names.get(struct.name)
        if found is None:
            declared = self._exceptions.get(struct.name) or self._numbered(struct.name)
            names = (*_TYPE_META, *declared)  # TypeMeta, where it is embedded, comes first
            if not {*_TYPE_META}.isdisjoint(declared):
                names = tuple(declared)
            known = dict.fromkeys(name for name in names if name in struct.fields)
            found = self._names[struct.name] = (*known, *(struct.fields.keys() - known.keys()))
        return found

    def _numbered(self, message: str) -> list[str]:
        names: list[str] = []
        members = self._presence.message(message)
        for name in sorted(members, key=lambda name: members[name].number):
            inlined = members[name].inline
            names.extend(self._numbered(inlined) if inlined else [name])
        return names

    def ordered(self, kind: Type, value: JSONValue) -> JSONValue:
        """The value as Go writes it: structs in their order, maps by key."""
        if isinstance(value, dict):
            if kind.kind == "struct":
                names = [name for name in self.names(kind) if name in value]
                known = {name: self.ordered(kind.fields[name].type, value[name]) for name in names}
                return known | {name: item for name, item in value.items() if name not in known}
            if kind.kind == "map" and kind.element is not None:
                return {key: self.ordered(kind.element, value[key]) for key in sorted(value)}
        if isinstance(value, list) and kind.kind == "list" and kind.element is not None:
            return [self.ordered(kind.element, item) for item in value]
        return value
