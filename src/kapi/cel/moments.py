"""Timestamps and durations, exact to the nanosecond and no larger than those of Go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from kapi.cel.values import CelError

__all__ = ["Duration", "Timestamp"]

_SECOND = 1_000_000_000
_MOST, _LEAST = (1 << 63) - 1, -(1 << 63)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The years 1 to 9999.
_FIRST, _LAST = -62_135_596_800 * _SECOND, 253_402_300_800 * _SECOND - 1


class _Ordered:
    """A number of nanoseconds that is compared with others of its kind."""

    __slots__ = ("nanoseconds",)

    def __init__(self, nanoseconds: int) -> None:
        self.nanoseconds = nanoseconds

    def __eq__(self, other: object) -> bool:
        return other.__class__ is self.__class__ and self.nanoseconds == _of(other)

    def __hash__(self) -> int:
        return hash(self.nanoseconds)

    def __lt__(self, other: object) -> bool:
        return self.nanoseconds < _of(other)

    def __le__(self, other: object) -> bool:
        return self.nanoseconds <= _of(other)

    def __gt__(self, other: object) -> bool:
        return self.nanoseconds > _of(other)

    def __ge__(self, other: object) -> bool:
        return self.nanoseconds >= _of(other)


def _of(value: object) -> int:
    assert isinstance(value, _Ordered)
    return value.nanoseconds


class Duration(_Ordered):
    """A time span; raises CelError beyond 292 years."""

    __slots__ = ()

    def __init__(self, nanoseconds: int) -> None:
        if not _LEAST <= nanoseconds <= _MOST:
            raise CelError("duration overflow")
        super().__init__(nanoseconds)

    def __str__(self) -> str:
        """In seconds, with as much of a fraction as there is."""
        seconds, rest = divmod(abs(self.nanoseconds), _SECOND)
        fraction = f".{rest:09d}".rstrip("0") if rest else ""
        return f"{'-' if self.nanoseconds < 0 else ''}{seconds}{fraction}s"

    def __repr__(self) -> str:
        return f"Duration({self})"

    def __add__(self, other: Duration) -> Duration:
        return Duration(self.nanoseconds + other.nanoseconds)

    def __sub__(self, other: Duration) -> Duration:
        return Duration(self.nanoseconds - other.nanoseconds)

    def __neg__(self) -> Duration:
        return Duration(-self.nanoseconds)

    def whole(self, unit: int) -> int:
        """How often a unit of so many nanoseconds fits in, rounded towards zero."""
        count = abs(self.nanoseconds) // unit
        return -count if self.nanoseconds < 0 else count


class Timestamp(_Ordered):
    """A moment since 1970, and the zone that it is written in; raises CelError beyond year 9999."""

    __slots__ = ("offset_seconds",)

    def __init__(self, nanoseconds: int, offset_seconds: int = 0) -> None:
        if not _FIRST <= nanoseconds <= _LAST:
            raise CelError("timestamp overflow")
        super().__init__(nanoseconds)
        self.offset_seconds = offset_seconds

    @classmethod
    def of(cls, moment: datetime, nanoseconds: int = 0) -> Timestamp:
        """From whole seconds in a zone, and the rest."""
        offset = moment.utcoffset() or timedelta()
        # Not by subtraction of datetimes: local times near the first and last year have no UTC.
        seconds = (moment.replace(tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
        shift = int(offset.total_seconds())
        return cls((seconds - shift) * _SECOND + nanoseconds, shift)

    @property
    def seconds(self) -> int:
        """Whole seconds since 1970, rounded down."""
        return self.nanoseconds // _SECOND

    def at(self, zone: tzinfo) -> datetime:
        """The date and time in a zone, without what is less than a microsecond."""
        moment = _EPOCH + timedelta(seconds=self.seconds)
        micros = self.nanoseconds % _SECOND // 1000
        try:
            return moment.astimezone(zone).replace(microsecond=micros)
        except OverflowError as error:
            raise CelError("timestamp overflow") from error

    def __str__(self) -> str:
        """In RFC 3339, in its own zone, with as much of a fraction as there is."""
        shift = self.offset_seconds
        local = _EPOCH.replace(tzinfo=None) + timedelta(seconds=self.seconds + shift)
        rest = self.nanoseconds % _SECOND
        fraction = f".{rest:09d}".rstrip("0") if rest else ""
        hours, minutes = divmod(abs(shift) // 60, 60)
        zone = f"{'-' if shift < 0 else '+'}{hours:02d}:{minutes:02d}" if shift else "Z"
        return f"{local.isoformat()}{fraction}{zone}"

    def __repr__(self) -> str:
        return f"Timestamp({self})"

    def __add__(self, other: Duration) -> Timestamp:
        return Timestamp(self.nanoseconds + other.nanoseconds, self.offset_seconds)

    def __sub__(self, other: Duration) -> Timestamp:
        return Timestamp(self.nanoseconds - other.nanoseconds, self.offset_seconds)

    def since(self, other: Timestamp) -> Duration:
        """The time from another moment to this one."""
        return Duration(self.nanoseconds - other.nanoseconds)
