"""How large values can be that a schema describes: what the costs of rules are estimated by.

Where a schema sets no limit, the size of a request does: as many of the smallest items as fit in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.types import JSONObject
    from kapi.cel.costs.estimate import Path

__all__ = ["Bounded", "bounded", "cardinality", "most_repeated"]

_MOST_REQUEST_BYTES = 3 * 1024 * 1024
# The least bytes of values in JSON.
_QUOTES, _BRACES = 2, 2
_SMALLEST = {"boolean": 4, "number": 1, "integer": 1}
# The most characters of texts of a format, and the least bytes of such values in JSON.
_FORMATS = {"duration": (32, 3), "date": (12, 12), "date-time": (32, 21)}
_BYTES_OF_A_CHARACTER = 4


@dataclass(frozen=True, slots=True)
class Bounded:
    """A value: its greatest size, and the least bytes that it takes in a request."""

    most: int
    least_bytes: int
    members: Mapping[str, Bounded] = field(default_factory=dict)
    items: Bounded | None = None
    keys: Bounded | None = None

    def at(self, path: Path) -> int | None:
        """The greatest size of what a path leads to, whose first part is the variable."""
        place: Bounded | None = self
        for part in path[1:]:
            assert place is not None
            if part in ("@items", "@values"):
                place = place.items
            elif part == "@keys":
                place = place.keys
            else:
                place = place.members.get(part)
            if place is None:
                return None
        return place.most if place is not None else None


_KEY = Bounded(0, _QUOTES)
_TEXT = Bounded(_MOST_REQUEST_BYTES - _QUOTES, _QUOTES)
_META = Bounded(0, _BRACES, {"name": _TEXT, "generateName": _TEXT})


def bounded(schema: JSONObject, *, root: bool = False) -> Bounded | None:
    """The bounds of the values of a schema; None for those that expressions cannot see."""
    if schema.get("x-kubernetes-int-or-string"):
        return Bounded(_longest_text(schema), 1)
    kind = schema.get("type")
    if kind == "string":
        return _text(schema)
    if kind == "array":
        return _array(schema)
    if kind == "object":
        return _object(schema, root=root)
    least = _SMALLEST.get(kind or "")
    return Bounded(0, least) if least is not None else None


def _limit(schema: JSONObject, keyword: str) -> int | None:
    given = schema.get(keyword)
    return None if given is None else max(int(given), 0)


def _longest_text(schema: JSONObject) -> int:
    limit = _limit(schema, "maxLength")
    return _TEXT.most if limit is None else limit * _BYTES_OF_A_CHARACTER


def _text(schema: JSONObject) -> Bounded:
    form = schema.get("format") or ""
    if form in _FORMATS:
        return Bounded(*_FORMATS[form])
    limit = _limit(schema, "maxLength")
    if form == "byte":
        return Bounded(_TEXT.most if limit is None else limit, _QUOTES)
    values = schema.get("enum")
    if limit is None and values:
        longest = max((len(v.encode()) for v in values if isinstance(v, str)), default=0)
        return Bounded(longest, _QUOTES)
    return Bounded(_longest_text(schema), _QUOTES)


def _array(schema: JSONObject) -> Bounded | None:
    given = schema.get("items")
    items = bounded(given) if isinstance(given, dict) else None
    if items is None:
        return None
    most = _limit(schema, "maxItems")
    if most is None:
        most = (_MOST_REQUEST_BYTES - _BRACES) // (items.least_bytes + 1)
    return Bounded(most, _BRACES, items=items)


def _object(schema: JSONObject, *, root: bool) -> Bounded | None:
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        return _map(schema, additional)
    members: dict[str, Bounded] = {}
    required = schema.get("required") or ()
    least = _BRACES
    for name, part in (schema.get("properties") or {}).items():
        member = bounded(part)
        if member is None:
            continue
        members[name] = member
        if name in required and part.get("default") is None:
            least += len(name.encode()) + member.least_bytes + 4
    if root or schema.get("x-kubernetes-embedded-resource"):
        members |= {"apiVersion": _TEXT, "kind": _TEXT, "metadata": _META}
    return Bounded(0, least, members)


def _map(schema: JSONObject, additional: JSONObject) -> Bounded | None:
    values = bounded(additional)
    if values is None:
        return None
    most = _limit(schema, "maxProperties")
    if most is None:
        # Quotes of a key, colon, comma, and as many bytes again for keys that differ.
        most = (_MOST_REQUEST_BYTES - _BRACES) // (values.least_bytes + 6)
    return Bounded(most, _BRACES, items=values, keys=_KEY)


def most_repeated(value: Bounded) -> int:
    """How often a value can stand in a request at most."""
    return _MOST_REQUEST_BYTES // (value.least_bytes + 1)


def cardinality(schema: JSONObject, own: int | None) -> int | None:
    """How often what is below a schema can occur, by its limits; None where there is no limit."""
    if own is None:
        return None
    kind = schema.get("type")
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        limit = _limit(schema, "maxProperties")
    elif kind == "array":
        limit = _limit(schema, "maxItems")
    else:
        limit = 1
    return None if limit is None else own * limit
