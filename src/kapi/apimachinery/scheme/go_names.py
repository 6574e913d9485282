"""GoNames: how Go declares what a schema describes, for messages that quote it.

Kubernetes' decoder names the Go type of a field and the structs that it is embedded in. Schemas
know neither: the types come from ``facts/go_types.json``, which lists only those that cannot be
told from the schema, the embedded structs from the presence table. Read on the first wrong type.
"""

from __future__ import annotations

import importlib.resources
from functools import cached_property
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from kapi.apimachinery.scheme.definitions import Presence
    from kapi.apimachinery.scheme.model import Type
    from kapi.apimachinery.types import JSONValue

__all__ = ["GoNames", "element_type", "go_type", "json_kind", "value_type"]

_SCALARS = {
    "boolean": "bool",
    "double": "float64",
    "bytes": "[]uint8",
    "time": "string",
    "microtime": "string",
    "duration": "string",
    "int-or-string": "int32",
}
_VALUES: dict[type, str] = {
    str: "string",
    bool: "bool",
    int: "int64",
    float: "float64",
    list: "[]interface {}",
    dict: "map[string]interface {}",
    type(None): "<nil>",
}
_TYPE_META = frozenset({"apiVersion", "kind"})


class GoNames:
    """The names of one version's types."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence

    @cached_property
    def _types(self) -> dict[str, dict[str, str]]:
        text = importlib.resources.files("kapi.facts").joinpath("go_types.json").read_bytes()
        table: dict[str, dict[str, str]] = orjson.loads(text)
        return table

    def field_type(self, struct: Type, name: str) -> str:
        """The type of a struct's field as Go prints it (``[]v1.KeyUsage``)."""
        named = self._types.get(struct.name, {}).get(name)
        return named or go_type(struct.fields[name].type)

    def field_path(self, struct: Type, name: str) -> str:
        """A field behind the structs that it is embedded in (``VolumeSource.hostPath``)."""
        if name in _TYPE_META and "metadata" in struct.fields:
            return f"TypeMeta.{name}"
        return ".".join([*self._presence.embedding(struct.name, name), name])


def go_type(kind: Type) -> str:
    """The Go type that a schema alone tells of."""
    if kind.kind == "list" and kind.element is not None:
        return f"[]{go_type(kind.element)}"
    if kind.kind == "map" and kind.element is not None:
        return f"map[string]{go_type(kind.element)}"
    if kind.kind == "struct":
        return ".".join(kind.name.rsplit(".", 2)[-2:])
    return _SCALARS.get(kind.kind, kind.kind)


def element_type(container: str, element: Type) -> str:
    """The Go type of a list's items or a map's values, of which the container's is known."""
    if container.startswith("[]"):
        return container[2:]
    if container.startswith("map["):
        return container.partition("]")[2]
    return go_type(element)  # the container's name does not say


def value_type(value: JSONValue) -> str:
    """The Go type of a JSON value that was decoded without a schema."""
    return _VALUES[type(value)]


def json_kind(value: JSONValue) -> str:
    """The JSON kind of a value, as Go's decoder names it."""
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    if isinstance(value, str):
        return "string"
    return "bool" if isinstance(value, bool) else "null" if value is None else "number"
