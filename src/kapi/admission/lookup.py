"""Lookup: what admission plugins read of other objects, as a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["Lookup"]


class Lookup(Protocol):
    """Reads current objects of the hub version; an answer is never older than the request.

    Answers are shared with other readers: look, do not change.
    """

    async def get(self, group: str, resource: str, namespace: str, name: str) -> JSONObject | None:
        """One object, or None."""
        ...

    async def list(self, group: str, resource: str, namespace: str = "") -> list[JSONObject]:
        """All objects, or those of a namespace."""
        ...
