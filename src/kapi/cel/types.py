"""Types of expressions, how they are written, and which values fit them.

Implements the types of the CEL language definition, with objects whose fields a schema declares.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kapi.cel.moments import Duration, Timestamp
from kapi.cel.values import Optional, TypeValue, Uint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "BOOL",
    "BYTES",
    "DOUBLE",
    "DURATION",
    "DYN",
    "INT",
    "NULL",
    "QUALIFIED_NAMES",
    "STRING",
    "TIMESTAMP",
    "TYPE",
    "UINT",
    "UNKNOWN",
    "Type",
    "fits",
    "list_of",
    "map_of",
    "most_general",
    "object_type",
    "opaque",
    "optional_of",
    "read_type",
    "type_name",
    "unify",
]


@dataclass(frozen=True, slots=True)
class Type:
    """A type by its name; ``fields`` are those of an object: the JSON name and type of each."""

    name: str
    params: tuple[Type, ...] = ()
    fields: Mapping[str, tuple[str, Type]] | None = field(default=None, compare=False)

    def __str__(self) -> str:
        if not self.params:
            return "dyn" if self.name == "_" else self.name
        return f"{self.name}({', '.join(map(str, self.params))})"


DYN, BOOL, INT, UINT = Type("dyn"), Type("bool"), Type("int"), Type("uint")
DOUBLE, STRING, BYTES, NULL = Type("double"), Type("string"), Type("bytes"), Type("null")
TIMESTAMP, DURATION, TYPE = Type("timestamp"), Type("duration"), Type("type")
# What the items of an empty list are: like a parameter, it becomes what it is joined with.
UNKNOWN = Type("_")
_NULLABLE = frozenset({"timestamp", "duration", "null", "optional_type"})
_NAMES = {
    bool: "bool",
    int: "int",
    Uint: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    type(None): "null_type",
    Timestamp: "google.protobuf.Timestamp",
    Duration: "google.protobuf.Duration",
    Optional: "optional_type",
    TypeValue: "type",
}
_FITS: dict[str, Callable[[Any], bool]] = {
    "bool": lambda value: value.__class__ is bool,
    "int": lambda value: value.__class__ is int,
    "uint": lambda value: value.__class__ is Uint,
    "double": lambda value: value.__class__ is float,
    "string": lambda value: value.__class__ is str,
    "bytes": lambda value: value.__class__ is bytes,
    "null": lambda value: value is None,
    "timestamp": lambda value: isinstance(value, Timestamp),
    "duration": lambda value: isinstance(value, Duration),
    "list": lambda value: isinstance(value, list),
    "map": lambda value: isinstance(value, dict),
    "optional_type": lambda value: isinstance(value, Optional),
    "type": lambda value: isinstance(value, TypeValue),
}


def list_of(item: Type) -> Type:
    """The type of lists."""
    return Type("list", (item,))


def map_of(key: Type, value: Type) -> Type:
    """The type of maps."""
    return Type("map", (key, value))


def optional_of(value: Type) -> Type:
    """The type of values that may be absent."""
    return Type("optional_type", (value,))


def object_type(name: str, fields: Mapping[str, tuple[str, Type]]) -> Type:
    """An object with declared fields."""
    return Type(name, (), fields)


# The types that have no word of their own and are named in full, as values.
QUALIFIED_NAMES = {"google.protobuf.Timestamp", "google.protobuf.Duration"}


def opaque(name: str, *classes: type) -> Type:
    """A type of the library, whose values are instances of Python classes."""
    _FITS[name] = lambda value: isinstance(value, classes)
    QUALIFIED_NAMES.add(name)
    for each in classes:
        _NAMES[each] = name
    return Type(name)


def fits(kind: Type, value: Any) -> bool:
    """Whether a value has a type, as far as that can be seen without looking inside."""
    test = _FITS.get(kind.name)
    if test is not None:
        return test(value)
    return kind.fields is None or isinstance(value, dict)


def type_name(value: Any) -> str:
    """The name of the type of a value."""
    name = _NAMES.get(value.__class__)
    if name is not None:
        return name
    return "list" if isinstance(value, list) else "map"


def _is_variable(kind: Type) -> bool:
    return len(kind.name) == 1


def unify(param: Type, arg: Type, bound: dict[str, Type]) -> bool:
    """Whether an argument fits a parameter; type parameters get bound."""
    if param.name == UNKNOWN.name:
        return True
    if _is_variable(param):
        known = bound.get(param.name)
        if known is not None and not unify(known, arg, bound):
            return False
        bound[param.name] = arg if known is None else most_general(known, arg)
        return True
    if param.name == "dyn" or arg.name == "dyn" or _is_variable(arg):
        return True
    if arg.name == "null":
        return param.name in _NULLABLE or param.fields is not None or "." in param.name
    if param.name == "null":
        return unify(arg, param, bound)
    if param.name != arg.name or len(param.params) != len(arg.params):
        return False
    return all(unify(p, a, bound) for p, a in zip(param.params, arg.params, strict=True))


def most_general(first: Type, second: Type) -> Type:
    """What values of two types have in common that fit each other."""
    if _is_variable(first) or _is_variable(second):
        return second if _is_variable(first) else first
    if first.name == "dyn" or second.name == "dyn":
        return DYN
    if first.name != second.name or not first.params:
        return second
    pairs = zip(first.params, second.params, strict=True)
    return Type(first.name, tuple(most_general(a, b) for a, b in pairs), first.fields)


_WORD = re.compile(r"[A-Za-z_.]+")


def read_type(text: str) -> Type:
    """A type from its text, as in ``map<string, list<A>>``."""
    kind, end = _read(text.replace(" ", ""), 0)
    assert end
    return kind


def _read(text: str, at: int) -> tuple[Type, int]:
    match = _WORD.match(text, at)
    assert match is not None, text
    at = match.end()
    if at >= len(text) or text[at] != "<":
        return Type(match[0]), at
    params: list[Type] = []
    while text[at] != ">":
        param, at = _read(text, at + 1)
        params.append(param)
    return Type(match[0], tuple(params)), at + 1
