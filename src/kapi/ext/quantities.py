"""Quantity: an amount such as ``500m`` or ``1Gi``, for fields and for arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapi.apimachinery import quantity

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

__all__ = ["Quantity"]


class Quantity(quantity.Quantity):
    """``Quantity("500m")``: compares, adds, and is written back with its own kind of suffix.

    Raises ValueError for what is no quantity. ``value()`` is the amount as an integer, rounded
    up, ``milli_value()`` in thousandths.
    """

    __slots__ = ()

    def __init__(self, amount: str | float | quantity.Quantity) -> None:
        if not isinstance(amount, quantity.Quantity):
            amount = quantity.parse(amount if isinstance(amount, str) else repr(amount))
        super().__init__(amount.mantissa, amount.exponent, amount.format)

    def __neg__(self) -> Quantity:
        return Quantity(super().__neg__())

    def __add__(self, other: quantity.Quantity) -> Quantity:
        return Quantity(super().__add__(other))

    def __sub__(self, other: quantity.Quantity) -> Quantity:
        return Quantity(super().__add__(-other))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        """What pydantic asks a type for; it is imported by then."""
        from pydantic_core import core_schema  # noqa: PLC0415 - there where this is called

        return core_schema.no_info_plain_validator_function(
            cls, serialization=core_schema.to_string_ser_schema()
        )
