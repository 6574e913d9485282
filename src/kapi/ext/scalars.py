"""Scalars: Python types that are one JSON value, with their schema and how they are read."""

from __future__ import annotations

import base64
import math
import re
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from kapi.ext.errors import DeclarationError
from kapi.ext.quantities import Quantity

if TYPE_CHECKING:
    import enum
    from collections.abc import Callable, Sequence

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["ANYTHING", "INT_OR_STRING", "IntOrString", "Shape", "enum_shape", "scalar_shape"]

# A number or a text, as ports and percentages are.
IntOrString: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class Shape:
    """How values of one Python type look in JSON.

    ``load`` makes the Python value of a JSON value that fits ``schema``, ``dump`` the reverse;
    None where both are the same. A ValueError of ``load`` tells what the type refuses beyond its
    schema. ``optional`` fields may be None, which is absent in JSON.
    """

    schema: JSONObject
    load: Callable[[JSONValue], Any] | None = None
    dump: Callable[[Any], JSONValue] | None = None
    optional: bool = False

    def read(self, value: JSONValue) -> Any:
        """The Python value of a JSON value."""
        return value if self.load is None else self.load(value)

    def write(self, value: Any) -> JSONValue:
        """The JSON value of a Python value."""
        return value if self.dump is None else self.dump(value)


# Copied both ways: what a function does to it is not done to the object itself.
ANYTHING = Shape({"x-kubernetes-preserve-unknown-fields": True}, deepcopy, deepcopy)
INT_OR_STRING = Shape(
    {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}
)
_QUANTITY_PATTERN = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+"
    r"(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
_DURATION_PATTERN = r"^[+-]?([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$|^[+-]?0$"
_GO_DURATION = re.compile(r"([+-]?)((?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+|0)")
_GO_PARTS = re.compile(r"(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def _load_time(value: JSONValue) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _dump_time(value: datetime) -> str:
    moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return moment.isoformat().replace("+00:00", "Z")


def _load_duration(value: JSONValue) -> timedelta:
    match = _GO_DURATION.fullmatch(value)
    if match is None:
        raise ValueError("must be a duration such as 1h30m")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _GO_PARTS.findall(match[2]))
    try:
        return timedelta(seconds=-seconds if match[1] == "-" else seconds)
    except OverflowError:
        raise ValueError("must be a duration of less than a billion days") from None


def _dump_duration(value: timedelta) -> str:
    micros = value // timedelta(microseconds=1)
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    hours, rest = divmod(micros, 3600 * 10**6)
    minutes, rest = divmod(rest, 60 * 10**6)
    seconds, micros = divmod(rest, 10**6)
    text = f"{seconds}.{micros:06d}".rstrip("0") if micros else str(seconds)
    if hours:
        return f"{sign}{hours}h{minutes}m{text}s"
    return f"{sign}{minutes}m{text}s" if minutes else f"{sign}{text}s"


def _dump_number(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _text(format_name: str = "") -> JSONObject:
    return {"type": "string", "format": format_name} if format_name else {"type": "string"}


_SCALARS: dict[type, Shape] = {
    str: Shape(_text()),
    bool: Shape({"type": "boolean"}),
    int: Shape({"type": "integer", "format": "int64"}),
    float: Shape({"type": "number"}, float, _dump_number),
    datetime: Shape(_text("date-time"), _load_time, _dump_time),
    date: Shape(_text("date"), date.fromisoformat, date.isoformat),
    timedelta: Shape(
        {**_text("duration"), "pattern": _DURATION_PATTERN}, _load_duration, _dump_duration
    ),
    bytes: Shape(
        _text("byte"),
        lambda value: base64.b64decode(value, validate=True),
        lambda value: base64.b64encode(value).decode("ascii"),
    ),
    UUID: Shape(_text("uuid"), UUID, str),
    IPv4Address: Shape(_text("ipv4"), IPv4Address, str),
    IPv6Address: Shape(_text("ipv6"), IPv6Address, str),
    Quantity: Shape({**INT_OR_STRING.schema, "pattern": _QUANTITY_PATTERN}, Quantity, str),
}
_ENUM_TYPES: dict[type, str] = {str: "string", int: "integer", bool: "boolean"}


def scalar_shape(kind: Any) -> Shape | None:
    """The shape of a scalar type, or None."""
    return _SCALARS.get(kind) if isinstance(kind, type) else None


def enum_shape(values: Sequence[Any], kind: type[enum.Enum] | None, where: str) -> Shape:
    """The shape of Literal values, or of an Enum's."""
    types = {type(value) for value in values}
    name = _ENUM_TYPES.get(types.pop()) if len(types) == 1 else None
    if name is None:
        raise DeclarationError(f"{where}: values of one of the types str, int and bool are needed")
    schema: JSONObject = {"type": name, "enum": list(values)}
    if kind is None:
        return Shape(schema)
    return Shape(schema, kind, lambda member: member.value)
