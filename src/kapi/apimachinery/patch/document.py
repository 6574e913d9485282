"""Patch documents: reading a body, with the errors that each kind of patch shares."""

from __future__ import annotations

from kapi.apimachinery.errors import BadRequest
from kapi.apimachinery.serializer import json

__all__ = ["read"]


def read(body: bytes, prefix: str) -> json.Document:
    """Parse the JSON of a patch; ``prefix`` starts the message when it is none.

    Raises:
        BadRequest: the body is no JSON.
    """
    try:
        return json.load(body, merge=False)
    except json.JSONError as error:
        raise BadRequest(f"{prefix}{error}") from None
