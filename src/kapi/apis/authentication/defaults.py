"""Default values of TokenRequest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["default_token_request"]

_EXPIRATION_SECONDS = 3600


def default_token_request(obj: JSONObject) -> None:
    """A token lives for an hour; its default audience is known to whoever issues it."""
    spec = obj.setdefault("spec", {})
    if spec.get("expirationSeconds") is None:
        spec["expirationSeconds"] = _EXPIRATION_SECONDS
