"""Values and types as the messages of strategic merge show them.

Clients see the values in the notation of Go's ``%v``, the types by their Go names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONValue

__all__ = ["shown", "shown_text", "type_name"]


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
