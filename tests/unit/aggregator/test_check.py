"""Whether a server answers, asked at all of its addresses at once."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from kapi.aggregator.availability import PASSED
from kapi.aggregator.check import check_server
from kapi.aggregator.remote import Document, RemoteError
from kapi.registry.webhook.service_resolver import Address

REMOTE = SimpleNamespace(host="s.n.svc", port=443, path="/apis/example.com/v1")


class Client:
    """Servers that answer, refuse, or hang, by their port."""

    def __init__(self, *ports):
        self.ports = ports
        self.asked = []
        self.given_up = 0

    async def locate(self, _remote):
        if not self.ports:
            raise RemoteError("nowhere")
        return [Address("10.0.0.1", port) for port in self.ports]

    def origin_at(self, _remote, address):
        return SimpleNamespace(url=f"https://{address.host}:{address.port}", port=address.port)

    async def get(self, _remote, _path, _accept, _timeout, *, origin):
        self.asked.append(origin.port)
        if origin.port == HANGS:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.given_up += 1
                raise
        if origin.port != ANSWERS:
            raise RemoteError(f"port {origin.port} refused")
        return Document(b"{}")


HANGS, ANSWERS = 1, 2


async def test_one_that_answers_is_enough():
    """Nobody waits for the others."""
    client = Client(HANGS, ANSWERS, 3)
    assert await check_server(client, REMOTE) == PASSED
    assert sorted(client.asked) == [HANGS, ANSWERS, 3]
    assert client.given_up == 1


async def test_failures_are_told_always_the_same():
    """Of several that fail the first address is told of, in whatever order they come."""
    for ports in ((5, 4, 3), (3, 4, 5)):
        verdict = await check_server(Client(*ports), REMOTE)
        assert (verdict.available, verdict.reason) == (False, "FailedDiscoveryCheck")
        assert verdict.message == (
            "failing or missing response from https://10.0.0.1:3/apis/example.com/v1: "
            "port 3 refused"
        )


async def test_at_most_five_are_asked():
    """A service of many pods is not asked everywhere."""
    client = Client(*range(10, 30))
    assert not (await check_server(client, REMOTE)).available
    assert sorted(client.asked) == [10, 11, 12, 13, 14]


async def test_nowhere():
    """A service without addresses is told of by its name."""
    verdict = await check_server(Client(), REMOTE)
    assert verdict.message == (
        "failing or missing response from https://s.n.svc:443/apis/example.com/v1: nowhere"
    )
