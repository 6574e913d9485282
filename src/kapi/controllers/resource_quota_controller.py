"""Resource quota controller: what a quota allows and what is used, in its status.

Implements the counting side of "Resource Quotas" of the documentation. Admission adds to the use
of a quota; this controller fills in new and changed quotas and counts again when something is
gone, or has stopped using what it used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import orjson

from kapi.apimachinery.errors import NotFound
from kapi.apimachinery.quantity import Quantity
from kapi.apimachinery.types import GroupResource, GroupVersionResource
from kapi.apis.core.resource_usage import Usage, matches_scopes, usage_of
from kapi.controllers.work_queue import RetryLater, WorkQueue
from kapi.registry.keys import storage_prefix

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient
    from kapi.controllers.object_keys import ObjectKeys
    from kapi.endpoints.api import API

__all__ = ["ResourceQuotaController"]

_QUOTAS = GroupVersionResource("", "v1", "resourcequotas")
_PODS = GroupResource("", "pods")
_SERVICES = GroupResource("", "services")
_CLAIMS = GroupResource("", "persistentvolumeclaims")
_QUOTA_KEYS = storage_prefix(_QUOTAS.group_resource)
_POD_KEYS = storage_prefix(_PODS)
_CHANGING_KEYS = (storage_prefix(_SERVICES), storage_prefix(_CLAIMS))
_ENDED = (b'"phase":"Succeeded"', b'"phase":"Failed"')
# Many objects often go together: they are counted once.
_COUNT_AFTER_SECONDS = 0.1
# What is being created while the rest is counted has been charged and is not stored yet.
_COUNT_AGAIN_AFTER_SECONDS = 0.25
_COUNT = "count/"
_ZERO = Quantity(0)


class ResourceQuotaController:
    """Follows quotas, and everything in namespaces that have some."""

    name: ClassVar[str] = "resourcequota-controller"
    aliases: ClassVar[tuple[str, ...]] = ("resourcequota",)
    prefixes: ClassVar[tuple[str, ...]] = ("",)
    user: ClassVar[str] = "resourcequota-controller"

    def __init__(self, api: API, client: InProcessClient, keys: ObjectKeys) -> None:
        self._api = api
        self._client = client
        self._keys = keys
        # The keys of quotas by namespace.
        self._quotas: dict[str, set[str]] = {}
        self.queue: WorkQueue[str] = WorkQueue(self._sync, name=self.name)

    # -- what happened ------------------------------------------------------------------------

    def reset(self) -> None:
        """Forget everything and wait."""
        self.queue.pause()
        self._quotas.clear()

    def synced(self) -> None:
        """All quotas are known: act."""
        self.queue.start()

    def observe(self, key: str, value: bytes | None) -> None:
        """Follow one change."""
        if key.startswith(_QUOTA_KEYS):
            self._quota_changed(key, value)
        elif self._quotas and _may_free(key, value):
            folder = key[: key.rfind("/")]
            for quota in self._quotas.get(folder[folder.rfind("/") + 1 :], ()):
                self.queue.add_after(quota, _COUNT_AFTER_SECONDS)

    def _quota_changed(self, key: str, value: bytes | None) -> None:
        namespace = key[len(_QUOTA_KEYS) :].partition("/")[0]
        known = self._quotas.setdefault(namespace, set())
        if value is not None:
            known.add(key)
            if _is_stale(orjson.loads(value)):
                self.queue.add(key)
            return
        known.discard(key)
        if not known:
            del self._quotas[namespace]

    # -- what is done about it ----------------------------------------------------------------

    async def _sync(self, key: str) -> None:
        found = self._keys.parse(key)
        if found is None:
            return
        try:
            quota = await self._client.get(_QUOTAS, found.namespace, found.name)
        except NotFound:
            return
        hard = (quota.get("spec") or {}).get("hard") or {}
        used = await self._count(quota, hard)
        seen = quota.get("status") or {}
        status = {"hard": hard, "used": {name: str(amount) for name, amount in used.items()}}
        if (seen.get("hard") or {}, seen.get("used") or {}) == (hard, status["used"]):
            return

        def make_new(current: JSONObject) -> JSONObject:
            if (current.get("status") or {}) != seen:
                raise RetryLater  # something was charged while the rest was counted
            return {**current, "status": status}

        try:
            await self._client.update(_QUOTAS, found.namespace, found.name, make_new, "status")
        except NotFound:
            return
        self.queue.add_after(key, _COUNT_AGAIN_AFTER_SECONDS)

    async def _count(self, quota: JSONObject, hard: JSONObject) -> Usage:
        used: Usage = dict.fromkeys(hard, _ZERO)
        namespace = quota["metadata"]["namespace"]
        for resource in sorted({each for name in hard if (each := _counted(name)) is not None}):
            store = self._api.stores.get(resource)
            if store is None:
                continue
            listed = await store.storage.list(store.key(namespace, ""))
            for entry in listed.entries:
                obj: JSONObject = orjson.loads(entry.body)
                if not matches_scopes(resource, quota, obj):
                    continue
                for name, amount in usage_of(resource, obj).items():
                    if name in used:
                        used[name] += amount
        return used


def _may_free(key: str, value: bytes | None) -> bool:
    """Whether a change may give back something of a quota."""
    if value is None or key.startswith(_CHANGING_KEYS):
        return True
    return key.startswith(_POD_KEYS) and any(mark in value for mark in _ENDED)


def _is_stale(quota: JSONObject) -> bool:
    """Whether the status of a quota does not say what its spec says."""
    spec, status = quota.get("spec") or {}, quota.get("status") or {}
    hard = spec.get("hard") or {}
    used = status.get("used") or {}
    return (status.get("hard") or {}) != hard or any(name not in used for name in hard)


def _counted(name: str) -> GroupResource | None:
    """The resource whose objects a name of a quota is about."""
    if name.startswith(_COUNT):
        resource, _, group = name.removeprefix(_COUNT).partition(".")
        return GroupResource(group, resource)
    if name == "requests.storage" or ".storageclass.storage.k8s.io/" in name:
        return _CLAIMS
    plain = name.partition(".")[0]
    if plain == "services":
        return _SERVICES
    if name in {
        "configmaps",
        "persistentvolumeclaims",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
    }:
        return GroupResource("", name)
    return _PODS
