"""Protection controllers: claims and volumes are removed when nobody uses them any more.

Implements "Storage Object in Use Protection" of the documentation: the finalizers that admission
puts on PersistentVolumeClaims, PersistentVolumes and VolumeAttributesClasses are taken off

    a claim                     when no pod that still runs mounts it
    a volume                    when it is not bound to a claim
    a volume attributes class   when neither claims nor volumes name it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import orjson

from kapi.apimachinery.errors import NotFound
from kapi.apimachinery.types import GroupResource, GroupVersionResource
from kapi.controllers.work_queue import WorkQueue
from kapi.registry.keys import storage_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient
    from kapi.controllers.object_keys import ObjectKeys
    from kapi.endpoints.api import API

__all__ = [
    "PersistentVolumeClaimProtection",
    "PersistentVolumeProtection",
    "VolumeAttributesClassProtection",
]

_PODS = GroupResource("", "pods")
_CLAIMS = GroupResource("", "persistentvolumeclaims")
_VOLUMES = GroupResource("", "persistentvolumes")
_CLASSES = GroupResource("storage.k8s.io", "volumeattributesclasses")
_DELETED = b'"deletionTimestamp":"'
_ENDED = frozenset({"Succeeded", "Failed"})


class _Protection:
    """Takes a finalizer off deleted objects of one resource once they are free.

    ``users`` are the resources whose changes may free them; ``_waiting`` are the deleted objects
    that are still in use.
    """

    name: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    prefixes: ClassVar[tuple[str, ...]] = ()
    user: ClassVar[str] = ""
    _protected: ClassVar[GroupResource]
    _finalizer: ClassVar[str]

    def __init__(self, api: API, client: InProcessClient, keys: ObjectKeys) -> None:
        self._api = api
        self._client = client
        self._keys = keys
        self._prefix = storage_prefix(self._protected)
        self._mark = b'"%b"' % self._finalizer.encode()
        self._waiting: set[str] = set()
        self.queue: WorkQueue[str] = WorkQueue(self._sync, name=self.name)

    def reset(self) -> None:
        """Forget everything and wait."""
        self.queue.pause()
        self._waiting.clear()

    def synced(self) -> None:
        """All objects are known: act."""
        self.queue.start()

    def observe(self, key: str, value: bytes | None) -> None:
        """Follow one change: of what is protected, or of what may use it."""
        if key.startswith(self._prefix):
            if value is None:
                self._waiting.discard(key)
            elif _DELETED in value and self._mark in value:
                self.queue.add(key)
        elif self._waiting:
            self.queue.add_all(self._waiting)

    async def _sync(self, key: str) -> None:
        found = self._keys.parse(key)
        if found is None:
            return
        entry = await self._api.store(found.resource).find(key)
        if entry is None:
            return
        obj: JSONObject = orjson.loads(entry.body)
        meta = obj["metadata"]
        if "deletionTimestamp" not in meta or self._finalizer not in meta.get("finalizers", ()):
            self._waiting.discard(key)
            return
        if await self._is_used(obj):
            self._waiting.add(key)
            return
        self._waiting.discard(key)
        resource = found.resource
        gvr = GroupVersionResource(resource.group, resource.version, resource.resource)
        try:
            await self._client.update(gvr, found.namespace, found.name, self._released)
        except NotFound:
            return

    def _released(self, obj: JSONObject) -> JSONObject:
        meta = obj["metadata"]
        meta["finalizers"] = [f for f in meta.get("finalizers") or () if f != self._finalizer]
        return obj

    async def _is_used(self, obj: JSONObject) -> bool:
        raise NotImplementedError

    async def _list(self, resource: GroupResource, namespace: str = "") -> list[JSONObject]:
        store = self._api.stores.get(resource)
        if store is None:
            return []
        found = await store.storage.list(store.key(namespace, "") if namespace else "")
        return [orjson.loads(entry.body) for entry in found.entries]


class PersistentVolumeClaimProtection(_Protection):
    """Claims wait for their pods."""

    name: ClassVar[str] = "persistentvolumeclaim-protection-controller"
    aliases: ClassVar[tuple[str, ...]] = ("pvc-protection",)
    prefixes: ClassVar[tuple[str, ...]] = (storage_prefix(_CLAIMS), storage_prefix(_PODS))
    user: ClassVar[str] = "pvc-protection-controller"
    _protected: ClassVar[GroupResource] = _CLAIMS
    _finalizer: ClassVar[str] = "kubernetes.io/pvc-protection"

    async def _is_used(self, obj: JSONObject) -> bool:
        meta = obj["metadata"]
        pods = await self._list(_PODS, meta["namespace"])
        return any(meta["name"] in _claims(pod) for pod in pods if _runs(pod))


class PersistentVolumeProtection(_Protection):
    """Volumes wait until they are released."""

    name: ClassVar[str] = "persistentvolume-protection-controller"
    aliases: ClassVar[tuple[str, ...]] = ("pv-protection",)
    prefixes: ClassVar[tuple[str, ...]] = (storage_prefix(_VOLUMES),)
    user: ClassVar[str] = "pv-protection-controller"
    _protected: ClassVar[GroupResource] = _VOLUMES
    _finalizer: ClassVar[str] = "kubernetes.io/pv-protection"

    async def _is_used(self, obj: JSONObject) -> bool:
        return bool((obj.get("status") or {}).get("phase") == "Bound")


class VolumeAttributesClassProtection(_Protection):
    """Classes wait until nobody names them."""

    name: ClassVar[str] = "volumeattributesclass-protection-controller"
    prefixes: ClassVar[tuple[str, ...]] = (
        storage_prefix(_CLASSES),
        storage_prefix(_CLAIMS),
        storage_prefix(_VOLUMES),
    )
    user: ClassVar[str] = "volumeattributesclass-protection-controller"
    _protected: ClassVar[GroupResource] = _CLASSES
    _finalizer: ClassVar[str] = "kubernetes.io/vac-protection"

    async def _is_used(self, obj: JSONObject) -> bool:
        name = obj["metadata"]["name"]
        for resource in (_CLAIMS, _VOLUMES):
            if any(name in _attributes_classes(user) for user in await self._list(resource)):
                return True
        return False


def _claims(pod: JSONObject) -> Iterator[str]:
    """The names of the claims that a pod mounts; ephemeral ones are called after both."""
    for volume in pod["spec"].get("volumes") or ():
        claim = volume.get("persistentVolumeClaim")
        if claim is not None:
            yield claim.get("claimName", "")
        elif volume.get("ephemeral") is not None:
            yield f"{pod['metadata']['name']}-{volume['name']}"


def _runs(pod: JSONObject) -> bool:
    """Whether a pod may still use its volumes: it is on a node and has not ended."""
    on_node = bool(pod["spec"].get("nodeName"))
    return on_node and (pod.get("status") or {}).get("phase") not in _ENDED


def _attributes_classes(user: JSONObject) -> set[str]:
    status = user.get("status") or {}
    modifying = status.get("modifyVolumeStatus") or {}
    return {
        (user.get("spec") or {}).get("volumeAttributesClassName") or "",
        status.get("currentVolumeAttributesClassName") or "",
        modifying.get("targetVolumeAttributesClassName") or "",
    }
