"""JSON bodies: bytes to values, with duplicate members noticed and Go's error messages.

Numbers are kept as they are: whole numbers as int, others as float. Members that stand twice are
reported as the field validation of the API wants them; finding that there are none costs a few
counts of bytes.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from kapi.apimachinery.serializer.json_syntax import syntax_error

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONValue

__all__ = ["Document", "JSONError", "dumps", "load", "loads"]

_MAX_DUPLICATES: Final = 100  # more are not reported
_TOO_DEEP = "exceeded max depth"


class JSONError(ValueError):
    """The text is no JSON; the message is that of Go's decoder."""


class Document(NamedTuple):
    """A parsed body, and a text for each member that stood twice in its object."""

    value: JSONValue
    duplicates: list[str]


def loads(data: bytes) -> JSONValue:
    """Parse JSON; of equal members the last one counts.

    Raises:
        JSONError: the text is no JSON, has a number that no float holds, or is nested too deeply
            to be written again.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _lenient(data)


def dumps(value: JSONValue) -> bytes:
    """Compact JSON, members in the order of the dictionaries."""
    return orjson.dumps(value)


def load(data: bytes, *, merge: bool = True) -> Document:
    """Parse JSON and report duplicate members.

    With ``merge``, objects that stand twice are merged, as decoding into a typed object does;
    otherwise the last one counts.

    Raises:
        JSONError: the text is no JSON, or nested too deeply to be written again.
    """
    value = loads(data)
    try:
        written = orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise JSONError(_TOO_DEEP) from None
    # Every member has one quote and colon; in a text such a quote is escaped. A colon after a
    # blank, or a key that ends with a backslash, only makes the counts differ for no reason.
    if _members(written) == _members(data):
        return Document(value, [])
    return _exact(data, merge)


def _members(data: bytes) -> int:
    return data.count(b'":') - data.count(b'\\":')


def _lenient(data: bytes) -> JSONValue:
    """Parse what only Go accepts: broken UTF-8 and halves of surrogate pairs in texts."""
    message = syntax_error(data)
    if message is not None:
        raise JSONError(message)
    try:
        text = data.decode(errors="replace")
        return _whole_text(json.loads(text, parse_int=_integer, parse_float=_double))
    except RecursionError:
        raise JSONError(_TOO_DEEP) from None


def _integer(digits: str) -> int | float:
    """An integer of up to 64 bits, else a float."""
    number = int(digits) if len(digits) <= 20 else 1 << 64
    return number if -(1 << 63) <= number < 1 << 64 else _double(digits)


def _double(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise JSONError(f"json: cannot unmarshal number {digits} into Go value of type float64")
    return number


def _whole_text(value: JSONValue) -> JSONValue:
    """Replace surrogates without a partner, as UTF-8 cannot carry them."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole_text(item) for item in value]
    if isinstance(value, dict):
        return {_whole_text(key): _whole_text(item) for key, item in value.items()}
    return value


class _Members(list[tuple[str, "JSONValue"]]):
    """The members of an object in which some stand twice."""


def _object(members: list[tuple[str, JSONValue]]) -> JSONValue:
    value = dict(members)
    return value if len(value) == len(members) else _Members(members)


def _exact(data: bytes, merge: bool) -> Document:
    try:
        value = json.loads(
            data.decode(errors="replace"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_double,
        )
        found: dict[str, None] = {}
        value = _resolve(value, "", merge, found)
    except RecursionError:
        raise JSONError(_TOO_DEEP) from None
    paths = list(found)[:_MAX_DUPLICATES]
    return Document(value, [f'duplicate field "{path}"' for path in paths])


def _resolve(value: JSONValue, path: str, merge: bool, found: dict[str, None]) -> JSONValue:
    """Replace member lists by objects and note the paths of duplicates in reading order."""
    if isinstance(value, _Members):
        merged: dict[str, JSONValue] = {}
        for key, item in value:
            where = f"{path}.{key}" if path else key
            if key in merged:
                found[where] = None
            new = _resolve(item, where, merge, found)
            old = merged.get(key)
            if merge and isinstance(old, dict) and isinstance(new, dict):
                _merge(old, new)
            else:
                merged[key] = new
        return merged
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, (dict, list)):
                value[key] = _resolve(item, f"{path}.{key}" if path else key, merge, found)
        return value
    if isinstance(value, list):
        return [_resolve(item, f"{path}[{i}]", merge, found) for i, item in enumerate(value)]
    return value


def _merge(old: dict[str, JSONValue], new: dict[str, JSONValue]) -> None:
    for key, item in new.items():
        known = old.get(key)
        if isinstance(known, dict) and isinstance(item, dict):
            _merge(known, item)
        else:
            old[key] = item
