"""Service account controller: a service account ``default`` in every active namespace.

Implements "Service account controller" of the documentation; a deleted one comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery.errors import AlreadyExists, NotFound
from kapi.apimachinery.types import GroupVersionResource
from kapi.controllers.work_queue import WorkQueue
from kapi.registry.keys import storage_prefix

if TYPE_CHECKING:
    from kapi.client.inprocess import InProcessClient

__all__ = ["ServiceAccountsController"]

_NAMESPACES = GroupVersionResource("", "v1", "namespaces")
_ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")
_NAMESPACE_KEYS = storage_prefix(_NAMESPACES.group_resource)
_ACCOUNT_KEYS = storage_prefix(_ACCOUNTS.group_resource)
_NAME = "default"
_WORKERS = 4


class ServiceAccountsController:
    """Follows namespaces and service accounts."""

    name: ClassVar[str] = "serviceaccount-controller"
    aliases: ClassVar[tuple[str, ...]] = ("serviceaccount",)
    prefixes: ClassVar[tuple[str, ...]] = (_NAMESPACE_KEYS, _ACCOUNT_KEYS)
    user: ClassVar[str] = "service-account-controller"

    def __init__(self, client: InProcessClient) -> None:
        self._client = client
        self._known: set[str] = set()
        self.queue: WorkQueue[str] = WorkQueue(self._sync, workers=_WORKERS, name=self.name)

    def reset(self) -> None:
        """Forget everything and wait."""
        self.queue.pause()
        self._known.clear()

    def synced(self) -> None:
        """All accounts are known: act."""
        self.queue.start()

    def observe(self, key: str, value: bytes | None) -> None:
        """Follow one change."""
        if key.startswith(_NAMESPACE_KEYS):
            namespace = key[len(_NAMESPACE_KEYS) :]
            if value is not None and namespace not in self._known:
                self.queue.add(namespace)
            return
        namespace, _, name = key[len(_ACCOUNT_KEYS) :].partition("/")
        if name != _NAME:
            return
        if value is None:
            self._known.discard(namespace)
            self.queue.add(namespace)
        else:
            self._known.add(namespace)

    async def _sync(self, namespace: str) -> None:
        if namespace in self._known:
            return
        try:
            found = await self._client.get(_NAMESPACES, "", namespace)
            if (found.get("status") or {}).get("phase") != "Active":
                return
            await self._client.create(_ACCOUNTS, namespace, {"metadata": {"name": _NAME}})
        except (AlreadyExists, NotFound):
            return
