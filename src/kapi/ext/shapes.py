"""Shapes: from Python types to structural schemas, and between JSON and Python values.

Implements, seen from Python, "Specifying a structural schema" of the documentation of
CustomResourceDefinitions. What such a schema cannot say is refused when the type is declared.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Annotated, Any, Literal, NewType, Union, get_args, get_origin

from kapi.ext.errors import DeclarationError, Unfit
from kapi.ext.markers import constrain, merged_field
from kapi.ext.scalars import ANYTHING, INT_OR_STRING, Shape, enum_shape, scalar_shape
from kapi.ext.structs import is_struct, judges, struct_members, struct_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["ShapeCompiler"]

_LISTS = (list, Sequence)
_SETS = (set, frozenset, AbstractSet)
_MAPS = (dict, Mapping)
_UNIONS = (Union, types.UnionType)
_ATOMS = frozenset({"string", "integer", "number", "boolean"})


class ShapeCompiler:
    """Finds the shapes of types; ``names`` are those that annotations may use besides globals."""

    def __init__(self, names: Mapping[str, Any] | None = None) -> None:
        self._names = names or {}
        self._structs: dict[type, Shape] = {}
        # The structures that are being looked at, to find those that contain themselves.
        self._within: list[type] = []

    def shape(self, kind: Any, where: str) -> Shape:
        """The shape of a type; ``where`` it stands is told when it has none."""
        return self._annotated(kind, (), where)

    def _annotated(self, kind: Any, metadata: Iterable[Any], where: str) -> Shape:
        origin = get_origin(kind)
        while origin is Annotated:
            inner, *more = get_args(kind)
            kind, metadata = inner, (*more, *metadata)
            origin = get_origin(kind)
        field = merged_field(metadata)
        shape = self._plain(kind, where)
        schema = constrain(shape.schema, field, where)
        if schema == shape.schema:
            return shape
        return Shape(schema, shape.load, shape.dump, shape.optional)

    def _plain(self, kind: Any, where: str) -> Shape:
        if isinstance(kind, NewType):
            return self.shape(kind.__supertype__, where)
        if hasattr(kind, "__value__") and not isinstance(kind, type):  # ``type Port = int``
            return self.shape(kind.__value__, where)
        if kind is Any or kind is object:
            return ANYTHING
        found = scalar_shape(kind)
        if found is not None:
            return found
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return enum_shape([member.value for member in kind], kind, where)
        if is_struct(kind):
            return self.struct(kind, where)
        return self._generic(kind, where)

    def _generic(self, kind: Any, where: str) -> Shape:
        origin, arguments = get_origin(kind) or kind, get_args(kind)
        if origin is Literal:
            return enum_shape(arguments, None, where)
        if origin in _UNIONS:
            return self._union(arguments, where)
        if origin in _MAPS:
            return self._map(arguments, where)
        if origin in _SETS:
            return self._set(frozenset if origin is frozenset else set, arguments, where)
        if origin is tuple:
            return self._tuple(arguments, where)
        if origin in _LISTS:
            if not arguments:
                raise DeclarationError(f"{where}: say what is in the list: list[str], list[Any]")
            return self._list(arguments[0], list, where)
        raise DeclarationError(
            f"{where}: {_name(kind)} has no structural schema; use str, int, float, bool, "
            "datetime, Literal, Enum, list, set, dict, Optional, dataclasses or pydantic models"
        )

    # -- structures ---------------------------------------------------------------------------

    def struct(self, kind: type, where: str) -> Shape:
        """The shape of a dataclass or a pydantic model."""
        found = self._structs.get(kind)
        if found is None:
            if kind in self._within:
                raise DeclarationError(
                    f"{where}: {kind.__name__} contains itself; structural schemas are finite, "
                    "use dict[str, Any] at some depth"
                )
            self._within.append(kind)
            try:
                members = struct_members(kind, self._names, self._annotated)
            finally:
                self._within.pop()
            found = self._structs[kind] = struct_shape(kind, members)
        return found

    @property
    def judges(self) -> bool:
        """Whether a class that was looked at refuses values that fit its schema."""
        return any(judges(kind) for kind in self._structs)

    # -- unions and collections ---------------------------------------------------------------

    def _union(self, arguments: tuple[Any, ...], where: str) -> Shape:
        kinds = [kind for kind in arguments if kind is not type(None)]
        optional = len(kinds) < len(arguments)
        if set(kinds) == {int, str}:
            inner = INT_OR_STRING
        elif len(kinds) == 1:
            inner = self.shape(kinds[0], where)
        else:
            shown = " | ".join(_name(kind) for kind in kinds)
            raise DeclarationError(
                f"{where}: {shown}: of the unions only X | None and int | str have a schema"
            )
        if not optional:
            return inner
        return Shape(inner.schema, _passing_none(inner.load), _passing_none(inner.dump), True)

    def _map(self, arguments: tuple[Any, ...], where: str) -> Shape:
        key, value = arguments or (str, Any)
        if key is not str:
            raise DeclarationError(f"{where}: the keys of maps are str, not {_name(key)}")
        if value is Any or value is object:
            free: JSONObject = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
            return Shape(free, ANYTHING.load, ANYTHING.dump)
        inner = self._item(value, f"{where}[key]")
        schema: JSONObject = {"type": "object", "additionalProperties": inner.schema}
        read, write = _map_of(inner.load), _map_of(inner.dump)
        return Shape(schema, read, write)

    def _list(self, item: Any, make: Callable[[Any], Any], where: str) -> Shape:
        inner = self._item(item, f"{where}[]")
        schema: JSONObject = {"type": "array", "items": inner.schema}
        return Shape(schema, _list_of(inner.load, make), _list_of(inner.dump, list))

    def _set(self, make: type, arguments: tuple[Any, ...], where: str) -> Shape:
        if not arguments:
            raise DeclarationError(f"{where}: say what is in the set: set[str]")
        inner = self._item(arguments[0], f"{where}[]")
        if inner.schema.get("type") not in _ATOMS:
            raise DeclarationError(f"{where}: sets hold text, numbers or booleans")
        schema: JSONObject = {
            "type": "array",
            "items": inner.schema,
            "x-kubernetes-list-type": "set",
        }
        return Shape(schema, _list_of(inner.load, make), _list_of(inner.dump, sorted))

    def _tuple(self, arguments: tuple[Any, ...], where: str) -> Shape:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return self._list(arguments[0], tuple, where)
        if not arguments or any(kind != arguments[0] for kind in arguments):
            raise DeclarationError(f"{where}: the items of a list have one type: tuple[int, ...]")
        shape = self._list(arguments[0], tuple, where)
        length = {"minItems": len(arguments), "maxItems": len(arguments)}
        return Shape({**shape.schema, **length}, shape.load, shape.dump)

    def _item(self, kind: Any, where: str) -> Shape:
        shape = self.shape(kind, where)
        if shape.optional:
            raise DeclarationError(f"{where}: items cannot be None")
        return shape


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _passing_none(convert: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    if convert is None:
        return None
    return lambda value: None if value is None else convert(value)


def _list_of(
    convert: Callable[[Any], Any] | None, make: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    if convert is None:
        return make

    def each(values: Any) -> Any:
        found: list[JSONValue] = []
        for index, value in enumerate(values):
            try:
                found.append(convert(value))
            except ValueError as error:
                raise _unfit(error).below(f"[{index}]") from error
        return found if make is list else make(found)

    return each


def _map_of(convert: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    if convert is None:
        return dict

    def each(values: Any) -> Any:
        found: dict[str, Any] = {}
        for key, value in values.items():
            try:
                found[key] = convert(value)
            except ValueError as error:
                raise _unfit(error).below(key) from error
        return found

    return each


def _unfit(error: ValueError) -> Unfit:
    return error if isinstance(error, Unfit) else Unfit([("", str(error))])
