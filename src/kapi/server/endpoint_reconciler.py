"""EndpointReconciler: the addresses behind the Service ``kubernetes`` are those of live servers.

As kube-apiserver's lease reconciler: each server keeps a key with its address that ends by
itself, and writes the addresses of all such keys to the Endpoints and the EndpointSlice.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import AlreadyExists, NotFound, StatusError
from kapi.apimachinery.types import GroupVersionResource
from kapi.registry.keys import KEY_PREFIX
from kapi.storage.engine import prefix_end
from kapi.storage.errors import StorageError

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient
    from kapi.storage.engine import Engine

__all__ = ["EndpointReconciler", "kubernetes_endpoints"]

_log = logging.getLogger(__name__)

_ENDPOINTS = GroupVersionResource("", "v1", "endpoints")
_SLICES = GroupVersionResource("discovery.k8s.io", "v1", "endpointslices")
_LEASES = f"{KEY_PREFIX}masterleases/"
# kube-apiserver's times.
_LEASE_SECONDS = 15.0
_INTERVAL_SECONDS = 10.0
_NAME = "kubernetes"


def kubernetes_endpoints(addresses: list[str], port: int) -> tuple[JSONObject, JSONObject]:
    """The Endpoints and the EndpointSlice of the Service ``kubernetes``."""
    ports = [{"name": "https", "port": port, "protocol": "TCP"}]
    endpoints: JSONObject = {
        "metadata": {
            "name": _NAME,
            "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
        },
        "subsets": [{"addresses": [{"ip": each} for each in addresses], "ports": ports}],
    }
    endpoint_slice: JSONObject = {
        "metadata": {"name": _NAME, "labels": {"kubernetes.io/service-name": _NAME}},
        "addressType": "IPv6" if ":" in addresses[0] else "IPv4",
        "endpoints": [{"addresses": [each], "conditions": {"ready": True}} for each in addresses],
        "ports": ports,
    }
    return endpoints, endpoint_slice


class EndpointReconciler:
    """One server's part; ``identity`` tells servers with the same address apart."""

    def __init__(
        self, engine: Engine, client: InProcessClient, address: str, port: int, identity: str
    ) -> None:
        self._engine = engine
        self._client = client
        self._key = f"{_LEASES}{address}"
        self._address = address
        self._port = port
        self._identity = identity

    async def run(self) -> None:
        """Keep this server among the addresses until cancelled."""
        while True:
            try:
                await self.renew()
            except (StatusError, StorageError) as error:
                _log.warning("the endpoints of the Service kubernetes are not renewed: %s", error)
            await asyncio.sleep(_INTERVAL_SECONDS)

    async def renew(self) -> None:
        """Renew this server's key and write the addresses down; ``run`` calls this, a test may."""
        value = orjson.dumps(
            {
                "kind": "Endpoints",
                "apiVersion": "v1",
                "metadata": {"name": self._identity},
                "subsets": [{"addresses": [{"ip": self._address}]}],
            }
        )
        await self._engine.put(self._key, value, ttl_seconds=_LEASE_SECONDS)
        await self._reconcile()

    async def stop(self) -> None:
        """Take this server off, unless another one has its address."""
        with suppress(StatusError, StorageError):
            found = await self._engine.get(self._key)
            if found is not None and self._identity.encode() in found.value:
                await self._engine.delete(self._key, mod_revision=found.mod_revision)
                await self._reconcile()

    async def _reconcile(self) -> None:
        found = await self._engine.range(_LEASES, prefix_end(_LEASES))
        addresses = sorted(item.key.removeprefix(_LEASES) for item in found.items)
        if not addresses:
            return  # the last server: clients find what was there when it comes back
        endpoints, endpoint_slice = kubernetes_endpoints(addresses, self._port)
        await self._write(_ENDPOINTS, endpoints, ("subsets",))
        await self._write(_SLICES, endpoint_slice, ("endpoints", "ports"))

    async def _write(
        self, gvr: GroupVersionResource, wanted: JSONObject, members: tuple[str, ...]
    ) -> None:
        if not self._client.serves(gvr):
            return

        def change(current: JSONObject) -> JSONObject:
            return {**current, **{name: wanted[name] for name in members}}

        try:
            await self._client.update(gvr, "default", _NAME, change)
        except NotFound:
            with suppress(AlreadyExists):
                await self._client.create(gvr, "default", wanted)
