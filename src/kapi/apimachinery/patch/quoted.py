"""Patched documents as messages quote them.

The document that a JSON or merge patch leaves is text: what the patch did not walk into stands as
it was written, objects that it did walk into have their members sorted, and what it put in whole
keeps its own order and its numbers their digits. Only errors need this text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

from kapi.apimachinery.patch.json import walked

if TYPE_CHECKING:
    from collections.abc import Collection

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["after_json_patch", "after_merge_patch", "loads", "plain", "text"]


class _Digits(float):
    """A number with a fraction or exponent, and the digits it was written with."""

    digits: str

    def __new__(cls, digits: str) -> Self:
        """The number that the digits stand for."""
        made = super().__new__(cls, digits)
        made.digits = digits
        return made


def loads(body: bytes) -> JSONValue:
    """A patch that was read before, now with the digits of its numbers."""
    value: JSONValue = json.loads(body, parse_float=_Digits)
    return value


def after_json_patch(document: JSONObject, operations: list[JSONObject]) -> JSONValue:
    """What a JSON Patch that can be applied makes of a document."""
    root, containers = walked(document, operations)
    return _sorted_where(root, containers)


def _sorted_where(value: JSONValue, containers: Collection[int]) -> JSONValue:
    if isinstance(value, dict):
        keys = sorted(value) if id(value) in containers else value
        return {key: _sorted_where(value[key], containers) for key in keys}
    if isinstance(value, list):
        return [_sorted_where(item, containers) for item in value]
    return value


def after_merge_patch(document: JSONObject, patch: JSONObject) -> JSONObject:
    """What a merge patch makes of a document."""
    merged: JSONObject = {}
    for key in sorted({**document, **patch}):
        if key not in patch:
            merged[key] = document[key]
        elif patch[key] is not None:
            merged[key] = _merged(document.get(key), patch[key])
    return merged


def _merged(old: JSONValue, new: JSONValue) -> JSONValue:
    if isinstance(old, dict):  # an object is replaced by a text as that stands
        return after_merge_patch(old, new) if isinstance(new, dict) else new
    return _sorted_without_nulls(new)


def _sorted_without_nulls(value: JSONValue) -> JSONValue:
    if isinstance(value, dict):
        known = {key: value[key] for key in sorted(value) if value[key] is not None}
        return {key: _sorted_without_nulls(item) for key, item in known.items()}
    if isinstance(value, list):
        return [_sorted_without_nulls(item) for item in value]
    return value


def plain(value: JSONValue) -> JSONValue:
    """The value with ordinary numbers."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return float(value) if isinstance(value, _Digits) else value


_ESCAPED = str.maketrans(
    {"<": r"\u003c", ">": r"\u003e", "&": r"\u0026", "\u2028": r"\u2028", "\u2029": r"\u2029"}
)


def text(value: JSONValue) -> str:
    """Compact JSON, safe to stand in HTML as Go writes it."""
    if isinstance(value, dict):
        members = ",".join(f"{text(key)}:{text(item)}" for key, item in value.items())
        return f"{{{members}}}"
    if isinstance(value, list):
        return f"[{','.join(map(text, value))}]"
    if isinstance(value, _Digits):
        return value.digits
    return json.dumps(value, ensure_ascii=False).translate(_ESCAPED)
