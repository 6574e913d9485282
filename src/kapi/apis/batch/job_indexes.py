"""Sets of completion indexes as text: ``1,3-5,7`` in rising order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kapi.apimachinery.field import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["IndexesError", "count_indexes", "overlap", "read_intervals"]

_is_integer = re.compile(r"[+-]?[0-9]+").fullmatch


class IndexesError(ValueError):
    """The text is no set of indexes of this job."""


def read_intervals(text: str, completions: int) -> Iterator[tuple[int, int]]:
    """The intervals, both ends included, of a set of indexes below ``completions``.

    Raises:
        IndexesError: with the text that tells the client what is wrong.
    """
    last: int | None = None
    for fragment in text.split(",") if text else ():
        limits = fragment.split("-")
        if len(limits) > 2:
            raise IndexesError(
                f"the fragment {quote(fragment)} violates the requirement that an index interval "
                "can have at most two parts separated by '-'"
            )
        first = last = _index(limits[0], completions, last)
        if len(limits) == 2:
            last = _index(limits[1], completions, first)
        yield first, last


def _index(text: str, completions: int, previous: int | None) -> int:
    if not _is_integer(text):
        raise IndexesError(f"cannot convert string to integer for index: {quote(text)}")
    index = int(text)
    if index >= completions:
        raise IndexesError(f"too large index: {quote(text)}")
    if previous is not None and previous >= index:
        raise IndexesError(f"non-increasing order, previous: {previous}, current: {index}")
    return index


def count_indexes(text: str, completions: int) -> int:
    """How many indexes the set has.

    Raises:
        IndexesError: the text is no set of indexes of this job.
    """
    return sum(last - first + 1 for first, last in read_intervals(text, completions))


def overlap(one: str, other: str, completions: int) -> int | None:
    """The first index in both sets, None when there is none.

    Raises:
        IndexesError: a text is no set of indexes of this job.
    """
    others = list(read_intervals(other, completions))
    for first, last in read_intervals(one, completions):
        for other_first, other_last in others:
            if first <= other_last and other_first <= last:
                return max(first, other_first)
    return None
