"""TypedSchema: the schema of one kind of object with everything that is compiled from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapi.structuredmerge.comparison import Comparer

if TYPE_CHECKING:
    from kapi.structuredmerge.schema import Schema

__all__ = ["TypedSchema"]


class TypedSchema:
    """What server-side apply does with the values of one schema.

    ``zero`` is the empty object of the kind; its members are there before anybody sets them.
    ``exact`` must be true when the schema has untyped parts.
    """

    def __init__(self, schema: Schema, zero: dict[str, Any], *, exact: bool) -> None:
        self.schema = schema
        self.zero = zero
        self.comparer = Comparer(exact=exact)
