"""ExtensionClient: the API in process for the functions of one extension."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.types import GroupVersionResource

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient

__all__ = ["ExtensionClient"]


class ExtensionClient:
    """Implements ``ext.Client``."""

    def __init__(self, client: InProcessClient) -> None:
        self._client = client

    async def get(self, resource: str, namespace: str, name: str) -> JSONObject:
        """One object."""
        return await self._client.get(_gvr(resource), namespace, name)

    async def list(self, resource: str, namespace: str = "") -> list[JSONObject]:
        """All objects, or those of a namespace."""
        return await self._client.list(_gvr(resource), namespace)

    async def create(self, resource: str, namespace: str, obj: JSONObject) -> JSONObject:
        """Create an object; the object as it was stored."""
        return await self._client.create(_gvr(resource), namespace, obj)

    async def update(
        self,
        resource: str,
        namespace: str,
        name: str,
        change: Callable[[JSONObject], JSONObject],
        subresource: str = "",
    ) -> JSONObject:
        """Store what ``change`` makes of an object, again if somebody else was faster."""
        return await self._client.update(_gvr(resource), namespace, name, change, subresource)

    async def delete(self, resource: str, namespace: str, name: str) -> None:
        """Delete an object."""
        await self._client.delete(_gvr(resource), namespace, name)


def _gvr(resource: str) -> GroupVersionResource:
    """``apps/v1/deployments``; raises ValueError for what is none."""
    parts = resource.split("/")
    if len(parts) not in {2, 3} or not all(parts):
        raise ValueError(f"{resource!r} is not version/resources or group/version/resources")
    group, version, name = ("", *parts) if len(parts) == 2 else parts
    return GroupVersionResource(group, version, name)
