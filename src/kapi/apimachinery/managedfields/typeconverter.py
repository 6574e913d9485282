"""TypeConverter: from the Types of the scheme to the schemas of server-side apply."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kapi.structuredmerge.schema import (
    DEDUCED,
    ListSchema,
    MapSchema,
    ScalarSchema,
    Schema,
    SchemaRef,
    Untyped,
)
from kapi.structuredmerge.typed import TypedSchema

if TYPE_CHECKING:
    from kapi.apimachinery.scheme.decode import DecoderCompiler
    from kapi.apimachinery.scheme.model import Field, Type
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["TypeConverter"]

_STRING = ScalarSchema("string")
_NUMERIC = ScalarSchema("numeric")
_UNTYPED_SCALAR = ScalarSchema("untyped")
_SCALARS: dict[str, Schema] = {
    "string": _STRING,
    "bytes": _STRING,
    "duration": _STRING,
    "boolean": ScalarSchema("boolean"),
    "int32": _NUMERIC,
    "int64": _NUMERIC,
    "double": _NUMERIC,
    "time": _UNTYPED_SCALAR,
    "microtime": _UNTYPED_SCALAR,
    "quantity": _UNTYPED_SCALAR,
    "int-or-string": _UNTYPED_SCALAR,
}
# What every object without a schema of its own has.
_UNSTRUCTURED_ZERO: JSONObject = {"metadata": {}}


class TypeConverter:
    """Builds and keeps the schema of each Type, on first use.

    One converter serves all servers that share a Scheme; ``compiler`` is the Scheme's.
    """

    def __init__(self, compiler: DecoderCompiler) -> None:
        self._compiler = compiler
        self._schemas: dict[Type, Schema] = {}
        self._typed: dict[tuple[Type | None, bool], TypedSchema] = {}

    def typed(self, kind: Type | None, *, unstructured: bool = False) -> TypedSchema:
        """The schema of a kind; None is an object of which nothing is known.

        ``unstructured`` (custom resources) means that the empty object has no members but
        metadata; else the empty object is what Go writes for a new struct.
        """
        unstructured = unstructured or kind is None
        found = self._typed.get((kind, unstructured))
        if found is None:
            found = self._build(kind, unstructured=unstructured)
            self._typed[kind, unstructured] = found
        return found

    def _build(self, kind: Type | None, *, unstructured: bool) -> TypedSchema:
        if kind is None:
            return TypedSchema(
                MapSchema(element=lambda: DEDUCED), _UNSTRUCTURED_ZERO, exact=True, strict=True
            )
        zero = _UNSTRUCTURED_ZERO if unstructured else self._compiler.decoder(kind)({}, [])
        exact = _has_untyped(kind, set())
        return TypedSchema(self.schema(kind), zero, exact=exact, strict=unstructured)

    def schema(self, kind: Type) -> Schema:
        """The schema of one Type."""
        found = self._schemas.get(kind)
        if found is None:
            found = self._schemas[kind] = self._convert(kind)
        return found

    def _convert(self, kind: Type) -> Schema:
        if kind.kind == "struct":
            return self._map(kind, atomic=kind.map_type == "atomic")
        if kind.kind == "map":
            return MapSchema(element=self._element(kind), atomic=kind.map_type == "atomic")
        if kind.kind == "list":
            return self._list(kind)
        return _SCALARS.get(kind.kind, DEDUCED)

    def _map(self, kind: Type, *, atomic: bool) -> MapSchema:
        return MapSchema(
            {name: self._field(field) for name, field in kind.fields.items()},
            None if kind.element is None else self._element(kind),
            atomic,
        )

    def _field(self, field: Field) -> SchemaRef:
        kind = field.type
        if field.map_type in {"", kind.map_type or "granular"}:
            return partial(self.schema, kind)
        atomic = field.map_type == "atomic"
        if kind.kind == "struct":
            of_field: Schema = self._map(kind, atomic=atomic)
        elif kind.kind == "map":
            of_field = MapSchema(element=self._element(kind), atomic=atomic)
        else:
            of_field = Untyped(atomic=atomic)
        return lambda: of_field

    def _element(self, kind: Type) -> SchemaRef:
        assert kind.element is not None
        return partial(self.schema, kind.element)

    def _list(self, kind: Type) -> ListSchema:
        element = kind.element
        assert element is not None
        if kind.list_type == "map":
            return ListSchema(
                self._element(kind),
                "map",
                kind.list_map_keys,
                _defaults(kind.list_map_keys, element),
            )
        return ListSchema(self._element(kind), "set" if kind.list_type == "set" else "atomic")


def _defaults(keys: tuple[str, ...], element: Type) -> dict[str, JSONValue]:
    defaults: dict[str, JSONValue] = {}
    for key in keys:
        field = element.fields.get(key)
        if field is None:
            continue
        default = field.default
        if default is None and not field.omitempty and not field.pointer:
            default = _ZERO.get(field.type.kind)
        if default is not None:
            defaults[key] = default
    return defaults


# The default that the published schema gives to a Go member that is always written.
_ZERO: dict[str, JSONValue] = {"string": "", "int32": 0, "int64": 0, "boolean": False}


def _has_untyped(kind: Type, seen: set[Type]) -> bool:
    """Whether true and 1 could stand at the same place of a value."""
    if kind in seen:
        return False
    seen.add(kind)
    if kind.kind == "any" or kind.kind.startswith("schema-or-"):
        return True
    if kind.element is not None and _has_untyped(kind.element, seen):
        return True
    return any(
        _has_untyped(field.type, seen)
        for name, field in kind.fields.items()
        if name != "managedFields"  # never compared
    )
