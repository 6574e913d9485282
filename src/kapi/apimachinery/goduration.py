"""Durations as Go writes them: ``1h30m``, ``1.5s``, ``-2ms``."""

from __future__ import annotations

import re
from typing import Final

from kapi.apimachinery.field import quote

__all__ = ["parse"]

_NANOSECONDS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # the micro sign
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_LONGEST: Final = 1 << 63
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^.0-9]*)")


def parse(text: str) -> int:
    """The duration in nanoseconds.

    Raises:
        ValueError: the text is none, in the words of Go's parser.
    """
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    total = 0
    if not rest:
        raise _invalid(text)
    while rest:
        match = _PART.match(rest)
        assert match is not None
        whole, fraction, unit = match.groups()
        if not whole and not fraction:
            raise _invalid(text)
        if not unit:
            raise ValueError(f"time: missing unit in duration {quote(text)}")
        if unit not in _NANOSECONDS:
            raise ValueError(f"time: unknown unit {quote(unit)} in duration {quote(text)}")
        size = _NANOSECONDS[unit]
        total += int(whole or "0") * size
        if fraction:
            total += int(fraction) * size // 10 ** len(fraction)
        if total >= _LONGEST:
            raise _invalid(text)
        rest = rest[match.end() :]
    return -total if text[0] == "-" else total


def _invalid(text: str) -> ValueError:
    return ValueError(f"time: invalid duration {quote(text)}")
