"""``format``: texts with values in them, as the first version of the function writes them.

Later versions of CEL write exponents, infinite numbers and what is inside of lists in other ways;
Kubernetes has kept the first one.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from kapi.cel.library.conversions import text as plain_text
from kapi.cel.library.strings import quote_text
from kapi.cel.moments import Duration, Timestamp
from kapi.cel.types import type_name
from kapi.cel.values import CelError, TypeValue, Uint

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.cel.functions import Functions

__all__ = ["declare_formatting"]

_CLAUSE = re.compile(r"%(?:(%)|(?:\.(\d+))?(.?))", re.DOTALL | re.ASCII)
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLACES = 6
_MOST_PLACES = 1_000_000  # as in Go
_INTEGERS = (int, Uint)
_ODD = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _string(value: Any, _places: int) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_inside, value))}]"
    if isinstance(value, dict):
        entries = sorted((_key(key), _inside(item)) for key, item in value.items())
        return "{" + ", ".join(f"{key}:{item}" for key, item in entries) + "}"
    if value is None:
        return "null"
    if isinstance(value, TypeValue):
        return value.name
    if isinstance(value, (str, bool, int, float, bytes, Timestamp, Duration)):
        return plain_text(value)
    raise CelError(
        "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, "
        f"types, durations, and timestamps, was given {type_name(value)}"
    )


def _key(value: Any) -> str:
    if value.__class__ not in (str, bool, *_INTEGERS):
        raise CelError(f"no formatting function for map key of type {type_name(value)}")
    return _inside(value)


def _inside(value: Any) -> str:
    """A value inside of another one, as an expression would write it."""
    if isinstance(value, str):
        return quote_text(value)
    if isinstance(value, bytes):
        return f"b{quote_text(plain_text(value))}"
    if isinstance(value, float):
        shown = f"{value:.{_PLACES}f}"
        if math.isfinite(value):
            return shown
        return quote_text("NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf")
    if isinstance(value, Timestamp):
        return f"timestamp({quote_text(str(value))})"
    if isinstance(value, Duration):
        return f"duration({quote_text(str(value))})"
    return _string(value, _PLACES)


def _integer(value: Any, _places: int) -> str:
    if value.__class__ in _INTEGERS:
        return str(int(value))
    raise CelError(f"decimal clause can only be used on integers, was given {type_name(value)}")


def _double(value: Any, what: str) -> float:
    if value.__class__ is float:
        return float(value)
    if value.__class__ is str and value in _ODD:
        return _ODD[value]
    raise CelError(f"{what} clause can only be used on doubles, was given {type_name(value)}")


def _odd(value: float) -> str:
    """A number that is none."""
    return "NaN" if math.isnan(value) else "\u221e" if value > 0 else "-\u221e"


def _fixed(value: Any, places: int) -> str:
    number = _double(value, "fixed-point")
    return f"{number:.{places}f}" if math.isfinite(number) else _odd(number)


def _scientific(value: Any, places: int) -> str:
    """The precision is taken for the least width; there are always six places."""
    number = _double(value, "scientific")
    if not math.isfinite(number):
        return _odd(number).rjust(places)
    mantissa, _, exponent = f"{number:.{_PLACES}e}".partition("e")
    power = exponent.removeprefix("+").translate(_SUPERSCRIPT)
    return f"{mantissa}\u00d710{power}".rjust(places)


def _binary(value: Any, _places: int) -> str:
    if value.__class__ in (bool, *_INTEGERS):
        return format(int(value), "b")
    given = type_name(value)
    raise CelError(f"only integers and bools can be formatted as binary, was given {given}")


def _octal(value: Any, _places: int) -> str:
    if value.__class__ in _INTEGERS:
        return format(int(value), "o")
    raise CelError(f"octal clause can only be used on integers, was given {type_name(value)}")


def _hexadecimal(value: Any, _places: int) -> str:
    if isinstance(value, str):
        return value.encode().hex()
    if isinstance(value, bytes):
        return value.hex()
    if value.__class__ in _INTEGERS:
        return format(int(value), "x")
    raise CelError(
        "only integers, byte buffers, and strings can be formatted as hex, was given "
        f"{type_name(value)}"
    )


_CLAUSES: dict[str, Callable[[Any, int], str]] = {
    "s": _string,
    "d": _integer,
    "f": _fixed,
    "e": _scientific,
    "b": _binary,
    "o": _octal,
    "x": _hexadecimal,
    "X": lambda value, places: _hexadecimal(value, places).upper(),
}


def _precision(digits: str) -> int:
    places = digits.lstrip("0")
    if len(places) > len(str(_MOST_PLACES)) or int(places or "0") > _MOST_PLACES:
        raise CelError(f"could not parse formatting clause: precision {digits[:20]} is too large")
    return int(places or "0")


def _format(text: str, values: list[Any]) -> str:
    position = 0

    def clause(match: re.Match[str]) -> str:
        nonlocal position
        if match[1]:
            return "%"
        form = _CLAUSES.get(match[3])
        if form is None:
            raise CelError(
                f'could not parse formatting clause: unrecognized formatting clause "{match[3]}"'
            )
        if position >= len(values):
            raise CelError(f"index {position} out of range")
        position += 1
        return form(values[position - 1], _precision(match[2]) if match[2] else _PLACES)

    return _CLAUSE.sub(clause, text)


def declare_formatting(functions: Functions) -> None:
    """Declare ``format``."""
    functions.declare("format", "string.(list<dyn>) -> string", _format)
