"""Conversions between types, sizes, and types as values: the standard functions of CEL."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kapi.cel.library.times import duration, timestamp
from kapi.cel.moments import Duration, Timestamp
from kapi.cel.types import type_name
from kapi.cel.values import CelError, TypeValue, Uint

if TYPE_CHECKING:
    from kapi.cel.functions import Functions

__all__ = ["declare_conversions", "number_text", "text"]

_MOST, _LEAST, _MOST_UNSIGNED = (1 << 63) - 1, -(1 << 63), (1 << 64) - 1


def _refused(value: Any, kind: str) -> CelError:
    return CelError(f"type conversion error from '{type_name(value)}' to '{kind}'")


def to_int(value: Any) -> int:
    """``int(x)``."""
    if isinstance(value, Timestamp):
        return value.seconds
    if isinstance(value, Duration):
        return value.nanoseconds
    try:
        if isinstance(value, str) and (value != value.strip() or "_" in value):
            raise _refused(value, "int")
        result = int(value)
    except (ValueError, OverflowError) as error:
        raise _refused(value, "int") from error
    if value.__class__ is float and result == _LEAST:
        raise CelError("integer overflow")
    if not _LEAST <= result <= _MOST:
        raise CelError("integer overflow") if not isinstance(value, str) else _refused(value, "int")
    return result


def to_uint(value: Any) -> Uint:
    """``uint(x)``."""
    try:
        result = int(value)
    except (ValueError, OverflowError) as error:
        raise _refused(value, "uint") from error
    if not 0 <= result <= _MOST_UNSIGNED:
        if isinstance(value, str):
            raise _refused(value, "uint")
        raise CelError("unsigned integer overflow")
    return Uint(result)


def to_double(value: Any) -> float:
    """``double(x)``."""
    try:
        return float(value)
    except ValueError as error:
        raise _refused(value, "double") from error


def to_bool(value: Any) -> bool:
    """``bool(x)``: of the spellings of Go."""
    if isinstance(value, bool):
        return value
    if value in ("1", "t", "T", "TRUE", "true", "True"):
        return True
    if value in ("0", "f", "F", "FALSE", "false", "False"):
        return False
    raise _refused(value, "bool")


def number_text(value: float) -> str:
    """A double as Go prints it at the shortest."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    shown = repr(value)
    if "e" in shown:
        mantissa, _, exponent = shown.partition("e")
        return (
            f"{mantissa}e{exponent[0] if exponent[0] in '+-' else '+'}{exponent.lstrip('+-'):0>2}"
        )
    return shown


def text(value: Any) -> str:
    """``string(x)``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise CelError("invalid UTF-8 in bytes, cannot convert to string") from error
    return str(value)


def _size(value: Any) -> int:
    return len(value)


def declare_conversions(functions: Functions) -> None:
    """Declare the functions named by types, and ``size``, ``dyn``, ``type``."""
    declare = functions.declare
    for kind in ("string", "bytes", "list<A>", "map<A, B>"):
        declare("size", f"({kind}) -> int", _size)
        declare("size", f"{kind}.() -> int", _size)
    for kind in ("int", "uint", "double", "string", "timestamp", "duration"):
        declare("int", f"({kind}) -> int", to_int)
    for kind in ("int", "uint", "double", "string"):
        declare("uint", f"({kind}) -> uint", to_uint)
        declare("double", f"({kind}) -> double", to_double)
    kinds = ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration")
    for kind in (*kinds, "net.IP", "net.CIDR"):
        declare("string", f"({kind}) -> string", text)
    declare("bool", "(bool) -> bool", to_bool)
    declare("bool", "(string) -> bool", to_bool)
    declare("bytes", "(bytes) -> bytes", lambda value: value)
    declare("bytes", "(string) -> bytes", lambda value: value.encode())
    declare("timestamp", "(string) -> timestamp", timestamp)
    declare("timestamp", "(timestamp) -> timestamp", timestamp)
    declare("timestamp", "(int) -> timestamp", timestamp)
    declare("duration", "(string) -> duration", duration)
    declare("duration", "(duration) -> duration", duration)
    declare("duration", "(int) -> duration", duration)
    declare("dyn", "(A) -> dyn", lambda value: value)
    declare("type", "(A) -> type", lambda value: TypeValue(type_name(value)))
