"""Sizes of values and ranges of them, in the units of the cost model of CEL.

The numbers are part of the API: a definition is accepted or refused by them.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from math import ceil
from typing import Any, NamedTuple

from kapi.cel.values import Optional

__all__ = ["MOST", "UNKNOWN", "Range", "fixed", "regex_cost", "size_of", "traversal_cost"]

# Costs are unsigned numbers of 64 bits that stay at the largest one.
MOST = (1 << 64) - 1
_TRAVERSAL = 0.1
_REGEX = 0.25


def _scaled(size: int, factor: float) -> int:
    """A size times a factor, rounded up as doubles do it: 70 * 0.1 is a little over 7."""
    product = size * factor
    return MOST if product >= MOST else ceil(product)


class Range(NamedTuple):
    """The least and the most that a size or a cost can be."""

    least: int
    most: int

    def plus(self, other: Range) -> Range:
        """The range of the sum."""
        return Range(min(self.least + other.least, MOST), min(self.most + other.most, MOST))

    def times(self, other: Range) -> Range:
        """The range of the product."""
        return Range(min(self.least * other.least, MOST), min(self.most * other.most, MOST))

    def scaled(self, factor: float) -> Range:
        """The range times a factor, rounded up."""
        return Range(_scaled(self.least, factor), _scaled(self.most, factor))

    def traversed(self) -> Range:
        """What it costs to look once at every character."""
        return self.scaled(_TRAVERSAL)

    def matched(self) -> Range:
        """What a regular expression of this size costs on a text of the cost one."""
        return self.scaled(_REGEX)

    def union(self, other: Range) -> Range:
        """The smallest range with both in it."""
        return Range(min(self.least, other.least), max(self.most, other.most))


UNKNOWN = Range(0, MOST)


def fixed(size: int) -> Range:
    """A size that is known."""
    return Range(size, size)


def size_of(value: Any) -> int:
    """The size that costs are counted by: of everything that has none, one."""
    kind = value.__class__
    if kind is str or kind is bytes or isinstance(value, (list, dict)):
        return len(value)
    if kind is Optional:
        return size_of(value.value) if value.present else 1
    if kind is IPv4Address or kind is IPv6Address:
        return len(value.packed)
    length = getattr(value, "prefix_bytes", None)
    return length if isinstance(length, int) else 1


def traversal_cost(size: int) -> int:
    """What it costs to look once at every character of a text."""
    return ceil(size * _TRAVERSAL)


def regex_cost(size: int) -> int:
    """What a pattern of so many characters costs on a text of the cost one."""
    return ceil(size * _REGEX)
