"""Connections to servers behind this one as their services and APIServices change."""

from __future__ import annotations

import pytest

from kapi.aggregator.remote import ProxyClient, RemoteError, RemoteVersion
from kapi.registry.webhook.service_resolver import Address, UnresolvedService

ONE, TWO = Address("10.0.0.1", 8443), Address("10.0.0.2", 8443)


class Service:
    """A resolver whose service is where a test says."""

    def __init__(self, *addresses):
        self.now = list(addresses)

    async def addresses(self, _namespace, name, _port):
        if not self.now:
            raise UnresolvedService(f"no endpoints for {name}")
        return self.now

    async def resolve(self, namespace, name, port):
        return (await self.addresses(namespace, name, port))[0]


class Connection:
    """A connection after its exchange."""

    reusable = True
    closed = False

    def close(self):
        self.closed = True

    abort = close


def remote_version(**spec):
    """An APIService as the aggregator knows it."""
    return RemoteVersion(
        {
            "metadata": {"name": "v1.example.com", "uid": "u"},
            "spec": {
                "group": "example.com",
                "version": "v1",
                "groupPriorityMinimum": 1,
                "versionPriority": 1,
                "insecureSkipTLSVerify": True,
                "service": {"namespace": "n", "name": "s"},
                **spec,
            },
        }
    )


async def test_connections_to_addresses_that_are_gone():
    """Idle ones are closed when the service moves, those in use when they are given back."""
    service, remote = Service(ONE, TWO), remote_version()
    client = ProxyClient(service, None, None)
    await client.locate(remote)
    one, two = client.origin_at(remote, ONE), client.origin_at(remote, TWO)
    idle, kept, used = Connection(), Connection(), Connection()
    one.release(idle)
    two.release(kept)
    service.now = [TWO]
    await client.locate(remote)
    assert (idle.closed, kept.closed) == (True, False)
    one.release(used)
    assert used.closed
    assert one.kept() is None
    assert two.kept() is kept
    client.close()


async def test_connections_of_a_service_without_endpoints():
    """None is kept to a server that is nowhere."""
    service, remote = Service(ONE), remote_version()
    client = ProxyClient(service, None, None)
    await client.locate(remote)
    idle = Connection()
    client.origin_at(remote, ONE).release(idle)
    service.now = []
    with pytest.raises(RemoteError, match=r"^no endpoints for s$"):
        await client.locate(remote)
    assert idle.closed
    client.close()


async def test_connections_of_an_api_service_that_is_gone():
    """They are closed, and what is given back later is not kept."""
    remote = remote_version()
    client = ProxyClient(Service(ONE), None, None)
    origin = await client.origin(remote)
    idle, used = Connection(), Connection()
    origin.release(idle)
    client.retire(remote)
    origin.release(used)
    assert idle.closed
    assert used.closed


async def test_connections_of_other_tls_settings():
    """Whoever does not verify the server does not use connections of those who do."""
    client = ProxyClient(Service(ONE), None, None)
    careless = await client.origin(remote_version())
    careful = await client.origin(remote_version(insecureSkipTLSVerify=False))
    kept = Connection()
    careless.release(kept)
    assert careful.kept() is None
    assert careless.kept() is kept


async def test_client_certificate_that_changes(tmp_path):
    """Connections that showed the old one are given up."""
    certificate = tmp_path / "crt"
    client = ProxyClient(Service(ONE), None, certificate)
    origin = await client.origin(remote_version())
    kept = Connection()
    origin.release(kept)
    client.reload()
    assert not kept.closed
    certificate.write_text("new")
    client.reload()
    assert kept.closed
