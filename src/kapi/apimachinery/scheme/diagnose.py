"""What is wrong with a value that a decoder refused, or that has unknown members.

The slow walk behind ``decode``: it goes over the value in document order with full paths and words
the first type error as Go's JSON decoder does (innermost struct, then the path without indexes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.scheme.decode import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.scheme.decode import DecoderCompiler
    from kapi.apimachinery.scheme.model import Type
    from kapi.apimachinery.types import JSONValue

__all__ = ["type_error", "unknown_fields"]

_GO_TYPES = {
    "boolean": "bool",
    "double": "float64",
    "bytes": "[]uint8",
    "time": "string",
    "microtime": "string",
    "duration": "string",
    "int-or-string": "int32",
}
_NUMBERS = frozenset({"int32", "int64", "double", "int-or-string"})


def unknown_fields(kind: Type, value: JSONValue, path: str = "") -> Iterator[str]:
    """The path of each member that the Type does not know (``spec.containers[0].foo``)."""
    if kind.kind == "struct" and isinstance(value, dict):
        for name, item in value.items():
            at = f"{path}.{name}" if path else name
            field = kind.fields.get(name)
            if field is None:
                yield at
            else:
                yield from unknown_fields(field.type, item, at)
    elif kind.kind == "list" and isinstance(value, list) and kind.element is not None:
        for index, item in enumerate(value):
            yield from unknown_fields(kind.element, item, f"{path}[{index}]")
    elif kind.kind == "map" and isinstance(value, dict) and kind.element is not None:
        for key, item in value.items():
            yield from unknown_fields(kind.element, item, f"{path}.{key}")
    elif kind.element is not None and kind.kind.startswith("schema-or-"):
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, dict):
                yield from unknown_fields(kind.element, item, path)


def type_error(compiler: DecoderCompiler, kind: Type, value: JSONValue) -> str:
    """The decoder's message for the first value of a wrong type; empty when there is none."""
    return next(_type_errors(compiler, kind, value, "", ""), "")


def _type_errors(
    compiler: DecoderCompiler, kind: Type, value: JSONValue, struct: str, path: str
) -> Iterator[str]:
    if value is None:
        return
    if kind.kind == "struct" and isinstance(value, dict):
        for name, item in value.items():
            field = kind.fields.get(name)
            if field is not None:
                at = f"{path}.{name}" if path else name
                yield from _type_errors(compiler, field.type, item, kind.go_name, at)
    elif kind.kind == "list" and isinstance(value, list) and kind.element is not None:
        for item in value:
            yield from _type_errors(compiler, kind.element, item, struct, path)
    elif kind.kind == "map" and isinstance(value, dict) and kind.element is not None:
        for item in value.values():
            yield from _type_errors(compiler, kind.element, item, struct, path)
    else:
        try:
            compiler.decoder(kind)(value, [])
        except DecodeError as error:
            yield error.detail or _mismatch(kind, value, struct, path)


def _mismatch(kind: Type, value: JSONValue, struct: str, path: str) -> str:
    where = f"struct field {struct}.{path}" if struct else "value"
    return f"json: cannot unmarshal {_found(kind, value)} into Go {where} of type {_go_type(kind)}"


def _found(kind: Type, value: JSONValue) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    return f"number {orjson.dumps(value).decode()}" if kind.kind in _NUMBERS else "number"


def _go_type(kind: Type) -> str:
    if kind.kind == "list" and kind.element is not None:
        return f"[]{_go_type(kind.element)}"
    if kind.kind == "map" and kind.element is not None:
        return f"map[string]{_go_type(kind.element)}"
    if kind.kind == "struct":
        return ".".join(kind.name.rsplit(".", 2)[-2:])
    return _GO_TYPES.get(kind.kind, kind.kind)
