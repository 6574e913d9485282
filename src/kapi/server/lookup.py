"""StoreLookup: how admission plugins read objects of this server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.types import GroupResource, JSONObject
    from kapi.registry.store import ResourceStore
    from kapi.storage.cacher.entry import Entry

__all__ = ["StoreLookup"]


# Parsed objects kept; namespaces and priority classes are looked at by nearly every write.
_KEPT = 4096


class StoreLookup:
    """Implements ``admission.lookup.Lookup`` over the stores.

    What this server has written is always seen; what another server of the same store has just
    written is seen as soon as this one is told, and at once where it would be missed.
    Objects are parsed once for each version of them and shared: nobody may change them.
    """

    def __init__(self, stores: Mapping[GroupResource, ResourceStore]) -> None:
        self._stores = stores
        self._parsed: dict[str, tuple[Entry, JSONObject]] = {}
        # The last answers to list, by resource and namespace, and the change they include.
        self._lists: dict[tuple[str, str, str], tuple[int, list[JSONObject]]] = {}

    def _load(self, store: ResourceStore, entry: Entry) -> JSONObject:
        known = self._parsed.get(entry.key)
        if known is not None and known[0] is entry:
            return known[1]
        if len(self._parsed) >= _KEPT:
            self._parsed.clear()
        obj = store.load(entry)
        self._parsed[entry.key] = (entry, obj)
        return obj

    async def get(self, group: str, resource: str, namespace: str, name: str) -> JSONObject | None:
        """One object, or None; also None where this version does not have the resource."""
        store = self._stores.get((group, resource))  # type: ignore[call-overload] # equal, cheaper
        if store is None or not name:
            return None
        key = store.key(namespace, name)
        cacher = store.storage.cacher
        if cacher.is_current:
            entry = cacher.get(key)
        else:
            entry = await store.find(key, not_older_than=0) or await store.find(key)
        return None if entry is None else self._load(store, entry)

    async def list(self, group: str, resource: str, namespace: str = "") -> list[JSONObject]:
        """All objects, or those of a namespace."""
        store = self._stores.get((group, resource))  # type: ignore[call-overload] # equal, cheaper
        if store is None:
            return []
        cacher = store.storage.cacher
        change = cacher.last_change if cacher.is_current else await store.storage.last_change()
        known = self._lists.get((group, resource, namespace))
        if known is not None and known[0] == change:
            return known[1]
        scope = store.key(namespace, "") if namespace else ""
        result = await store.storage.list(scope, not_older_than=0)
        objects = [self._load(store, entry) for entry in result.entries]
        if len(self._lists) >= _KEPT:
            self._lists.clear()
        self._lists[group, resource, namespace] = (change, objects)
        return objects
