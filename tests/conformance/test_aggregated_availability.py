"""Servers behind this one that die, hang, answer nonsense or are somebody else.

What their APIService says, what their clients get, and that nobody else has to wait.
"""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from front_server import API_SERVICES, eventually, front_server
from kapi.server.certificates import create_authority
from kapi.util.clock import SystemClock
from server_behind import GROUP, WIDGETS, ServerBehind

API_SERVICE = f"{API_SERVICES}/v1.{GROUP}"
DISCOVERY = f"/apis/{GROUP}/v1"
AGGREGATED = "Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
FAILED = "FailedDiscoveryCheck"
# Less than anybody waits for a server that hangs, and much for a machine with other work.
QUICK_SECONDS = 4.0


@pytest.fixture
async def behind(tmp_path):
    """A server that listens, and is not yet known."""
    server = ServerBehind()
    await server.start(tmp_path)
    yield server
    await server.stop()


@pytest.fixture
async def front(tmp_path, behind):
    """The first server, which knows where the service's server is."""
    async with front_server(tmp_path / "front", behind.port) as server:
        yield server


def condition_of(api_service):
    """The condition Available, if there is one."""
    conditions = (api_service.get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == "Available"), {})


async def refused(front, api_service, reason=FAILED):
    """Create an APIService that must not become available; its message."""
    assert (await front.ask("POST", API_SERVICES, api_service))[0] == 201
    found = await front.until(API_SERVICE, lambda _, text: f'"{reason}"' in text)
    assert condition_of(found)["status"] == "False"
    return condition_of(found)["message"]


async def freshness(front):
    """What aggregated discovery says of the group's version, and its resources."""
    document = json.loads((await front.ask("GET", "/apis", None, AGGREGATED))[1])
    group = next(each for each in document["items"] if each["metadata"]["name"] == GROUP)
    [version] = group["versions"]
    names = [each["resource"] for each in version.get("resources", [])]
    return version["freshness"], names


async def test_server_that_dies(front, behind):
    """A request that fails is reason enough to look: the condition follows within seconds."""
    await front.register(behind.api_service())
    await eventually(lambda: behind.requests("/openapi/v2"))
    assert await freshness(front) == ("Current", ["widgets"])
    await behind.stop()
    status, text = await front.ask("GET", WIDGETS)
    refusal = f"dial tcp 127.0.0.1:{behind.port}: connect: connection refused"
    assert (status, text.decode()) == (503, f"error trying to reach service: {refusal}\n")
    began = time.monotonic()
    found = await front.until(API_SERVICE, lambda _, text: f'"{FAILED}"' in text)
    assert time.monotonic() - began < 5
    url = f"https://127.0.0.1:{behind.port}{DISCOVERY}"
    assert condition_of(found)["message"] == (
        f'failing or missing response from {url}: Get "{url}": {refusal}'
    )
    assert await front.ask("GET", WIDGETS) == (503, b"service unavailable\n")
    # What was known is told still, as what it is.
    assert await freshness(front) == ("Stale", ["widgets"])
    await behind.listen(behind.context, behind.port)
    await front.until(API_SERVICE, lambda _, text: '"Passed"' in text)
    assert (await front.ask("GET", WIDGETS))[0] == 200


async def test_server_that_hangs(front, behind):
    """It costs its own APIService five seconds, and discovery of this server nothing."""
    stuck = asyncio.Event()

    async def hang(asked):
        await stuck.wait()

    for path in (DISCOVERY, "/apis", "/openapi/v2", "/openapi/v3"):
        behind.handlers[path] = hang
    assert (await front.ask("POST", API_SERVICES, behind.api_service()))[0] == 201
    await eventually(lambda: behind.requests(DISCOVERY))
    for path, *headers in [
        ("/apis",),
        ("/apis", AGGREGATED),
        (f"/apis/{GROUP}",),
        ("/apis/apps/v1",),
        ("/openapi/v3",),
        ("/openapi/v2",),
    ]:
        began = time.monotonic()
        assert (await front.ask("GET", path, None, *headers))[0] == 200, path
        assert time.monotonic() - began < QUICK_SECONDS, path
    found = await front.until(API_SERVICE, lambda _, text: f'"{FAILED}"' in text)
    assert condition_of(found)["message"].endswith(
        f'Get "https://127.0.0.1:{behind.port}{DISCOVERY}": context deadline exceeded '
        "(Client.Timeout exceeded while awaiting headers)"
    )
    assert await freshness(front) == ("Stale", [])
    stuck.set()


async def test_server_that_begins_to_hang(front, behind):
    """Clients that ask it for its resources are told within seconds."""
    await front.register(behind.api_service())
    await eventually(lambda: behind.requests("/openapi/v2"))
    stuck = asyncio.Event()

    async def hang(asked):
        await stuck.wait()

    behind.handlers[DISCOVERY] = hang
    began = time.monotonic()
    status, text = await front.ask("GET", DISCOVERY)
    assert (status, text) == (503, b"error trying to reach service: context deadline exceeded\n")
    assert 4 < time.monotonic() - began < 8
    await front.until(API_SERVICE, lambda _, text: f'"{FAILED}"' in text)
    stuck.set()


def answering(body, status=200):
    """A handler that answers always the same."""

    async def handle(asked):
        await asked.answer(body, status)

    return handle


async def not_http(asked):
    """A handler that speaks something else."""
    await asked.write(b"SSH-2.0-x\r\n\r\n")
    return True


async def test_server_that_fails(front, behind):
    """A status that is no success is told."""
    behind.handlers[DISCOVERY] = answering(b"oh", 500)
    url = f"https://127.0.0.1:{behind.port}{DISCOVERY}"
    message = await refused(front, behind.api_service())
    assert message == f"failing or missing response from {url}: bad status from {url}: 500"


async def test_server_that_speaks_no_http(front, behind):
    """What is no HTTP is told of as that."""
    behind.handlers[DISCOVERY] = not_http
    message = await refused(front, behind.api_service())
    assert "HTTP/1.x transport connection broken" in message


NONSENSE = [
    b"\xff\x00 no JSON",
    b"[1, 2]",
    b'{"resources": 7}',
    b'{"resources": [{"name": 5, "verbs": ["get"]}]}',
    b'{"resources": [{"name": "x", "verbs": "get"}]}',
    b'{"resources": ["x"]}',
    b'{"paths": 3}',
    b'{"paths": {"/apis/behind.example.com/v1/widgets": 7}, "definitions": {"a": [[[]]]}}',
    b'{"paths": {"/apis/behind.example.com/v1/x": {"get": {"parameters": {"a": 5}}}}}',
    b'{"paths": {"/apis/behind.example.com/v1/x": {"get": {"responses": [1]}}}}',
    b'{"paths": {"apis/behind.example.com/v1": {"serverRelativeURL": "https://evil/"}}}',
    b'{"paths": {"/apis/behind.example.com/v1/x": ' + b'{"a":' * 900 + b"1" + b"}" * 902,
]


@pytest.mark.parametrize("body", NONSENSE)
async def test_documents_that_make_no_sense(front, behind, body):
    """Such a server answers, so it is available; nobody's documents suffer from what it says."""
    before = {path: (await front.ask("GET", path))[1] for path in ("/openapi/v2", "/openapi/v3")}
    for path in (DISCOVERY, "/apis", "/openapi/v2", "/openapi/v3"):
        behind.handlers[path] = answering(body)
    await front.register(behind.api_service())
    await eventually(lambda: behind.requests("/openapi/v2"))
    await asyncio.sleep(0.1)
    _, names = await freshness(front)
    assert names == []
    for path, document in before.items():
        assert (await front.ask("GET", path)) == (200, document), path
    protobuf = "Accept: application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    assert (await front.ask("GET", "/openapi/v2", None, protobuf))[0] == 200
    assert (await front.ask("GET", "/apis"))[0] == 200


async def test_certificate_of_an_authority_that_is_not_trusted(front, behind):
    """Nobody is believed who only says to be the service."""
    other = create_authority("other", SystemClock().now()).pair.certificate
    real, behind.ca = behind.ca, other
    message = await refused(front, behind.api_service())
    assert message.endswith(
        "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    )
    assert not behind.asked
    # Not to look at it was asked for in so many words.
    behind.ca = real
    spec = behind.api_service(insecureSkipTLSVerify=True)
    spec["spec"].pop("caBundle")
    assert (await front.ask("DELETE", API_SERVICE))[0] == 200
    await front.register(spec)


async def test_certificate_for_another_name(tmp_path):
    """The certificate is for the service's DNS name."""
    behind = ServerBehind()
    await behind.start(tmp_path, names=("other.default.svc",))
    async with front_server(tmp_path / "front", behind.port) as front:
        message = await refused(front, behind.api_service())
        assert "failed to verify certificate" in message
        assert "backend.default.svc" in message
        assert not behind.asked
    await behind.stop()


async def test_service_without_endpoints(front, behind):
    """Where the objects say that there is no server, none is asked, and changes count at once."""
    spec = behind.api_service(service={"namespace": "default", "name": "other"})
    await refused(front, spec, "ServiceNotFound")
    service = {
        "metadata": {"name": "other"},
        "spec": {"ports": [{"port": 443, "name": "https"}], "clusterIP": "None"},
    }
    services = "/api/v1/namespaces/default/services"
    assert (await front.ask("POST", services, service))[0] == 201
    await front.until(API_SERVICE, lambda _, text: '"EndpointsNotFound"' in text)
    endpoint_slice = {
        "addressType": "IPv4",
        "metadata": {"name": "other-1", "labels": {"kubernetes.io/service-name": "other"}},
        "ports": [{"name": "https", "port": 443}],
        "endpoints": [{"addresses": ["192.0.2.1"], "conditions": {"ready": False}}],
    }
    slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    assert (await front.ask("POST", slices, endpoint_slice))[0] == 201
    found = await front.until(API_SERVICE, lambda _, text: '"MissingEndpoints"' in text)
    assert condition_of(found)["message"] == (
        'endpointslices for service/other in "default" have no addresses with port name "https"'
    )
    assert await front.ask("GET", WIDGETS) == (503, b"service unavailable\n")


async def test_what_does_not_change_is_not_written(front, behind):
    """Checks go on while a server fails; its APIService is written once."""
    behind.handlers[DISCOVERY] = answering(b"oh", 500)
    await refused(front, behind.api_service())
    before = (await front.ask("GET", API_SERVICE))[1]
    checks = len(behind.requests(DISCOVERY))
    await eventually(lambda: len(behind.requests(DISCOVERY)) > checks)
    await asyncio.sleep(0.1)
    assert (await front.ask("GET", API_SERVICE))[1] == before


async def test_one_that_hangs_does_not_hold_others_up(front, behind):
    """APIServices are checked side by side."""
    stuck = asyncio.Event()

    async def hang(asked):
        await stuck.wait()

    for number in range(20):
        version = f"v{number + 2}"
        behind.handlers[f"/apis/{GROUP}/{version}"] = hang
        assert (await front.ask("POST", API_SERVICES, behind.api_service(version)))[0] == 201
    began = time.monotonic()
    await front.register(behind.api_service())
    assert time.monotonic() - began < QUICK_SECONDS
    stuck.set()
