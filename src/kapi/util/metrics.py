"""Counts and durations, as plain numbers that cost a fraction of a microsecond to add to.

What they are called and how they are shown is decided where they are read.
"""

from __future__ import annotations

from bisect import bisect_left
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Histogram", "stopwatch"]

# Seconds on a clock for durations; tests compare none of them.
stopwatch = perf_counter


class Histogram:
    """How often values fell between bounds, and their sum."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self.counts)

    def observe(self, value: float) -> None:
        """Add a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def add(self, other: Histogram) -> None:
        """Add what another one with the same bounds has counted."""
        self.counts = [
            ours + theirs for ours, theirs in zip(self.counts, other.counts, strict=True)
        ]
        self.sum += other.sum

    def cumulative(self) -> Iterator[tuple[str, float]]:
        """Bounds with how many values were at most that, as Prometheus shows them."""
        total = 0
        for bound, count in zip(self.bounds, self.counts, strict=False):
            total += count
            yield f"{bound:g}", total
        yield "+Inf", total + self.counts[-1]
