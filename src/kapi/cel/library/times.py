"""Timestamps and durations: how they are read, written and taken apart."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from kapi.cel.values import CelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.cel.functions import Functions

__all__ = ["declare_times", "duration", "duration_text", "timestamp", "timestamp_text"]

_STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII
).fullmatch
_DURATION = re.compile(r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+").fullmatch
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_MICROSECONDS = {
    "ns": 0.001,
    "us": 1,
    "µs": 1,
    "μs": 1,
    "ms": 1000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
}
_OFFSET = re.compile(r"([+-]?)(\d\d?):(\d\d)").fullmatch


def timestamp(value: Any) -> datetime:
    """The time of a text of RFC 3339 or of seconds since 1970."""
    if isinstance(value, datetime):
        return value
    try:
        if isinstance(value, int):
            return datetime.fromtimestamp(value, UTC)
        match = _STAMP(value)
        if match is not None:
            fraction = (match[3] or "")[:7]
            zone = "+00:00" if match[4] == "Z" else match[4]
            return datetime.fromisoformat(f"{match[1]}T{match[2]}{fraction}{zone}")
    except (ValueError, OverflowError, OSError) as error:
        raise CelError("type conversion error from 'string' to 'timestamp'") from error
    raise CelError("type conversion error from 'string' to 'timestamp'")


def timestamp_text(value: datetime) -> str:
    """A time in RFC 3339, in its own zone, with as much of a fraction as it has."""
    shown = value.replace(microsecond=0, tzinfo=None).isoformat()
    fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
    zone = value.strftime("%z") if value.utcoffset() else ""
    return f"{shown}{fraction}{f'{zone[:3]}:{zone[3:5]}' if zone else 'Z'}"


def duration(value: Any) -> timedelta:
    """The duration of a text such as ``1h30m``, or of nanoseconds."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int):
        return timedelta(microseconds=value / 1000)
    if value in ("0", "+0", "-0"):
        return timedelta()
    if _DURATION(value) is None:
        raise CelError("type conversion error from 'string' to 'duration'")
    total = sum(float(number) * _MICROSECONDS[unit] for number, unit in _PART.findall(value))
    return timedelta(microseconds=-total if value.startswith("-") else total)


def duration_text(value: timedelta) -> str:
    """A duration in seconds."""
    micros = value // timedelta(microseconds=1)
    sign = "-" if micros < 0 else ""
    seconds, rest = divmod(abs(micros), 1_000_000)
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{sign}{seconds}{fraction}s"


def _zone(name: str) -> timezone | ZoneInfo:
    match = _OFFSET(name)
    if match is not None:
        minutes = int(match[2]) * 60 + int(match[3])
        return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, OSError, KeyError) as error:
        raise CelError(f"unknown time zone {name}") from error


def _part(read: Callable[[datetime], int]) -> Callable[..., int]:
    def call(value: datetime, zone: str = "UTC") -> int:
        return read(value.astimezone(_zone(zone)) if zone != "UTC" else value.astimezone(UTC))

    return call


_PARTS: dict[str, Callable[[datetime], int]] = {
    "getFullYear": lambda value: value.year,
    "getMonth": lambda value: value.month - 1,
    "getDate": lambda value: value.day,
    "getDayOfMonth": lambda value: value.day - 1,
    "getDayOfWeek": lambda value: value.isoweekday() % 7,
    "getDayOfYear": lambda value: value.timetuple().tm_yday - 1,
    "getHours": lambda value: value.hour,
    "getMinutes": lambda value: value.minute,
    "getSeconds": lambda value: value.second,
    "getMilliseconds": lambda value: value.microsecond // 1000,
}


def _units(size: timedelta) -> Callable[[timedelta], int]:
    def call(value: timedelta) -> int:
        return int(value / size) if abs(value) < timedelta(days=1) else _whole(value, size)

    return call


def _whole(value: timedelta, size: timedelta) -> int:
    count = abs(value) // size
    return -count if value < timedelta() else count


def declare_times(functions: Functions) -> None:
    """Declare what takes timestamps and durations apart."""
    declare = functions.declare
    for name, read in _PARTS.items():
        declare(name, "timestamp.() -> int", _part(read))
        declare(name, "timestamp.(string) -> int", _part(read))
    declare("getHours", "duration.() -> int", _units(timedelta(hours=1)))
    declare("getMinutes", "duration.() -> int", _units(timedelta(minutes=1)))
    declare("getSeconds", "duration.() -> int", _units(timedelta(seconds=1)))
    milliseconds = timedelta(milliseconds=1)
    declare(
        "getMilliseconds", "duration.() -> int", lambda value: _whole(value, milliseconds) % 1000
    )
