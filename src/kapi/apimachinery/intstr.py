"""IntOrString: counts that may be given as a number or as a percentage, and checks of counts.

Implements what ``k8s.io/apimachinery/pkg/util/intstr`` documents for fields like ``maxSurge``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kapi.apimachinery import names

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = [
    "int_or_percent_value",
    "nonnegative",
    "nonnegative_members",
    "nonnegative_or_percent",
    "not_more_than_100_percent",
]

_NOT_NEGATIVE = "must be greater than or equal to 0"
_is_integer = re.compile(r"[+-]?[0-9]+").fullmatch


def nonnegative(value: int, path: str, errors: ErrorList) -> None:
    """Refuse a number below zero."""
    if value < 0:
        errors.invalid(path, value, _NOT_NEGATIVE)


def nonnegative_members(
    obj: JSONObject, path: str, members: tuple[str, ...], errors: ErrorList
) -> None:
    """Refuse members of an object that are set below zero, in the order given."""
    for member in members:
        value = obj.get(member)
        if value is not None and value < 0:
            errors.invalid(f"{path}.{member}", value, _NOT_NEGATIVE)


def nonnegative_or_percent(value: JSONValue, path: str, errors: ErrorList) -> None:
    """Refuse a number below zero and a text that is no percentage."""
    if isinstance(value, str):
        errors.invalid_each(path, value, names.percent(value))
    else:
        nonnegative(value or 0, path, errors)


def int_or_percent_value(value: JSONValue) -> int:
    """The number, with or without a percent sign; 0 for other text and for an unset value."""
    if isinstance(value, str):
        digits = value[:-1] if not names.percent(value) else value
        return int(digits) if _is_integer(digits) else 0
    return value or 0


def not_more_than_100_percent(value: JSONValue, path: str, errors: ErrorList) -> None:
    """Refuse a percentage above 100; numbers have no upper limit."""
    if isinstance(value, str) and not names.percent(value) and int(value[:-1]) > 100:
        errors.invalid(path, value, "must not be greater than 100%")
