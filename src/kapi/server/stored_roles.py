"""StoredRoles: the roles and bindings of a server, read from its watch caches.

What a write of this server has changed is seen by the next request. Objects are parsed once for
each version of them; a server that has just lost its store goes on with what it knew, and reads all
again as soon as it can: others may have taken rights away.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from kapi.apimachinery.types import GroupResource
from kapi.storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.registry.store import ResourceStore
    from kapi.storage.cacher.entry import Entry

__all__ = ["StoredRoles"]

_GROUP = "rbac.authorization.k8s.io"
_ROLES = GroupResource(_GROUP, "roles")
_CLUSTER_ROLES = GroupResource(_GROUP, "clusterroles")
_ROLE_BINDINGS = GroupResource(_GROUP, "rolebindings")
_CLUSTER_ROLE_BINDINGS = GroupResource(_GROUP, "clusterrolebindings")
_ALL = (_ROLES, _CLUSTER_ROLES, _ROLE_BINDINGS, _CLUSTER_ROLE_BINDINGS)
_LOG = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.5
# Roles and lists of bindings that are kept parsed.
_KEPT = 4096


class StoredRoles:
    """Implements ``authorization.rbac.RoleGetter`` over the stores, which may be filled later."""

    def __init__(self, stores: Mapping[GroupResource, ResourceStore]) -> None:
        self._stores = stores
        self._roles: dict[str, tuple[Entry, JSONObject]] = {}
        self._bindings: dict[tuple[GroupResource, str], tuple[int, list[JSONObject]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Read what is stored, and keep it read until ``stop``; before this nobody has any role."""
        await self._read()
        if self._task is None:
            self._task = asyncio.create_task(self._follow())

    def stop(self) -> None:
        """What is lost from now on is not read again."""
        if self._task is not None:
            self._task.cancel()

    async def _read(self) -> None:
        for resource in _ALL:
            store = self._stores.get(resource)
            if store is not None and not store.storage.cacher.is_loaded:
                await store.storage.ready()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            try:
                await self._read()
            except StorageError as error:
                _LOG.warning("roles and bindings are as they were, they cannot be read: %s", error)

    def role(self, namespace: str, name: str) -> JSONObject | None:
        """See the protocol."""
        return self._role(_ROLES, namespace, name)

    def cluster_role(self, name: str) -> JSONObject | None:
        """See the protocol."""
        return self._role(_CLUSTER_ROLES, "", name)

    def role_bindings(self, namespace: str) -> Sequence[JSONObject]:
        """See the protocol."""
        return self._list(_ROLE_BINDINGS, namespace)

    def cluster_role_bindings(self) -> Sequence[JSONObject]:
        """See the protocol."""
        return self._list(_CLUSTER_ROLE_BINDINGS, "")

    def _role(self, resource: GroupResource, namespace: str, name: str) -> JSONObject | None:
        store = self._stores.get(resource)
        if store is None:
            return None
        key = store.key(namespace, name)
        known = self._roles.get(key)
        cacher = store.storage.cacher
        if not cacher.is_loaded:
            return known[1] if known is not None else None
        entry = cacher.get(key)
        if entry is None:
            return None
        if known is None or known[0] is not entry:
            if len(self._roles) >= _KEPT:
                self._roles.clear()
            known = self._roles[key] = (entry, store.load(entry))
        return known[1]

    def _list(self, resource: GroupResource, namespace: str) -> list[JSONObject]:
        store = self._stores.get(resource)
        if store is None:
            return []
        cacher = store.storage.cacher
        known = self._bindings.get((resource, namespace))
        if known is not None and (not cacher.is_loaded or known[0] == cacher.last_change):
            return known[1]
        if not cacher.is_loaded:
            return []
        scope = store.key(namespace, "") if namespace else ""
        objects = [store.load(entry) for entry in cacher.list(scope).entries]
        if len(self._bindings) >= _KEPT:
            self._bindings.clear()
        self._bindings[resource, namespace] = (cacher.last_change, objects)
        return objects
