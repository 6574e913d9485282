"""The functions of the namespace ``math``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kapi.cel.values import CelError, Uint

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.cel.functions import Functions

__all__ = ["declare_math"]

_NUMBERS = ("int", "uint", "double")
_MOST_ARGUMENTS = 6


def _round(value: float) -> float:
    if math.isnan(value) or math.isinf(value):
        return value
    return float(math.floor(abs(value) + 0.5)) * (1.0 if value >= 0 else -1.0)


def _whole(operation: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: (
        value if math.isinf(value) or math.isnan(value) else float(operation(value))
    )


def _sign(value: Any) -> Any:
    return value.__class__((value > 0) - (value < 0))


def _absolute(value: Any) -> Any:
    if value.__class__ is int and value == -(1 << 63):
        raise CelError("integer overflow")
    return value.__class__(abs(value))


def _pick(pick: Callable[..., Any], name: str) -> Callable[..., Any]:
    def call(*values: Any) -> Any:
        if len(values) == 1 and isinstance(values[0], list):
            if not values[0]:
                raise CelError(f"math.@{name}(list) argument must not be empty")
            return pick(values[0])
        return pick(values)

    return call


def _shift(value: int, places: int, *, left: bool) -> int:
    if places < 0:
        raise CelError(f"math.bitShift{'Left' if left else 'Right'}() negative offset: {places}")
    bits = value & ((1 << 64) - 1)
    result = (bits << places if left else bits >> places) & ((1 << 64) - 1) if places < 64 else 0
    return _same(value, result)


def _same(value: int, bits: int) -> int:
    if isinstance(value, Uint):
        return Uint(bits)
    return bits - (1 << 64) if bits >= 1 << 63 else bits


def declare_math(functions: Functions) -> None:
    """Declare the functions of ``math``."""
    declare = functions.declare
    for name, pick in (("greatest", max), ("least", min)):
        call = _pick(pick, name)
        declare(f"math.{name}", "(list<A>) -> A", call)
        for kind in _NUMBERS:
            declare(f"math.{name}", f"({kind}) -> {kind}", call)
        for count in range(2, _MOST_ARGUMENTS):
            listed = ", ".join(["A"] * count)
            declare(f"math.{name}", f"({listed}) -> A", call)
    for name, round_to in (("ceil", math.ceil), ("floor", math.floor), ("trunc", math.trunc)):
        declare(f"math.{name}", "(double) -> double", _whole(round_to))
    declare("math.round", "(double) -> double", _round)
    declare("math.isNaN", "(double) -> bool", math.isnan)
    declare("math.isInf", "(double) -> bool", math.isinf)
    declare("math.isFinite", "(double) -> bool", math.isfinite)
    for kind in _NUMBERS:
        declare("math.abs", f"({kind}) -> {kind}", _absolute)
        declare("math.sign", f"({kind}) -> {kind}", _sign)
        declare("math.sqrt", f"({kind}) -> double", lambda x: math.sqrt(x) if x >= 0 else math.nan)
    for kind in ("int", "uint"):
        declare("math.bitAnd", f"({kind}, {kind}) -> {kind}", lambda a, b: a.__class__(a & b))
        declare("math.bitOr", f"({kind}, {kind}) -> {kind}", lambda a, b: a.__class__(a | b))
        declare("math.bitXor", f"({kind}, {kind}) -> {kind}", lambda a, b: a.__class__(a ^ b))
        declare("math.bitNot", f"({kind}) -> {kind}", lambda a: _same(a, ~a & ((1 << 64) - 1)))
        declare(
            "math.bitShiftLeft", f"({kind}, int) -> {kind}", lambda a, n: _shift(a, n, left=True)
        )
        declare(
            "math.bitShiftRight", f"({kind}, int) -> {kind}", lambda a, n: _shift(a, n, left=False)
        )
