"""Hooks around a write, for kinds that take something from outside the object.

Services take cluster IPs and node ports: they are reserved before the object is validated, kept
when it is stored and given back when it is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext
    from kapi.storage.engine import Compare

__all__ = ["Reservation", "WriteHooks"]


class Reservation(Protocol):
    """What a write holds until it is known whether it was stored."""

    @property
    def guards(self) -> Sequence[Compare]:
        """What must still hold when the object is stored."""
        ...

    async def commit(self) -> None:
        """The object was stored: keep what it has, release what it gave up."""
        ...

    async def rollback(self) -> None:
        """The object was not stored: give everything back."""
        ...


class WriteHooks(Protocol):
    """Called by the store around create, update and delete of one resource."""

    async def begin_create(self, context: RequestContext, obj: JSONObject) -> Reservation:
        """Reserve what a new object needs and set it; raises StatusError."""
        ...

    async def begin_update(
        self, context: RequestContext, obj: JSONObject, live: JSONObject
    ) -> Reservation:
        """Reserve what a changed object needs and set it; raises StatusError."""
        ...

    async def after_mark(self, obj: JSONObject) -> None:
        """The object was stored as one that is being deleted."""
        ...

    async def after_delete(self, obj: JSONObject) -> None:
        """Release what a removed object had."""
        ...
