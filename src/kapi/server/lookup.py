"""StoreLookup: how admission plugins read objects of this server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.types import GroupResource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.store import ResourceStore

__all__ = ["StoreLookup"]


class StoreLookup:
    """Implements ``admission.lookup.Lookup`` over the stores; always current."""

    def __init__(self, stores: Mapping[GroupResource, ResourceStore]) -> None:
        self._stores = stores

    async def get(
        self, group: str, resource: str, namespace: str, name: str
    ) -> JSONObject | None:
        """One object, or None; also None where this version does not have the resource."""
        store = self._stores.get(GroupResource(group, resource))
        if store is None or not name:
            return None
        entry = await store.find(store.key(namespace, name))
        return None if entry is None else store.load(entry)

    async def list(self, group: str, resource: str, namespace: str = "") -> list[JSONObject]:
        """All objects, or those of a namespace."""
        store = self._stores.get(GroupResource(group, resource))
        if store is None:
            return []
        result = await store.storage.list(store.key(namespace, "") if namespace else "")
        return [store.load(entry) for entry in result.entries]
