"""JSON Merge Patch: RFC 7386."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest
from kapi.apimachinery.patch.document import read
from kapi.apimachinery.scheme.go_names import json_kind

if TYPE_CHECKING:
    from kapi.apimachinery.serializer.json import Document
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["apply", "decode"]


def decode(body: bytes) -> Document:
    """Read a patch: the object, and a text for each repeated member.

    Raises:
        BadRequest: the body is no JSON object.
    """
    document = read(body, "error decoding patch: ")
    if isinstance(document.value, dict):
        return document
    if document.value is None:
        raise BadRequest("Invalid JSON Patch")
    raise BadRequest(
        f"error decoding patch: json: cannot unmarshal {json_kind(document.value)} into Go value "
        "of type map[string]interface {}"
    )


def apply(document: JSONObject, patch: JSONObject) -> JSONObject:
    """The document with the patch merged in; what does not change is shared with it."""
    merged = document.copy()
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
            continue
        known = merged.get(key)
        if isinstance(value, dict) and isinstance(known, dict):
            merged[key] = apply(known, value)
        else:
            merged[key] = _without_nulls(value)
    return merged


def _without_nulls(value: JSONValue) -> JSONValue:
    """A new value, without the members that a patch would remove."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
