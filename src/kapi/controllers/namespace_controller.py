"""Namespace controller: empties terminating namespaces and lets them go.

Implements "Namespaces: deletion" of the documentation. All content is deleted, pods first; when
nothing is left the finalizer ``kubernetes`` is taken off the namespace's spec. What holds it is
told in the namespace's conditions, and the removal of the last object ends the wait at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import orjson

from kapi.apimachinery.errors import NotFound, StatusError
from kapi.apimachinery.types import GroupResource, GroupVersionResource
from kapi.controllers.namespace_conditions import Remaining, with_conditions
from kapi.controllers.work_queue import WorkQueue
from kapi.registry.before_delete import DeleteOptions
from kapi.registry.keys import storage_prefix
from kapi.util.clock import format_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient
    from kapi.endpoints.api import API
    from kapi.registry.catalogue import Resource
    from kapi.storage.cacher.entry import Entry

__all__ = ["NamespaceController"]

_NAMESPACES = GroupVersionResource("", "v1", "namespaces")
_PREFIX = storage_prefix(_NAMESPACES.group_resource)
_PODS = GroupResource("", "pods")
_FINALIZER = "kubernetes"
_DELETED = b'"deletionTimestamp":"'
# Since this minor version nothing else is deleted before the last pod is gone.
_PODS_FIRST_SINCE = 33
# While content goes away one by one, the conditions follow at this pace.
_FOLLOW_SECONDS = 1.0
_WORKERS = 5


class NamespaceController:
    """Follows namespaces, and while one is held, all removals."""

    name: ClassVar[str] = "namespace-controller"
    aliases: ClassVar[tuple[str, ...]] = ("namespace",)
    prefixes: ClassVar[tuple[str, ...]] = ("",)
    user: ClassVar[str] = "namespace-controller"

    def __init__(self, api: API, client: InProcessClient) -> None:
        self._api = api
        self._client = client
        # Objects left in namespaces that wait for them.
        self._held: dict[str, int] = {}
        self.queue: WorkQueue[str] = WorkQueue(self._sync, workers=_WORKERS, name=self.name)

    # -- what happened ------------------------------------------------------------------------

    def reset(self) -> None:
        """Forget everything and wait."""
        self.queue.pause()
        self._held.clear()

    def synced(self) -> None:
        """All namespaces are known: act."""
        self.queue.start()

    def observe(self, key: str, value: bytes | None) -> None:
        """Follow one change."""
        if value is not None:
            if key.startswith(_PREFIX) and _DELETED in value:
                self.queue.add(key[len(_PREFIX) :])
        elif self._held:
            self._removed(key)

    def _removed(self, key: str) -> None:
        folder, _, _ = key.rpartition("/")
        namespace = folder[folder.rfind("/") + 1 :]
        left = self._held.get(namespace)
        if left is None:
            return
        self._held[namespace] = left - 1
        if left <= 1:
            self.queue.add(namespace)
        else:
            self.queue.add_after(namespace, _FOLLOW_SECONDS)

    # -- what is done about it ----------------------------------------------------------------

    async def _sync(self, name: str) -> None:
        try:
            namespace = await self._client.get(_NAMESPACES, "", name)
        except NotFound:
            self._held.pop(name, None)
            return
        if "deletionTimestamp" not in namespace["metadata"]:
            return
        finalizers = namespace["spec"].get("finalizers") or ()
        if not finalizers:
            self._held.pop(name, None)
            return
        # Removals are counted from here on: one that happens during the round starts another.
        self._held[name] = 0
        remaining = await self._delete_content(name)
        await self._report(namespace, remaining)
        if remaining.failures:
            raise StatusError(remaining.failures[0])
        if remaining.count:
            self._held[name] = remaining.count
            return
        self._held.pop(name, None)
        if _FINALIZER in finalizers:
            await self._finalize(name)

    async def _delete_content(self, namespace: str) -> Remaining:
        remaining = Remaining()
        first, rest = self._resources()
        for resource in first:
            await self._delete_objects(namespace, resource, remaining)
        if remaining.count and self._api.minor >= _PODS_FIRST_SINCE:
            return remaining
        for resource in rest:
            await self._delete_objects(namespace, resource, remaining)
        return remaining

    def _resources(self) -> tuple[list[Resource], list[Resource]]:
        """What a namespace may hold as it is served now: pods, and everything else."""
        pods: list[Resource] = []
        others: list[Resource] = []
        for resource in self._deletable():
            (pods if resource.group_resource == _PODS else others).append(resource)
        return pods, others

    def _deletable(self) -> Iterator[Resource]:
        catalogue = self._api.catalogue
        seen: set[GroupResource] = set()
        for resource in list(catalogue.all()):
            if not resource.namespaced or "delete" not in resource.verbs:
                continue
            if resource.storage not in self._api.stores or resource.group_resource in seen:
                continue
            seen.add(resource.group_resource)
            yield catalogue.preferred(resource.group_resource) or resource

    async def _delete_objects(
        self, namespace: str, resource: Resource, remaining: Remaining
    ) -> None:
        store = self._api.store(resource)
        scope = store.key(namespace, "")
        entries = (await store.storage.list(scope)).entries
        if not entries:
            return
        gvr = GroupVersionResource(resource.group, resource.version, resource.resource)
        for entry in entries:
            if _is_deleted(entry):
                continue
            options = DeleteOptions(propagation_policy="Background")
            try:
                await self._client.delete(gvr, namespace, entry.name, options)
            except NotFound:
                continue
            except StatusError as error:
                remaining.failures.append(error.message)
        left = (await store.storage.list(scope)).entries
        if left:
            remaining.resources[resource.group_resource] = len(left)
        for entry in left:
            for finalizer in orjson.loads(entry.body)["metadata"].get("finalizers") or ():
                remaining.finalizers[finalizer] = remaining.finalizers.get(finalizer, 0) + 1

    async def _report(self, namespace: JSONObject, remaining: Remaining) -> None:
        now = format_time(self._api.clock.now())

        def make_new(current: JSONObject) -> JSONObject:
            status = current.get("status") or {}
            conditions = with_conditions(status.get("conditions") or [], remaining, now)
            current["status"] = {**status, "phase": "Terminating", "conditions": conditions}
            return current

        name = namespace["metadata"]["name"]
        try:
            await self._client.update(_NAMESPACES, "", name, make_new, "status")
        except NotFound:
            return

    async def _finalize(self, name: str) -> None:
        def make_new(current: JSONObject) -> JSONObject:
            spec = current.get("spec") or {}
            kept = [each for each in spec.get("finalizers") or () if each != _FINALIZER]
            current["spec"] = {**spec, "finalizers": kept}
            return current

        try:
            await self._client.update(_NAMESPACES, "", name, make_new, "finalize")
        except NotFound:
            return


def _is_deleted(entry: Entry) -> bool:
    """Whether an object is being deleted already."""
    if _DELETED not in entry.body:
        return False
    return "deletionTimestamp" in orjson.loads(entry.body)["metadata"]
