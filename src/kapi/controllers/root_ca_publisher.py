"""Root CA publisher: the ConfigMap ``kube-root-ca.crt`` in every active namespace.

With it pods verify the API server; the service-account volume of every pod mounts it. One that
was changed or deleted is restored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import orjson

from kapi.apimachinery.errors import AlreadyExists, NotFound
from kapi.apimachinery.types import GroupVersionResource
from kapi.controllers.work_queue import WorkQueue
from kapi.registry.keys import storage_prefix

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient

__all__ = ["RootCAPublisher"]

_NAMESPACES = GroupVersionResource("", "v1", "namespaces")
_CONFIG_MAPS = GroupVersionResource("", "v1", "configmaps")
_NAMESPACE_KEYS = storage_prefix(_NAMESPACES.group_resource)
_CONFIG_MAP_KEYS = storage_prefix(_CONFIG_MAPS.group_resource)
_NAME = "kube-root-ca.crt"
_SUFFIX = f"/{_NAME}"
_DESCRIPTION = "kubernetes.io/description"
_DESCRIPTION_TEXT = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal "
    "endpoints such as the internal service IP or kubernetes.default.svc. No other usage is "
    "guaranteed across distributions of Kubernetes clusters."
)
_WORKERS = 4


class RootCAPublisher:
    """Follows namespaces and the ConfigMaps of this name."""

    name: ClassVar[str] = "root-ca-certificate-publisher-controller"
    aliases: ClassVar[tuple[str, ...]] = ("root-ca-cert-publisher",)
    prefixes: ClassVar[tuple[str, ...]] = (_NAMESPACE_KEYS, _CONFIG_MAP_KEYS)
    user: ClassVar[str] = "root-ca-cert-publisher"

    def __init__(self, client: InProcessClient, root_ca: str) -> None:
        self._client = client
        self._data = {"ca.crt": root_ca}
        self._good: set[str] = set()
        self.queue: WorkQueue[str] = WorkQueue(self._sync, workers=_WORKERS, name=self.name)

    def reset(self) -> None:
        """Forget everything and wait."""
        self.queue.pause()
        self._good.clear()

    def synced(self) -> None:
        """All ConfigMaps are known: act."""
        self.queue.start()

    def observe(self, key: str, value: bytes | None) -> None:
        """Follow one change."""
        if key.endswith(_SUFFIX) and key.startswith(_CONFIG_MAP_KEYS):
            namespace = key[len(_CONFIG_MAP_KEYS) : -len(_SUFFIX)]
            if value is not None and self._is_good(orjson.loads(value)):
                self._good.add(namespace)
            else:
                self._good.discard(namespace)
                self.queue.add(namespace)
        elif value is not None and key.startswith(_NAMESPACE_KEYS):
            namespace = key[len(_NAMESPACE_KEYS) :]
            if namespace not in self._good:
                self.queue.add(namespace)

    def _is_good(self, config_map: JSONObject) -> bool:
        annotations = config_map["metadata"].get("annotations") or {}
        return config_map.get("data") == self._data and bool(annotations.get(_DESCRIPTION))

    async def _sync(self, namespace: str) -> None:
        if namespace in self._good:
            return
        try:
            found = await self._client.get(_NAMESPACES, "", namespace)
        except NotFound:
            return
        if (found.get("status") or {}).get("phase") != "Active":
            return
        try:
            await self._client.update(_CONFIG_MAPS, namespace, _NAME, self._restored)
        except NotFound:
            await self._create(namespace)

    async def _create(self, namespace: str) -> None:
        metadata = {"name": _NAME, "annotations": {_DESCRIPTION: _DESCRIPTION_TEXT}}
        obj = {"metadata": metadata, "data": dict(self._data)}
        try:
            await self._client.create(_CONFIG_MAPS, namespace, obj)
        except (AlreadyExists, NotFound):
            return

    def _restored(self, current: JSONObject) -> JSONObject:
        current.pop("binaryData", None)
        current["data"] = dict(self._data)
        annotations = current["metadata"].setdefault("annotations", {})
        annotations[_DESCRIPTION] = _DESCRIPTION_TEXT
        return current
