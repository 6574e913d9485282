"""How Tables print ages, as kubectl users know them (``5s``, ``3m20s``, ``2d4h``)."""

from __future__ import annotations

from datetime import datetime

__all__ = ["age", "human_duration", "parse_time"]


def parse_time(text: str) -> float:
    """Unix seconds of an RFC 3339 time."""
    return datetime.fromisoformat(text).timestamp()


def age(timestamp: str | None, now: float) -> str:
    """The age of a timestamp, ``<unknown>`` when it is not set."""
    if not timestamp:
        return "<unknown>"
    return human_duration(now - parse_time(timestamp))


def human_duration(seconds: float) -> str:
    """A duration in at most two units; the finer one only while it still says something."""
    total = int(seconds)
    if total < -1:
        return "<invalid>"
    if total < 0:
        return "0s"
    if total < 120:
        return f"{total}s"
    minutes = total // 60
    if minutes < 10:
        rest = total % 60
        return f"{minutes}m{rest}s" if rest else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    hours = total // 3600
    if hours < 8:
        rest = minutes % 60
        return f"{hours}h{rest}m" if rest else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if hours < 192:
        rest = hours % 24
        return f"{days}d{rest}h" if rest else f"{days}d"
    if hours < 24 * 365 * 2:
        return f"{days}d"
    years = days // 365
    if hours < 24 * 365 * 8:
        rest = days % 365
        return f"{years}y{rest}d" if rest else f"{years}y"
    return f"{years}y"
