"""Bootstrap objects: what every cluster has before anybody creates anything.

Implements the system namespaces, the default Service and its addresses, and the system priority
classes; a server that finds them leaves them alone.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from copy import deepcopy
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import InternalError, NotFound, StatusError
from kapi.apimachinery.types import GroupVersionResource
from kapi.server.endpoint_reconciler import kubernetes_endpoints

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient

__all__ = ["create_bootstrap_objects"]

_LOG = logging.getLogger(__name__)

# How long a server waits for another one that makes the same objects.
_ATTEMPTS = 25
_PAUSE_SECONDS = 0.2
_NAMESPACES = ("kube-system", "default", "kube-public", "kube-node-lease")
_CORE_NAMESPACES = GroupVersionResource("", "v1", "namespaces")
_CONFIG_MAPS = GroupVersionResource("", "v1", "configmaps")
# Since when uses of tokens from Secrets are noted, and the minor version that began with it.
_TRACKING = "kube-apiserver-legacy-service-account-token-tracking"
_TRACKING_SINCE = 27
_SERVICES = GroupVersionResource("", "v1", "services")
_ENDPOINTS = GroupVersionResource("", "v1", "endpoints")
_SLICES = GroupVersionResource("discovery.k8s.io", "v1", "endpointslices")
_PRIORITY_CLASSES = GroupVersionResource("scheduling.k8s.io", "v1", "priorityclasses")
_SERVICE_CIDRS = GroupVersionResource("networking.k8s.io", "v1", "servicecidrs")

_PRIORITIES = (
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
    (
        "system-cluster-critical",
        2_000_000_000,
        (
            "Used for system critical pods that must run in the cluster, but can be moved to "
            "another node if necessary."
        ),
    ),
)


async def create_bootstrap_objects(
    client: InProcessClient, *, service_ip: str, cidrs: list[str], address: str, port: int, now: str
) -> None:
    """Create what is missing; ``address`` and ``port`` are where this server listens."""
    for name in _NAMESPACES:
        await _ensure(client, _CORE_NAMESPACES, "", {"metadata": {"name": name}})
    if client.minor >= _TRACKING_SINCE:
        since = {"metadata": {"name": _TRACKING}, "data": {"since": now.partition("T")[0]}}
        await _ensure(client, _CONFIG_MAPS, "kube-system", since)
    for name, value, description in _PRIORITIES:
        obj = {"metadata": {"name": name}, "value": value, "description": description}
        await _ensure(client, _PRIORITY_CLASSES, "", obj)
    if client.serves(_SERVICE_CIDRS):
        await _service_cidr(client, cidrs, now)
    await _kubernetes_service(client, service_ip, address, port)


async def _ensure(
    client: InProcessClient, gvr: GroupVersionResource, namespace: str, obj: JSONObject
) -> None:
    """Create what is missing, also when another server of the store is about to do the same.

    That shows in more ways than AlreadyExists: the other one may just have taken the address.
    """
    if not client.serves(gvr):
        return  # switched off
    for attempt in range(_ATTEMPTS):
        # Looked for first: what exists holds addresses that creating it again would ask for.
        with suppress(NotFound):
            await client.get(gvr, namespace, obj["metadata"]["name"])
            return
        try:
            await client.create(gvr, namespace, deepcopy(obj))
            return
        except StatusError as error:
            if attempt == _ATTEMPTS - 1 or error.code == InternalError.code:
                # Perhaps a webhook is not there yet, which needs this server first.
                name = obj["metadata"]["name"]
                _LOG.warning("%s %s cannot be created: %s", gvr.resource, name, error)
                return
        await asyncio.sleep(_PAUSE_SECONDS)


async def _service_cidr(client: InProcessClient, cidrs: list[str], now: str) -> None:
    obj = {"metadata": {"name": "kubernetes"}, "spec": {"cidrs": cidrs}}
    await _ensure(client, _SERVICE_CIDRS, "", obj)
    condition = {
        "type": "Ready",
        "status": "True",
        "lastTransitionTime": now,
        "reason": "",
        "message": "Kubernetes default Service CIDR is ready",
    }

    def ready(current: JSONObject) -> JSONObject:
        return {**current, "status": {"conditions": [condition]}}

    try:
        found = await client.get(_SERVICE_CIDRS, "", "kubernetes")
        if not found.get("status"):
            await client.update(_SERVICE_CIDRS, "", "kubernetes", ready, "status")
    except StatusError as error:
        _LOG.warning("servicecidrs kubernetes does not become ready: %s", error)


async def _kubernetes_service(
    client: InProcessClient, service_ip: str, address: str, port: int
) -> None:
    service = {
        "metadata": {
            "name": "kubernetes",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "clusterIP": service_ip,
            "ports": [{"name": "https", "protocol": "TCP", "port": 443, "targetPort": port}],
            "sessionAffinity": "None",
            "type": "ClusterIP",
        },
    }
    await _ensure(client, _SERVICES, "default", service)
    if address.startswith(("127.", "::1")):
        return  # endpoints may not point to loopback; who listens there only serves this machine
    endpoints, endpoint_slice = kubernetes_endpoints([address], port)
    await _ensure(client, _ENDPOINTS, "default", endpoints)
    await _ensure(client, _SLICES, "default", endpoint_slice)
