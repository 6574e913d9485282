"""Several servers over one store never give the same address or port to two Services."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from kapi.apimachinery.errors import StatusError
from kapi.apis.core.service_allocation import ServiceAllocators
from kapi.registry.allocator import ClusterIPAllocator, NodePortAllocator
from kapi.server.service_claims import ServiceClaims
from kapi.storage.cacher import JSONCodec, value_header
from kapi.storage.errors import Unavailable
from kapi.storage.memory import MemoryEngine
from kapi.storage.store import Store
from kapi.util.ids import SeededIDs

PREFIX = "/registry/services/specs/"
HEADER = value_header("v1", "Service")


class Server:
    """What one server has for its Services."""

    def __init__(self, engine, cidr="10.0.0.0/28"):
        self.store = Store(engine, PREFIX, JSONCodec(PREFIX, [HEADER]), ids=SeededIDs())
        # All servers choose alike, so that they get into each other's way.
        ips = ClusterIPAllocator(cidr, SeededIDs())
        self.allocators = ServiceAllocators([ips], NodePortAllocator(SeededIDs(), 30000, 30031))
        self.claims = ServiceClaims(engine, self.store, self.allocators)

    async def begin(self, name, **spec):
        service = {"metadata": {"name": name, "namespace": "ns"}, "spec": spec}
        service["spec"].setdefault("ports", [{"port": 80}])
        transaction, claim = await self.claims.begin(
            service, lambda: self.allocators.begin_create(service)
        )
        return service, transaction, claim

    async def save(self, service, transaction, claim):
        meta = service["metadata"]
        value = orjson.dumps({"apiVersion": "v1", "kind": "Service", **service})
        await self.store.create(f"{PREFIX}ns/{meta['name']}", value, guards=claim.guards)
        transaction.commit()
        await claim.release()
        return service["spec"]

    async def create(self, name, **spec):
        return await self.save(*await self.begin(name, **spec))


@pytest.fixture
async def engine():
    """One store."""
    opened = MemoryEngine()
    yield opened
    await opened.close()


async def test_concurrent_servers_choose_different_numbers(engine):
    """Also when all of them choose in the same order, and until the range is full."""
    servers = [Server(engine) for _ in range(3)]
    specs = await asyncio.gather(
        *(servers[n % 3].create(f"s{n}", type="NodePort") for n in range(12))
    )
    assert len({spec["clusterIP"] for spec in specs}) == 12
    assert len({spec["ports"][0]["nodePort"] for spec in specs}) == 12
    addresses = [spec["clusterIP"] for spec in specs]

    async def fill():
        while True:
            spec = await servers[len(addresses) % 3].create(f"more{len(addresses)}")
            addresses.append(spec["clusterIP"])

    with pytest.raises(StatusError, match="range is full"):
        await fill()
    assert 14 <= len(addresses) == len(set(addresses)) <= 15
    for server in servers:
        with pytest.raises(StatusError, match="range is full"):
            await server.create("too-many")


async def test_a_number_of_another_server_is_taken_until_its_service_is_deleted(engine):
    """Whoever asks for it is refused as if the Service were its own, then gets it."""
    here, there = Server(engine), Server(engine)
    await here.create("a", clusterIP="10.0.0.5", clusterIPs=["10.0.0.5"])
    with pytest.raises(StatusError, match="provided IP is already allocated"):
        await there.create("b", clusterIP="10.0.0.5", clusterIPs=["10.0.0.5"])
    await engine.delete(f"{PREFIX}ns/a")
    spec = await there.create("b", clusterIP="10.0.0.5", clusterIPs=["10.0.0.5"])
    assert spec["clusterIP"] == "10.0.0.5"


async def test_a_number_that_is_being_taken_is_not_given_to_others(engine):
    """Between the choice and the write the claim is what counts; given up, it is free again."""
    here, there = Server(engine), Server(engine)
    _, transaction, claim = await here.begin("a", clusterIP="10.0.0.5", clusterIPs=["10.0.0.5"])
    with pytest.raises(StatusError, match="already allocated"):
        await there.begin("b", clusterIP="10.0.0.5", clusterIPs=["10.0.0.5"])
    transaction.revert()
    await claim.release()
    await there.create("b", clusterIP="10.0.0.5", clusterIPs=["10.0.0.5"])


async def test_a_write_after_its_claim_has_ended_fails(engine):
    """A server that stood still for too long stores nothing."""
    here = Server(engine)
    begun = await here.begin("a")
    await begun[2].release()
    with pytest.raises(Unavailable):
        await here.save(*begun)
    assert await engine.count(PREFIX, "") == 0


async def test_a_server_that_was_not_told_in_time_starts_over(engine):
    """More changes than wait for a reader do not make it forget or keep a number."""
    here, there = Server(engine), Server(engine)
    await there.create("first", clusterIP="10.0.0.4", clusterIPs=["10.0.0.4"])
    value = (await engine.get(f"{PREFIX}ns/first")).value
    await here.create("other")
    await engine.delete(f"{PREFIX}ns/other")
    for number in range(1100):
        await engine.put(f"{PREFIX}ns/first", value.replace(b'"first"', b'"%d"' % number))
    with pytest.raises(StatusError, match="already allocated"):
        await here.create("b", clusterIP="10.0.0.4", clusterIPs=["10.0.0.4"])
    await asyncio.gather(*(here.create(f"s{number}") for number in range(13)))
