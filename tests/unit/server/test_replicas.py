"""What several servers over one store decide together."""

from __future__ import annotations

import pytest

from kapi.apimachinery.types import GroupVersionResource
from kapi.client.inprocess import InProcessClient
from kapi.server.endpoint_reconciler import EndpointReconciler, kubernetes_endpoints
from kapi.server.identity_lease import IdentityLease
from kapi.server.leader_election import LeaderElection
from kapi.server.options import ServerOptions
from kapi.server.server import APIServer
from kapi.storage.errors import Unavailable
from kapi.storage.memory import MemoryEngine
from kapi.util.clock import FakeClock

LEASES = GroupVersionResource("coordination.k8s.io", "v1", "leases")
ENDPOINTS = GroupVersionResource("", "v1", "endpoints")
SLICES = GroupVersionResource("discovery.k8s.io", "v1", "endpointslices")


class Candidate:
    """A server that wants to lead, and what it was told."""

    def __init__(self, engine, name, clock):
        self.told = []
        self.election = LeaderElection(engine, name, clock, self.begin, self.end)

    async def begin(self):
        self.told.append("begin")

    async def end(self):
        self.told.append("end")


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
async def engine(clock):
    """One store."""
    opened = MemoryEngine(clock=clock)
    yield opened
    await opened.close()


async def test_one_server_leads_until_it_stops_or_falls_silent(engine, clock):
    """The key ends by itself; who cannot renew it stops before another one begins."""
    a, b = Candidate(engine, "a", clock), Candidate(engine, "b", clock)
    for candidate in (a, b, a, b):
        await candidate.election.try_once()
    assert (a.told, b.told) == (["begin"], [])
    await a.election.stop()
    await b.election.try_once()
    assert (a.told, b.told) == (["begin", "end"], ["begin"])
    clock.advance(16)
    await engine.expire()
    await a.election.try_once()
    await b.election.try_once()
    assert a.told[2:] == ["begin"]
    assert b.told[1:] == ["end"]


async def test_a_leader_that_does_not_reach_the_store_stops_in_time(engine, clock):
    """After ten seconds, when the key has five more to live."""

    class Cut:
        async def put(self, *_, **__):
            raise Unavailable("cut off")

    candidate = Candidate(engine, "a", clock)
    await candidate.election.try_once()
    candidate.election._engine = Cut()
    clock.advance(9)
    await candidate.election.try_once()
    assert candidate.told == ["begin"]
    clock.advance(1)
    await candidate.election.try_once()
    assert candidate.told == ["begin", "end"]
    assert await engine.count("/registry/kapi.dev/", "") == 1


async def test_the_service_kubernetes_has_the_addresses_of_live_servers(tmp_path, clock):
    """A server that stops takes itself off, one that vanished is gone after its lease."""
    server = APIServer(ServerOptions(tmp_path, ephemeral=True, controllers=()), clock)
    await server.start()
    engine, client = server._engine, InProcessClient(server.api)
    servers = {
        number: EndpointReconciler(engine, client, f"192.0.2.{number}", 6443, f"id-{number}")
        for number in (1, 2, 3)
    }

    async def addresses():
        endpoints = await client.get(ENDPOINTS, "default", "kubernetes")
        found = [each["ip"] for each in endpoints["subsets"][0]["addresses"]]
        slice_ = await client.get(SLICES, "default", "kubernetes")
        assert [each["addresses"][0] for each in slice_["endpoints"]] == found
        return found

    for each in servers.values():
        await each.renew()
    assert await addresses() == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    revision = engine.revision
    await servers[1].renew()
    assert engine.revision == revision + 1, "only the lease was written"
    await servers[2].stop()
    assert await addresses() == ["192.0.2.1", "192.0.2.3"]
    clock.advance(10)
    await servers[1].renew()
    clock.advance(6)
    await engine.expire()
    await servers[1].renew()
    assert await addresses() == ["192.0.2.1"]
    await servers[1].stop()
    assert await addresses() == ["192.0.2.1"], "the last one stays for clients to come back to"
    await server.stop()


async def test_each_server_has_a_lease_while_it_lives(tmp_path, clock):
    """It is renewed, removed at the end, and those of vanished servers go after an hour."""
    server = APIServer(ServerOptions(tmp_path, ephemeral=True, controllers=()), clock)
    await server.start()
    client = InProcessClient(server.api)
    leases = [IdentityLease(client, name, "host", clock) for name in ("a", "b", "c")]
    for each in leases[:2]:
        await each.renew()
    clock.advance(3000)
    await leases[0].renew()
    clock.advance(1000)
    await leases[2].renew()
    found = {each["metadata"]["name"]: each for each in await client.list(LEASES)}
    assert sorted(found) == ["apiserver-a", "apiserver-c"]
    assert found["apiserver-a"]["metadata"]["labels"] == {
        "apiserver.kubernetes.io/identity": "kube-apiserver",
        "kubernetes.io/hostname": "host",
    }
    await leases[0].stop()
    assert [each["metadata"]["name"] for each in await client.list(LEASES)] == ["apiserver-c"]
    await server.stop()


def test_endpoints_are_those_of_kube_apiserver():
    """The mirror controller is told to leave them alone."""
    endpoints, slice_ = kubernetes_endpoints(["2001:db8::1"], 6443)
    assert endpoints["metadata"]["labels"] == {"endpointslice.kubernetes.io/skip-mirror": "true"}
    assert slice_["addressType"] == "IPv6"
