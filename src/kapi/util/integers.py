"""Whole numbers in texts, as Go reads them: of 64 bits, however many digits there are.

Python takes time that grows with the square of the digits, and refuses more than 4,300 of them.
"""

from __future__ import annotations

__all__ = ["parse_int64", "parse_uint64"]

_LARGEST = (1 << 64) - 1
_MOST_DIGITS = 20
_INT64 = 1 << 63


def parse_uint64(text: str) -> int:
    """The number of a text of digits; raises ValueError with Go's words for what is wrong."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError("invalid syntax")
    digits = text.lstrip("0")
    if len(digits) > _MOST_DIGITS or (number := int(digits or "0")) > _LARGEST:
        raise ValueError("value out of range")
    return number


def parse_int64(text: str) -> int:
    """The same for a number that may have a sign."""
    sign = text[:1] if text[:1] in ("+", "-") else ""
    number = parse_uint64(text[len(sign) :])
    if sign == "-":
        number = -number
    if not -_INT64 <= number < _INT64:
        raise ValueError("value out of range")
    return number
