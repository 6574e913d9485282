"""Times as Go reads them: RFC 3339, and what is wrong with text that is not.

Clients know the messages, which name the rest of the text where reading stopped and the element
of the layout that was expected there. Text that is plainly RFC 3339 need not come here; this walk
also reads what only Go takes for it, as hours of one digit.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

__all__ = ["read_time"]

_RFC3339 = "2006-01-02T15:04:05Z07:00"
_RFC3339_MICRO = "2006-01-02T15:04:05.000000Z07:00"
_MICRO_DIGITS = 6
_ZONE = "Z07:00"
# What stands before each number, its element, how many digits, its range and name there.
_NUMBERS = (
    ("", "2006", 4, (0, 9999), ""),
    ("-", "01", 2, (1, 12), "month"),
    ("-", "02", 2, (0, 99), ""),
    ("T", "15", 2, (0, 23), "hour"),
    (":", "04", 2, (0, 59), "minute"),
    (":", "05", 2, (0, 59), "second"),
)
_ESCAPED = b'"\\'


class _Reader:
    """The text, and the position up to which it has been read."""

    def __init__(self, text: str, layout: str) -> None:
        self.text = text
        self.rest = text
        self._layout = layout

    def unparsable(self, element: str) -> ValueError:
        return ValueError(
            f'parsing time {_quoted(self.text)} as "{self._layout}": '
            f'cannot parse {_quoted(self.rest)} as "{element}"'
        )

    def refused(self, why: str) -> ValueError:
        return ValueError(f"parsing time {_quoted(self.text)}: {why}")

    def skip(self, separator: str) -> None:
        if not self.rest.startswith(separator):
            raise self.unparsable(separator)
        self.rest = self.rest[len(separator) :]

    def digits(self, count: int, element: str) -> int:
        """That many digits; an hour may have one only."""
        taken = self.rest[:count]
        if not _are_digits(taken) or len(taken) < count:
            if element != "15" or not _are_digits(self.rest[:1]):
                raise self.unparsable(element)
            taken = self.rest[:1]
        self.rest = self.rest[len(taken) :]
        return int(taken)


def _quoted(text: str) -> str:
    """Text in quotes, with the bytes of everything but printable ASCII as numbers."""
    return f'"{"".join(map(_shown, text.encode()))}"'


def _shown(byte: int) -> str:
    if byte in _ESCAPED:
        return f"\\{chr(byte)}"
    return chr(byte) if 0x20 <= byte < 0x80 else f"\\x{byte:02x}"


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def read_time(text: str, *, micro: bool) -> datetime:
    """The time, in UTC; ``micro`` wants six digits of fraction, others take any number.

    Raises:
        ValueError: with Go's message.
    """
    reader = _Reader(text, _RFC3339_MICRO if micro else _RFC3339)
    numbers: list[int] = []
    for separator, element, count, (lowest, highest), name in _NUMBERS:
        reader.skip(separator)
        number = reader.digits(count, element)
        if name and not lowest <= number <= highest:
            raise reader.refused(f"{name} out of range")
        numbers.append(number)
    microseconds = _read_fraction(reader, micro=micro)
    offset = _read_zone(reader)
    if reader.rest:
        raise reader.refused(f"extra text: {_quoted(reader.rest)}")
    year, month, day = numbers[:3]
    # Go counts a year 0; it is a leap year as 4 is.
    if not 1 <= day <= calendar.monthrange(year or 4, month)[1]:
        raise reader.refused("day out of range")
    try:
        return _instant(numbers, microseconds) - offset
    except (ValueError, OverflowError):
        raise reader.refused("year out of range") from None


def _instant(numbers: list[int], microseconds: int) -> datetime:
    year, month, day, hour, minute, second = numbers
    return datetime(year, month, day, hour, minute, second, microseconds, tzinfo=UTC)


def _read_fraction(reader: _Reader, *, micro: bool) -> int:
    rest = reader.rest
    if micro:
        taken = rest[1 : 1 + _MICRO_DIGITS]
        if rest[:1] not in (".", ",") or len(taken) < _MICRO_DIGITS or not _are_digits(taken):
            raise reader.unparsable("." + "0" * _MICRO_DIGITS)
    elif rest[:1] in (".", ",") and _are_digits(rest[1:2]):
        stop = 2
        while _are_digits(rest[stop : stop + 1]):
            stop += 1
        taken = rest[1:stop]
    else:
        return 0
    reader.rest = rest[1 + len(taken) :]
    return int(taken[:_MICRO_DIGITS].ljust(_MICRO_DIGITS, "0"))


def _read_zone(reader: _Reader) -> timedelta:
    rest = reader.rest
    if rest.startswith("Z"):
        reader.rest = rest[1:]
        return timedelta()
    hours, minutes = rest[1:3], rest[4:6]
    if (
        rest[:1] not in ("+", "-")
        or rest[3:4] != ":"
        or len(minutes) < 2
        or not _are_digits(hours + minutes)
    ):
        raise reader.unparsable(_ZONE)
    reader.rest = rest[6:]
    if int(hours) > 24:
        raise reader.refused("time zone offset hour out of range")
    if int(minutes) > 60:
        raise reader.refused("time zone offset minute out of range")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return offset if rest[0] == "+" else -offset
