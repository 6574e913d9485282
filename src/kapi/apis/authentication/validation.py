"""Validation of TokenRequest and TokenReview.

Implements "TokenRequest API" of the documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["require_review_token", "validate_token_request"]

_MIN_SECONDS = 600
_MAX_SECONDS = 1 << 32


def validate_token_request(obj: JSONObject, errors: ErrorList) -> None:
    """How long a token is to live."""
    seconds = (obj.get("spec") or {}).get("expirationSeconds", 0)
    path = "spec.expirationSeconds"
    if seconds < _MIN_SECONDS:
        errors.invalid(path, seconds, "may not specify a duration less than 10 minutes")
    if seconds > _MAX_SECONDS:
        errors.invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")


def require_review_token(obj: JSONObject) -> str:
    """The token of a TokenReview; BadRequest when there is none."""
    token = (obj.get("spec") or {}).get("token")
    if not token:
        raise BadRequest("token is required for TokenReview in authentication")
    return str(token)
