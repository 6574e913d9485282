"""Values and types as the messages of strategic merge show them.

Clients see the values in the notation of Go's ``%v``, the types by their Go names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.scheme.model import Type
    from kapi.apimachinery.types import JSONValue

__all__ = ["restore_error", "shown", "shown_text", "type_name"]

_GO_NUMBERS: Final = {"int32": "int32", "int64": "int64", "double": "float64"}
_TEXT_KINDS: Final = frozenset({"string", "bytes", "time", "microtime", "duration", "quantity"})


def shown(value: JSONValue) -> str:
    """The value as ``%v`` shows it: ``map[a:1 b:[x y]]``."""
    if isinstance(value, dict):
        members = " ".join(f"{key}:{shown(value[key])}" for key in sorted(value))
        return f"map[{members}]"
    if isinstance(value, list):
        return f"[{' '.join(map(shown, value))}]"
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _shown_float(value)
    return str(value)


def _shown_float(value: float) -> str:
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    mantissa, e, exponent = repr(value).partition("e")
    return f"{mantissa.removesuffix('.0')}{e}{exponent}"


def shown_text(value: JSONValue) -> str:
    """The value as ``%s`` shows it: text as it is, anything else marked as wrong."""
    if isinstance(value, str):
        return value
    if value is None:
        return "%!s(<nil>)"
    if isinstance(value, (bool, int, float)):
        return f"%!s({type_name(value)}={shown(value)})"
    return shown(value)


def type_name(value: JSONValue) -> str:
    """The Go type of a value that was read from JSON."""
    if isinstance(value, dict):
        return "map[string]interface {}"
    if isinstance(value, list):
        return "[]interface {}"
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "bool"
    return {int: "int64", float: "float64"}.get(type(value), "string")


def _kind_name(value: JSONValue) -> str:
    if isinstance(value, dict):
        return "map"
    return "slice" if isinstance(value, list) else type_name(value)


def restore_error(value: JSONValue, schema: Type) -> str | None:
    """Why a merged value is no value of a type, in the words of the object converter.

    Returns None when the shape is right; contents like quantities are not looked at.
    """
    if value is None or schema.kind in ("any", "int-or-string"):
        return None
    kind = schema.kind
    if kind == "struct":
        return _restore_struct(value, schema)
    if kind == "map":
        if not isinstance(value, dict):
            return f"cannot restore map from {_kind_name(value)}"
        return _first_error(value.values(), schema.element)
    if kind == "list":
        if not isinstance(value, list):
            return f"cannot restore slice from {_kind_name(value)}"
        return _first_error(value, schema.element)
    if kind == "boolean":
        return None if isinstance(value, bool) else "unrecognized type: bool"
    if kind in _TEXT_KINDS:
        return None if isinstance(value, str) else "unrecognized type: string"
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return None if is_number else f"unrecognized type: {_GO_NUMBERS[kind]}"


def _restore_struct(value: JSONValue, schema: Type) -> str | None:
    if not isinstance(value, dict):
        return f"cannot restore struct from: {_kind_name(value)}"
    for name, field in schema.fields.items():
        error = restore_error(value.get(name), field.type)
        if error is not None:
            return error
    return None


def _first_error(values: Iterable[JSONValue], element: Type | None) -> str | None:
    if element is None:
        return None
    for value in values:
        error = restore_error(value, element)
        if error is not None:
            return error
    return None
