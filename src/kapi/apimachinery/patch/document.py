"""Patch documents: reading a body, with the errors that each kind of patch shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest
from kapi.apimachinery.serializer import json

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONValue

__all__ = ["kind_of", "read"]


def read(body: bytes, prefix: str) -> json.Document:
    """Parse the JSON of a patch; ``prefix`` starts the message when it is none.

    Raises:
        BadRequest: the body is no JSON.
    """
    try:
        return json.load(body, merge=False)
    except json.JSONError as error:
        raise BadRequest(f"{prefix}{error}") from None


def kind_of(value: JSONValue) -> str:
    """The JSON kind of a value, as Go's decoder names it."""
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    if isinstance(value, str):
        return "string"
    return "bool" if isinstance(value, bool) else "null" if value is None else "number"
