"""Quantities: the library of ``quantity()`` and ``isQuantity()``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapi.apimachinery.quantity import Quantity, QuantityError, parse
from kapi.cel.types import opaque
from kapi.cel.values import CelError

if TYPE_CHECKING:
    from kapi.cel.functions import Functions

__all__ = ["declare_quantities"]

_MOST, _LEAST = (1 << 63) - 1, -(1 << 63)


def _quantity(text: str) -> Quantity:
    try:
        return parse(text)
    except QuantityError as error:
        raise CelError(str(error)) from error


def _is_quantity(text: str) -> bool:
    try:
        parse(text)
    except QuantityError:
        return False
    return True


def _is_integer(quantity: Quantity) -> bool:
    value = quantity.value()
    return _LEAST <= value <= _MOST and Quantity(value) == quantity


def _as_integer(quantity: Quantity) -> int:
    if not _is_integer(quantity):
        raise CelError("cannot convert value to integer")
    return quantity.value()


def _as_float(quantity: Quantity) -> float:
    return quantity.scaled_value(-9) / 1e9


def _compare(a: Quantity, b: Quantity) -> int:
    return -1 if a < b else int(b < a)


def _operand(value: Any) -> Quantity:
    return value if isinstance(value, Quantity) else Quantity(value)


def declare_quantities(functions: Functions) -> None:
    """Declare the functions of quantities."""
    opaque("kubernetes.Quantity", Quantity)
    declare = functions.declare
    kind = "kubernetes.Quantity"
    declare("quantity", f"(string) -> {kind}", _quantity)
    declare("isQuantity", "(string) -> bool", _is_quantity)
    declare("sign", f"({kind}) -> int", lambda q: q.sign)
    declare("isInteger", f"{kind}.() -> bool", _is_integer)
    declare("asInteger", f"{kind}.() -> int", _as_integer)
    declare("asApproximateFloat", f"{kind}.() -> double", _as_float)
    declare("isGreaterThan", f"{kind}.({kind}) -> bool", lambda a, b: b < a)
    declare("isLessThan", f"{kind}.({kind}) -> bool", lambda a, b: a < b)
    declare("compareTo", f"{kind}.({kind}) -> int", _compare)
    for other in (kind, "int"):
        declare("add", f"{kind}.({other}) -> {kind}", lambda a, b: a + _operand(b))
        declare("sub", f"{kind}.({other}) -> {kind}", lambda a, b: a - _operand(b))
