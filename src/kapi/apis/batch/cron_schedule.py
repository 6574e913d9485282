"""The Cron format of ``CronJob.spec.schedule``: five fields, or a descriptor like ``@daily``.

Knows whether a schedule can be read and words what is wrong with it; it computes no times.
"""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass, field
from functools import cache

__all__ = ["ScheduleError", "check_schedule", "check_time_zone"]


class ScheduleError(ValueError):
    """The schedule cannot be read."""


@dataclass(frozen=True, slots=True)
class _Bounds:
    low: int
    high: int
    names: dict[str, int] = field(default_factory=dict)


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS = (
    _Bounds(0, 59),
    _Bounds(0, 23),
    _Bounds(1, 31),
    _Bounds(1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    _Bounds(0, 6, {name: number for number, name in enumerate(_WEEKDAYS)}),
)
_DESCRIPTORS = frozenset(
    ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
)
_is_integer = re.compile(r"[+-]?[0-9]+").fullmatch
_is_duration = re.compile(r"[+-]?(0|([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+").fullmatch


def check_schedule(schedule: str) -> None:
    """Read a schedule.

    Raises:
        ScheduleError: with the text that tells the client what is wrong.
    """
    if not schedule:
        raise ScheduleError("empty spec string")
    if schedule.startswith(("TZ=", "CRON_TZ=")):
        zone, _, schedule = schedule.partition("=")[2].partition(" ")
        if problem := check_time_zone(zone):
            raise ScheduleError(f"provided bad location {zone}: {problem}")
        schedule = schedule.strip()
    if schedule.startswith("@"):
        _check_descriptor(schedule)
        return
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        raise ScheduleError(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    for text, bounds in zip(fields, _FIELDS, strict=True):
        for part in text.split(","):
            if part:
                _check_range(part, bounds)


def _check_descriptor(descriptor: str) -> None:
    if descriptor in _DESCRIPTORS:
        return
    if not descriptor.startswith("@every "):
        raise ScheduleError(f"unrecognized descriptor: {descriptor}")
    duration = descriptor.removeprefix("@every ")
    if not _is_duration(duration):
        raise ScheduleError(
            f'failed to parse duration {descriptor}: time: invalid duration "{duration}"'
        )


def _check_range(expression: str, bounds: _Bounds) -> None:
    """One ``number``, ``low-high`` or ``*``, each with an optional ``/step``."""
    span, *steps = expression.split("/")
    low_text, *high_texts = span.split("-")
    if low_text in ("*", "?"):
        start, end = bounds.low, bounds.high
    else:
        start = end = _number(low_text, bounds)
        if len(high_texts) > 1:
            raise ScheduleError(f"too many hyphens: {expression}")
        if high_texts:
            end = _number(high_texts[0], bounds)
    step = 1
    if len(steps) > 1:
        raise ScheduleError(f"too many slashes: {expression}")
    if steps:
        step = _integer(steps[0])
        if not high_texts:
            end = bounds.high
    if start < bounds.low:
        raise ScheduleError(
            f"beginning of range ({start}) below minimum ({bounds.low}): {expression}"
        )
    if end > bounds.high:
        raise ScheduleError(f"end of range ({end}) above maximum ({bounds.high}): {expression}")
    if start > end:
        raise ScheduleError(
            f"beginning of range ({start}) beyond end of range ({end}): {expression}"
        )
    if step == 0:
        raise ScheduleError(f"step of range should be a positive number: {expression}")


def _number(text: str, bounds: _Bounds) -> int:
    known = bounds.names.get(text.lower())
    return _integer(text) if known is None else known


def _integer(text: str) -> int:
    if not _is_integer(text):
        raise ScheduleError(
            f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax'
        )
    number = int(text)
    if number < 0:
        raise ScheduleError(f"negative number ({number}) not allowed: {text}")
    return number


@cache
def _zone_names() -> frozenset[str]:
    """The names of the machine's time zone database; it is read once."""
    return frozenset(zoneinfo.available_timezones())


def check_time_zone(name: str) -> str:
    """What is wrong with the name of a time zone; empty when it is in the time zone database."""
    if name in ("", "UTC") or name in _zone_names():
        return ""
    if ".." in name or name.startswith(("/", "\\")):
        return "time: invalid location name"
    return f"unknown time zone {name}"
