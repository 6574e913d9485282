"""IdentityLease: a Lease in kube-system tells that a server is alive, as kube-apiserver's does.

Implements "API server identity" of the documentation: the Lease is renewed while the server runs,
removed when it stops, and those of servers that vanished are removed when they have expired.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import NotFound, StatusError
from kapi.apimachinery.types import GroupVersionResource
from kapi.storage.errors import StorageError
from kapi.util.clock import format_micro_time

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient
    from kapi.util.clock import Clock

__all__ = ["IdentityLease"]

_log = logging.getLogger(__name__)

_LEASES = GroupVersionResource("coordination.k8s.io", "v1", "leases")
_NAMESPACE = "kube-system"
_LABEL = "apiserver.kubernetes.io/identity"
_COMPONENT = "kube-apiserver"
# kube-apiserver's times.
_DURATION_SECONDS = 3600
_INTERVAL_SECONDS = 10.0


class IdentityLease:
    """The Lease of one server."""

    def __init__(self, client: InProcessClient, identity: str, hostname: str, clock: Clock) -> None:
        self._client = client
        self._name = f"apiserver-{identity}"
        self._hostname = hostname
        self._clock = clock

    async def run(self) -> None:
        """Renew until cancelled."""
        while True:
            try:
                await self.renew()
            except (StatusError, StorageError) as error:
                _log.warning("the Lease %s is not renewed: %s", self._name, error)
            await asyncio.sleep(_INTERVAL_SECONDS)

    async def renew(self) -> None:
        """Renew the Lease, or make it; ``run`` calls this, a test may."""
        now = self._clock.now()
        if not self._client.serves(_LEASES):
            return

        def change(lease: JSONObject) -> JSONObject:
            return {**lease, "spec": {**lease["spec"], "renewTime": format_micro_time(now)}}

        try:
            await self._client.update(_LEASES, _NAMESPACE, self._name, change)
        except NotFound:
            await self._client.create(_LEASES, _NAMESPACE, self._new(now))
            await self._remove_expired(now)

    async def stop(self) -> None:
        """Remove the Lease."""
        with suppress(StatusError, StorageError):
            await self._client.delete(_LEASES, _NAMESPACE, self._name)

    def _new(self, now: float) -> JSONObject:
        labels = {_LABEL: _COMPONENT, "kubernetes.io/hostname": self._hostname}
        return {
            "metadata": {"name": self._name, "namespace": _NAMESPACE, "labels": labels},
            "spec": {
                "holderIdentity": self._name,
                "leaseDurationSeconds": _DURATION_SECONDS,
                "renewTime": format_micro_time(now),
            },
        }

    async def _remove_expired(self, now: float) -> None:
        for lease in await self._client.list(_LEASES):
            labels = lease["metadata"].get("labels") or {}
            if labels.get(_LABEL) == _COMPONENT and _expires_at(lease["spec"]) < now:
                with suppress(NotFound):
                    await self._client.delete(_LEASES, _NAMESPACE, lease["metadata"]["name"])


def _expires_at(spec: JSONObject) -> float:
    renewed = spec.get("renewTime")
    if not renewed:
        return 0.0
    seconds: int = spec.get("leaseDurationSeconds", 0)
    return datetime.fromisoformat(renewed).timestamp() + seconds
