"""Timestamps and durations: how they are read, written and taken apart."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from kapi.cel.moments import Duration, Timestamp
from kapi.cel.values import CelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.cel.functions import Functions

__all__ = ["declare_times", "duration", "timestamp"]

_STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII
).fullmatch
_DURATION = re.compile(r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+").fullmatch
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_MILLISECOND, _SECOND = 1_000_000, 1_000_000_000
_NANOSECONDS = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ms": _MILLISECOND,
    "s": _SECOND,
    "m": 60 * _SECOND,
    "h": 3600 * _SECOND,
}
_OFFSET = re.compile(r"([+-]?)(\d\d?):(\d\d)").fullmatch
_NO_TIMESTAMP = "type conversion error from 'string' to 'google.protobuf.Timestamp'"
_NO_DURATION = "type conversion error from 'string' to 'google.protobuf.Duration'"


def timestamp(value: Any) -> Timestamp:
    """The time of a text of RFC 3339 or of seconds since 1970."""
    if isinstance(value, Timestamp):
        return value
    if isinstance(value, int):
        return Timestamp(value * _SECOND)
    match = _STAMP(value)
    if match is None:
        raise CelError(_NO_TIMESTAMP)
    zone = "+00:00" if match[4] == "Z" else match[4]
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}")
    except ValueError as error:
        raise CelError(_NO_TIMESTAMP) from error
    return Timestamp.of(moment, int(f"{match[3] or '':0<9}"[:9]))


def duration(value: Any) -> Duration:
    """The duration of a text such as ``1h30m``, or of nanoseconds."""
    if isinstance(value, Duration):
        return value
    if isinstance(value, int):
        return Duration(value)
    if value in ("0", "+0", "-0"):
        return Duration(0)
    if _DURATION(value) is None:
        raise CelError(_NO_DURATION)
    total = sum(int(Decimal(number) * _NANOSECONDS[unit]) for number, unit in _PART.findall(value))
    try:
        return Duration(-total if value.startswith("-") else total)
    except CelError as error:
        raise CelError(_NO_DURATION) from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, OSError, KeyError) as error:
        raise CelError(f"unknown time zone {name}") from error


def _part(read: Callable[[datetime], int]) -> Callable[..., int]:
    def call(value: Timestamp, zone: str = "UTC") -> int:
        if zone == "UTC":
            return read(value.at(UTC))
        offset = _OFFSET(zone)
        return read(value.at(_zone(zone)) if offset is None else _shifted(value, offset))

    return call


def _shifted(value: Timestamp, offset: re.Match[str]) -> datetime:
    """The time in a zone that is given in hours and minutes, be they ever so many."""
    minutes = int(offset[2]) * 60 + int(offset[3])
    try:
        return value.at(UTC) + timedelta(minutes=-minutes if offset[1] == "-" else minutes)
    except OverflowError as error:
        raise CelError("timestamp overflow") from error


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


def declare_times(functions: Functions) -> None:
    """Declare what takes timestamps and durations apart."""
    declare = functions.declare
    for name, read in _PARTS.items():
        declare(name, "timestamp.() -> int", _part(read))
        declare(name, "timestamp.(string) -> int", _part(read))
    for name, unit in (
        ("getHours", 3600 * _SECOND),
        ("getMinutes", 60 * _SECOND),
        ("getSeconds", _SECOND),
    ):
        declare(name, "duration.() -> int", lambda value, unit=unit: value.whole(unit))
    declare(
        "getMilliseconds",
        "duration.() -> int",
        lambda value: Duration(value.nanoseconds).whole(_MILLISECOND) % 1000,
    )
