"""Client: how ``async`` functions of an extension read and write objects of their server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject

__all__ = ["Client"]


class Client(Protocol):
    """Objects as JSON, without HTTP, by all rules but authorization.

    ``resource`` is ``version/resources`` or ``group/version/resources``: ``v1/configmaps``,
    ``apps/v1/deployments``. ``namespace`` is empty for cluster-scoped objects. Every method raises
    what a client would be answered: NotFound, Conflict, Invalid and so on, which a function that
    does not catch them passes on.
    """

    async def get(self, resource: str, namespace: str, name: str) -> JSONObject:
        """One object."""
        ...

    async def list(self, resource: str, namespace: str = "") -> list[JSONObject]:
        """All objects, or those of a namespace."""
        ...

    async def create(self, resource: str, namespace: str, obj: JSONObject) -> JSONObject:
        """Create an object; the object as it was stored."""
        ...

    async def update(
        self,
        resource: str,
        namespace: str,
        name: str,
        change: Callable[[JSONObject], JSONObject],
        subresource: str = "",
    ) -> JSONObject:
        """Store what ``change`` makes of an object, again if somebody else was faster."""
        ...

    async def delete(self, resource: str, namespace: str, name: str) -> None:
        """Delete an object."""
        ...
