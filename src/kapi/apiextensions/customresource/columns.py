"""Printer columns: Tables of custom resources.

Implements "Additional printer columns" of the documentation of CustomResourceDefinitions.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from kapi.apiextensions.customresource.jsonpath import JSONPathError, compile_path
from kapi.registry.duration import age, human_duration
from kapi.registry.rules import Column, Columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["printer_columns"]

_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_NAME = Column("Name", format="name", describes=f"{_META}.name")
_INT64 = 1 << 63
# The longest duration in Go: times before that are all as old.
_LONGEST_SECONDS = _INT64 / 1e9
_AGE = Column("Age", type="date", describes=f"{_META}.creationTimestamp")


def printer_columns(definitions: list[JSONObject]) -> Columns:
    """The Table of a version: the name, then its columns or else the age."""
    if not definitions:
        return Columns((_NAME, _AGE), _name_and_age)
    columns = [_NAME]
    cells: list[Callable[[JSONObject, float], JSONValue]] = []
    for definition in definitions:
        columns.append(_column(definition))
        cells.append(_cell(definition))

    def row(obj: JSONObject, now: float) -> list[JSONValue]:
        return [obj["metadata"].get("name", ""), *(cell(obj, now) for cell in cells)]

    return Columns(tuple(columns), row)


def _name_and_age(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    return [meta.get("name", ""), age(meta.get("creationTimestamp"), now)]


def _column(definition: JSONObject) -> Column:
    path = definition.get("jsonPath", "")
    text = definition.get("description") or (
        f"Custom resource definition column (in JSONPath format): {path}"
    )
    return Column(
        definition.get("name", ""),
        type=definition.get("type", ""),
        format=definition.get("format", ""),
        priority=definition.get("priority", 0),
        description=text,
    )


def _cell(definition: JSONObject) -> Callable[[JSONObject, float], JSONValue]:
    kind = definition.get("type", "")
    try:
        find = compile_path(definition.get("jsonPath", ""))
    except JSONPathError:
        return lambda _obj, _now: None

    def cell(obj: JSONObject, now: float) -> JSONValue:
        found = find(obj)
        return _shown(kind, found[0], now) if found else None

    return cell


def _shown(kind: str, value: JSONValue, now: float) -> JSONValue:
    """A value in the type of its column; None where it has another one."""
    if kind == "string":
        return _text(value)
    if kind == "integer":
        return _whole(value) if _is_number(value) else None
    if kind == "number":
        return value if _is_number(value) else None
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if kind == "date" and isinstance(value, str):
        return _date(value, now)
    return None


def _is_number(value: JSONValue) -> bool:
    return value.__class__ is int or value.__class__ is float


def _whole(number: float) -> int:
    """A number without its fraction; what 64 bits do not hold is the least of them, as in Go."""
    return int(number) if -_INT64 <= number < _INT64 else -_INT64


def _text(value: JSONValue) -> str:
    if value is None:
        return "<no value>"
    if isinstance(value, str):
        return value
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _date(value: str, now: float) -> str:
    if not value:
        return "<unknown>"
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return "<invalid>"
    if moment.tzinfo is None or "T" not in value:
        return "<invalid>"
    # Not by way of UTC, which knows no moment before the year 1.
    return human_duration(min(now - moment.timestamp(), _LONGEST_SECONDS))
