"""Reading custom resources by their structural schema: pruning, nulls and defaulting in one walk.

Implements "Field pruning", "Defaulting" and "Defaulting and Nullable" of the documentation of
CustomResourceDefinitions. A schema is compiled into closures; a valid object costs one call for
each of its objects and lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import orjson

from kapi.apimachinery.field import render
from kapi.apimachinery.scheme import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["META_FIELDS", "EmbeddedError", "ReadMetadata", "Reader", "compile_reader", "normalize"]

# (value, unknown) -> value. ``unknown`` collects the paths of pruned fields, relative to the value.
Reader: TypeAlias = "Callable[[JSONValue, list[str]], JSONValue]"
# Reads metadata by its Type; raises DecodeError.
ReadMetadata: TypeAlias = "Callable[[JSONValue, list[str]], JSONValue]"

META_FIELDS = frozenset({"apiVersion", "kind", "metadata"})
# Whole numbers up to here are the same in every JSON implementation's integers.
_EXACT = float(1 << 63)
_INT64 = 1 << 63


class EmbeddedError(DecodeError):
    """apiVersion, kind or metadata of an object has the wrong type; ``path`` leads to it."""

    def __init__(self, name: str, value: JSONValue, why: str) -> None:
        super().__init__(why)
        self.path = [name]
        self._value = value
        self._why = why

    def __str__(self) -> str:
        if len(self.path) == 1:  # the object itself
            return self._why
        path = ".".join(self.path).replace(".[", "[")
        return f"{path}: Invalid value: {render(self._value)}: {self._why}"


class _Member(NamedTuple):
    """One property: how to read it and what becomes of a null."""

    read: Reader
    nullable: bool
    default: Callable[[], JSONValue] | None


def normalize(value: JSONValue) -> JSONValue:
    """A value without schema, numbers as Go keeps them: 1.0 is 1, beyond 64 bits is a float."""
    kind = value.__class__
    if kind is dict:
        return {name: normalize(item) for name, item in value.items()}
    if kind is list:
        return [normalize(item) for item in value]
    if kind is float or kind is int:
        return _number(value)
    return value


def _number(value: JSONValue) -> JSONValue:
    if value.__class__ is float:
        if value.is_integer() and -_EXACT <= value < _EXACT:
            return int(value)
    elif not -_INT64 <= value < _INT64:
        return float(value)
    return value


def compile_reader(
    schema: JSONObject, read_metadata: ReadMetadata, *, root: bool = False
) -> Reader:
    """The reader of the values that a schema describes.

    ``root`` reads a whole custom resource, whose apiVersion, kind and metadata need no schema.
    """
    return _Compiler(read_metadata).node(schema, resource=root)


class _Compiler:
    def __init__(self, read_metadata: ReadMetadata) -> None:
        self._read_metadata = read_metadata

    def node(self, schema: JSONObject, *, resource: bool = False) -> Reader:
        read_object = self._object(schema, resource=resource)
        read_list = self._list(schema)

        def read(value: JSONValue, unknown: list[str]) -> JSONValue:
            kind = value.__class__
            if kind is str or kind is bool:
                return value
            if kind is dict:
                return read_object(value, unknown)
            if kind is list:
                return read_list(value, unknown)
            return value if value is None else _number(value)

        return read

    def _member(self, schema: JSONObject) -> _Member:
        default = schema.get("default")
        make = None if default is None else _maker(self.node(schema)(default, []))
        read = self.node(schema) if _has_parts(schema) else self._scalar(schema)
        return _Member(read, bool(schema.get("nullable")), make)

    def _scalar(self, schema: JSONObject) -> Reader:
        """Text or a boolean; a value of another type is for validation to refuse."""

        def read(value: JSONValue, unknown: list[str]) -> JSONValue:
            kind = value.__class__
            if kind is dict or kind is list:  # what it has in it is pruned all the same
                return self.node(schema)(value, unknown)
            return _number(value) if kind is float or kind is int else value

        return read

    def _object(
        self, schema: JSONObject, *, resource: bool
    ) -> Callable[[JSONObject, list[str]], JSONObject]:
        members = {
            name: self._member(part) for name, part in (schema.get("properties") or {}).items()
        }
        additional = self._additional(schema)
        preserve = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
        embedded = resource or bool(schema.get("x-kubernetes-embedded-resource"))
        if embedded:
            members = {name: m for name, m in members.items() if name not in META_FIELDS}
        defaults = [(name, m.default) for name, m in members.items() if m.default is not None]
        read_meta = self._meta_field

        def read(value: JSONObject, unknown: list[str]) -> JSONObject:
            out: JSONObject = {}
            for name, item in value.items():
                member = members.get(name)
                kind = item.__class__
                if member is not None:
                    # The most frequent by far, and the same in every schema.
                    if kind is str or kind is bool or (kind is int and -_INT64 <= item < _INT64):
                        out[name] = item
                        continue
                else:
                    if embedded and name in META_FIELDS:
                        if kind is str and name != "metadata":
                            out[name] = item
                        else:
                            read_meta(name, item, out, unknown)
                        continue
                    member = additional
                    if member is None:
                        if preserve:
                            out[name] = normalize(item)
                        else:
                            unknown.append(name)
                        continue
                if item is None:
                    if member.nullable:
                        out[name] = None
                    elif member.default is not None:
                        out[name] = member.default()
                    continue
                before = len(unknown)
                try:
                    out[name] = member.read(item, unknown)
                except EmbeddedError as error:
                    error.path.insert(0, name)
                    raise
                if len(unknown) > before:
                    _prefix(unknown, before, name)
            for name, default in defaults:
                if name not in out:
                    out[name] = default()
            return out

        return read

    def _additional(self, schema: JSONObject) -> _Member | None:
        additional = schema.get("additionalProperties")
        if isinstance(additional, dict):
            return self._member(additional)
        if additional is True:  # whatever is below has no schema, so objects are emptied
            return _Member(self.node({}), nullable=True, default=None)
        return None

    def _meta_field(self, name: str, item: JSONValue, out: JSONObject, unknown: list[str]) -> None:
        if name != "metadata":
            if item is not None and item.__class__ is not str:
                raise EmbeddedError(name, item, "must be a string")
            out[name] = item
            return
        if item is None:
            return
        before = len(unknown)
        try:
            out[name] = self._read_metadata(item, unknown)
        except DecodeError as error:
            raise EmbeddedError(name, item, str(error)) from None
        if len(unknown) > before:
            _prefix(unknown, before, name)

    def _list(self, schema: JSONObject) -> Callable[[list[JSONValue], list[str]], JSONValue]:
        items = schema.get("items")
        if not isinstance(items, dict):
            return _untyped_list if _keeps_all(schema) else _emptied_list
        member = self._member(items)
        read_item, nullable, default = member

        def read(value: list[JSONValue], unknown: list[str]) -> JSONValue:
            out: list[JSONValue] = []
            for index, item in enumerate(value):
                if item is None:
                    out.append(None if nullable or default is None else default())
                    continue
                before = len(unknown)
                try:
                    out.append(read_item(item, unknown))
                except EmbeddedError as error:
                    error.path.insert(0, f"[{index}]")
                    raise
                if len(unknown) > before:
                    _prefix(unknown, before, f"[{index}]")
            return out

        return read


def _maker(default: JSONValue) -> Callable[[], JSONValue]:
    """What makes a default, a new one each time if it has parts."""
    if not isinstance(default, (dict, list)):
        return lambda: default
    text = orjson.dumps(default)
    return lambda: orjson.loads(text)


def _has_parts(schema: JSONObject) -> bool:
    return schema.get("type") not in {"string", "boolean"}


def _keeps_all(schema: JSONObject) -> bool:
    return bool(schema.get("x-kubernetes-preserve-unknown-fields"))


def _untyped_list(value: list[JSONValue], unknown: list[str]) -> JSONValue:
    return [normalize(item) for item in value]


def _emptied_list(value: list[JSONValue], unknown: list[str]) -> JSONValue:
    """A list where none is expected: objects in it have no fields that are known."""
    out: list[JSONValue] = []
    for index, item in enumerate(value):
        if item.__class__ is dict:
            unknown.extend(f"[{index}].{name}" for name in item)
            out.append({})
        else:
            out.append(normalize(item))
    return out


def _prefix(unknown: list[str], start: int, name: str) -> None:
    for index in range(start, len(unknown)):
        path = unknown[index]
        unknown[index] = f"{name}{path}" if path.startswith("[") else f"{name}.{path}"
