"""The values of ApplyConfiguration expressions as what server-side apply takes.

Expressions have more types than JSON. Optional values stand for what they hold, and members
whose value is absent are not there; nulls, unsigned integers, bytes and times fit no field of
any schema, which validation is to tell.
"""

from __future__ import annotations

from typing import Any

from kapi.cel.moments import Duration, Timestamp
from kapi.cel.patches import as_json
from kapi.cel.values import ObjectValue, Optional, TypeValue, Uint
from kapi.structuredmerge.validation import Foreign

__all__ = ["marked", "settled"]

_NULL = Foreign("NULL_VALUE", "0", "structpb.NullValue")


def settled(value: Any) -> Any:
    """The value without optional values; members of objects that have none are left out."""
    if isinstance(value, Optional):
        return settled(value.value) if value.present else None
    if isinstance(value, ObjectValue):
        kept = {name: settled(member) for name, member in _present(value)}
        return ObjectValue(value.type_name, kept)
    if isinstance(value, dict):
        return {name: settled(member) for name, member in _present(value)}
    if isinstance(value, list):
        return [settled(item) for item in value]
    return value.name if isinstance(value, TypeValue) else value


def _present(members: dict[Any, Any]) -> list[tuple[Any, Any]]:
    return [
        (name, member)
        for name, member in members.items()
        if not isinstance(member, Optional) or member.present
    ]


def marked(value: Any) -> Any:
    """A settled value as JSON, with marks in the place of what is of a type that JSON lacks.

    Raises CelError for what has neither.
    """
    if value is None:
        return _NULL
    if isinstance(value, dict):
        as_json(dict.fromkeys(value))  # the names must be texts
        return {name: marked(member) for name, member in value.items()}
    if isinstance(value, list):
        return [marked(item) for item in value]
    return _foreign(value) or as_json(value)


def _foreign(value: Any) -> Foreign | None:
    if isinstance(value, Uint):
        return Foreign(str(int(value)), hex(value), "uint64")
    if isinstance(value, bytes):
        listed = " ".join(map(str, value))
        return Foreign(f"[{listed}]", f"[]uint8{{{', '.join(map(hex, value))}}}", "[]uint8")
    if isinstance(value, Timestamp):
        plain = str(value).replace("T", " ").replace("Z", " +0000 UTC")
        return Foreign(plain, plain, "time.Time")
    if isinstance(value, Duration):
        return Foreign(str(value), str(value.nanoseconds), "time.Duration")
    return None
