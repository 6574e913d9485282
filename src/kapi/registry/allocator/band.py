"""Static and dynamic band of a range, and the choice of a free number.

Numbers that nobody asked for come from the upper (dynamic) band as long as it has any left, so
that the lower (static) band stays free for those who choose a number themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

    from kapi.util.ids import IDSource

__all__ = ["pick_free", "static_band_size"]


def static_band_size(size: int, minimum: int, maximum: int, step: int) -> int:
    """How many numbers at the start of a range of ``size`` are kept for explicit requests."""
    if size < minimum:
        return 0
    return min(max(size // step, minimum), maximum)


def pick_free(first: int, last: int, taken: Container[int], ids: IDSource) -> int | None:
    """A free number in ``[first, last]``: the first free one from a random start, or None."""
    size = last - first + 1
    if size <= 0:
        return None
    start = first + ids.below(size)
    for number in range(start, last + 1):
        if number not in taken:
            return number
    for number in range(first, start):
        if number not in taken:
            return number
    return None
