"""Paths of fields below a schema, as rules and selectable fields write them.

Implements the subset of JSONPath that "Validation rules" and "Field selectors for custom
resources" describe: ``.name``, and ``['name']`` where brackets are allowed; no indexes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.types import JSONObject

__all__ = ["FieldPathError", "FoundField", "find_field"]

_TOKEN = re.compile(r"[.\[\]]|'(?:[^'\\]|\\.)*'|'.*|[^.\[\]]+", re.DOTALL)
_QUOTES = 2
_NO_FIELD = "does not refer to a valid field"
_CUT_OFF = "unexpected end of JSON path"


class FieldPathError(ValueError):
    """The text is no path of a field."""


class FoundField(NamedTuple):
    """The members on the way, the path as errors write it, and the schema at its end."""

    names: tuple[str, ...]
    shown: str
    schema: JSONObject


def find_field(path: str, schema: JSONObject, *, brackets: bool = True) -> FoundField:
    """The field that a path leads to; raises FieldPathError where it leads nowhere."""
    tokens = iter(_TOKEN.findall(path))
    found = FoundField((), "", schema)
    for step in tokens:
        if step == ".":
            found = _member(found, _next(tokens))
        elif step != "[":
            raise FieldPathError(f"expected [ or . but got: {step}")
        elif not brackets:
            raise FieldPathError("array notation is not allowed")
        else:
            found = _member(found, _quoted(_next(tokens)))
            closing = _next(tokens)
            if closing != "]":
                raise FieldPathError(f"expected ] but got {closing}")
    return found


def _next(tokens: Iterator[str]) -> str:
    token = next(tokens, None)
    if token is None:
        raise FieldPathError(_CUT_OFF)
    return token


def _quoted(token: str) -> str:
    if len(token) < _QUOTES or token[0] != "'" or token[-1] != "'":
        raise FieldPathError(f"expected single quoted string but got {token}")
    return token[1:-1].replace("\\'", "'")


def _member(found: FoundField, name: str) -> FoundField:
    properties = found.schema.get("properties")
    additional = found.schema.get("additionalProperties")
    if properties:
        if name not in properties:
            raise FieldPathError(_NO_FIELD)
        return FoundField((*found.names, name), f"{found.shown}.{name}", properties[name])
    if not isinstance(additional, dict):
        raise FieldPathError(_NO_FIELD)
    return FoundField((*found.names, name), f"{found.shown}[{name}]", additional)
