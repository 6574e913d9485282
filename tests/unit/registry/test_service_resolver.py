"""Where services are: overrides, EndpointSlices, Endpoints, external names."""

from __future__ import annotations

import asyncio

import pytest

from kapi.registry.webhook.service_resolver import Address, ServiceResolver, UnresolvedService
from kapi.util.ids import SeededIDs


class _Objects:
    def __init__(self, *objects):
        self._objects = objects

    async def get(self, _group, resource, namespace, name):
        for kind, obj in self._objects:
            meta = obj["metadata"]
            if (kind, meta["namespace"], meta["name"]) == (resource, namespace, name):
                return obj
        return None

    async def list(self, _group, resource, namespace=""):
        return [
            obj
            for kind, obj in self._objects
            if kind == resource and obj["metadata"]["namespace"] == namespace
        ]


def _object(resource, name="s", labels=None, **more):
    return resource, {"metadata": {"name": name, "namespace": "n", "labels": labels}, **more}


SERVICE = _object("services", spec={"ports": [{"name": "web", "port": 443}]})
LABELS = {"kubernetes.io/service-name": "s"}


def _slice(name, ip, ready=None, port_name="web"):
    conditions = {} if ready is None else {"ready": ready}
    return _object(
        "endpointslices",
        name,
        LABELS,
        endpoints=[{"addresses": [ip], "conditions": conditions}],
        ports=[{"name": port_name, "port": 8443}],
    )


def _resolve(*objects, port=443, overrides=None):
    resolver = ServiceResolver(_Objects(*objects), SeededIDs(), overrides or {})
    return asyncio.run(resolver.resolve("n", "s", port))


def test_ready_endpoints_of_slices():
    """The port of the endpoint counts; what is not ready or of another port is left out."""
    slices = (
        _slice("a", "10.0.0.1", ready=False),
        _slice("b", "10.0.0.2"),
        _slice("c", "10.0.0.3", port_name="other"),
    )
    assert _resolve(SERVICE, *slices) == Address("10.0.0.2", 8443)


def test_endpoints_without_slices():
    """Clusters without EndpointSlices have Endpoints."""
    subsets = [{"addresses": [{"ip": "10.0.0.9"}], "ports": [{"name": "web", "port": 1}]}]
    assert _resolve(SERVICE, _object("endpoints", subsets=subsets)) == Address("10.0.0.9", 1)


def test_overrides_and_external_names():
    """An override needs no service; an external name is taken with the port asked for."""
    here = Address("127.0.0.1", 9443)
    assert _resolve(overrides={"n/s": here}) == here
    external = _object("services", spec={"type": "ExternalName", "externalName": "example.com"})
    assert _resolve(external, port=8443) == Address("example.com", 8443)


@pytest.mark.parametrize(
    ("objects", "port", "message"),
    [
        ((), 443, 'service "s" not found'),
        ((SERVICE,), 80, 'no service port 80 found for service "s"'),
        ((SERVICE,), 443, 'no endpoints available for service "s"'),
    ],
)
def test_what_cannot_be_resolved(objects, port, message):
    """The text says what is missing."""
    with pytest.raises(UnresolvedService, match=f"^{message}$"):
        _resolve(*objects, port=port)


def test_cluster_ips():
    """Where they are asked for, endpoints do not count; a headless service has none."""
    ports = [{"name": "web", "port": 443}]

    def resolve(**spec):
        service = _object("services", spec={"ports": ports, **spec})
        objects = _Objects(service, _slice("b", "10.0.0.2"))
        resolver = ServiceResolver(objects, SeededIDs(), {}, cluster_ips=True)
        return asyncio.run(resolver.resolve("n", "s", 443))

    assert resolve(clusterIP="10.96.0.7") == Address("10.96.0.7", 443)
    assert resolve(type="ExternalName", externalName="x") == Address("x", 443)
    with pytest.raises(UnresolvedService, match=r'^cannot route to service with ClusterIP "None"$'):
        resolve(clusterIP="None")


def test_all_addresses():
    """Every ready endpoint is an address."""
    resolver = ServiceResolver(
        _Objects(SERVICE, _slice("a", "10.0.0.1"), _slice("b", "10.0.0.2")), SeededIDs(), {}
    )
    found = asyncio.run(resolver.addresses("n", "s", 443))
    assert sorted(found) == [Address("10.0.0.1", 8443), Address("10.0.0.2", 8443)]
