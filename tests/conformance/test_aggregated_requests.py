"""Requests to a server behind this one: connections, streams, upgrades, headers and ends."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl

import pytest

from front_server import API_SERVICES, eventually, front_server
from kapi.authentication.request_header import HeaderNames
from kapi.server.options import ProxyClientOptions
from kapi.util.http_client import ClientConnection
from server_behind import GROUP, WIDGETS, ServerBehind

AGGREGATED = "Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
EXEC = f"{WIDGETS}/a/exec"


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


@pytest.fixture
async def registered(front, behind):
    """The first server, when the group behind is available."""
    await front.register(behind.api_service())
    # What the first server wants to know for itself it knows then.
    await eventually(lambda: behind.requests("/openapi/v2") and behind.idle == behind.writers)
    return front


# -- connections ------------------------------------------------------------------------------


async def test_connections_serve_many_requests(registered, behind):
    """Requests one after the other need one connection, with a body or without."""
    await registered.ask("GET", WIDGETS)
    before = behind.connections
    for number in range(10):
        assert await registered.ask("GET", WIDGETS) == (200, b'{"kind":"WidgetList"}')
        assert await registered.ask("POST", WIDGETS, [number]) == (200, b"[%d]" % number)
    assert behind.connections == before


async def test_bodies_are_no_requests(registered, behind):
    """A client that calls the length of its body a thing of the connection smuggles nothing in."""
    inner = f"GET {WIDGETS}/evil HTTP/1.1\r\nHost: x\r\nX-Remote-User: root\r\n\r\n"
    options = ("Connection: keep-alive, Content-Length, Host",)
    status, text = await registered.ask("POST", WIDGETS, inner, *options)
    assert (status, json.loads(text)) == (200, inner)
    assert await registered.ask("GET", WIDGETS) == (200, b'{"kind":"WidgetList"}')
    assert not behind.requests(f"{WIDGETS}/evil")


async def test_idle_connections_are_bounded(registered, behind):
    """However many requests there were at once, few connections wait for the next ones."""
    here, waiting = asyncio.Event(), []

    async def wait(asked):
        waiting.append(asked)
        await here.wait()
        await asked.answer()

    behind.handlers[WIDGETS] = wait
    asking = [asyncio.ensure_future(registered.ask("GET", WIDGETS)) for _ in range(40)]
    await eventually(lambda: len(waiting) == 40)
    assert len(behind.writers) >= 40
    here.set()
    assert {status for status, _ in await asyncio.gather(*asking)} == {200}
    await eventually(lambda: len(behind.writers) <= 25)
    assert len(behind.idle) == len(behind.writers) > 1


async def test_connections_that_ended_meanwhile(registered, behind):
    """A server may close idle connections at any time; nobody notices."""
    for method in ("GET", "POST", "DELETE"):
        await registered.ask("GET", WIDGETS)
        behind.drop_connections()
        assert (await registered.ask(method, WIDGETS, ["x"]))[0] == 200


async def close_on_second_request(behind):
    """Close kept connections when a request comes on them, as a server that ends does."""
    served = set()
    asked_for = []

    async def handle(asked):
        asked_for.append(asked.method)
        if asked.writer in served:
            return True
        served.add(asked.writer)
        await asked.read_body()
        await asked.answer()
        return False

    behind.handlers[WIDGETS] = handle
    return asked_for


async def test_requests_that_are_sent_again(registered, behind):
    """What changes nothing is asked again when a kept connection ends without an answer."""
    asked_for = await close_on_second_request(behind)
    assert (await registered.ask("GET", WIDGETS))[0] == 200
    assert (await registered.ask("GET", WIDGETS))[0] == 200
    assert asked_for == ["GET", "GET", "GET"]


async def test_requests_that_are_not_sent_again(registered, behind):
    """What may have been done already is not done twice: the client has to decide."""
    asked_for = await close_on_second_request(behind)
    assert (await registered.ask("GET", WIDGETS))[0] == 200
    status, text = await registered.ask("POST", WIDGETS, {"a": 1})
    assert (status, text) == (503, b"error trying to reach service: EOF\n")
    assert asked_for == ["GET", "POST"]
    assert (await registered.ask("DELETE", WIDGETS))[0] == 200


async def test_unasked_answers_are_dropped(registered, behind):
    """What a server says on an idle connection is not the answer to the next request."""

    async def speaks_twice(asked):
        await asked.answer(b'"mine"')
        await asyncio.sleep(0.05)
        await asked.answer(b'"nobody asked"', 408)

    behind.handlers[WIDGETS] = speaks_twice
    for _ in range(3):
        assert await registered.ask("GET", WIDGETS) == (200, b'"mine"')
        await asyncio.sleep(0.1)


async def test_connections_go_with_their_api_service(registered, behind):
    """Another CA bundle means new connections, an APIService that is gone none."""
    await registered.ask("GET", WIDGETS)
    assert behind.idle
    path = f"{API_SERVICES}/v1.{GROUP}"
    api_service = json.loads((await registered.ask("GET", path))[1])
    bundle = base64.b64decode(api_service["spec"]["caBundle"]) + b"\n"
    old = set(behind.idle)
    api_service["spec"]["caBundle"] = base64.b64encode(bundle).decode()
    assert (await registered.ask("PUT", path, api_service))[0] == 200
    await eventually(lambda: not old & behind.writers)
    discovery = (await registered.ask("GET", "/apis", None, AGGREGATED))[1]
    assert b'"resource":"widgets"' in discovery  # what is known is known still
    await registered.until(WIDGETS, lambda status, _: status == 200)
    assert (await registered.ask("DELETE", path))[0] == 200
    await eventually(lambda: not behind.writers)


async def test_silent_servers_are_probed(behind):
    """A watch on a machine that is gone without a word does not stay open for ever."""
    context = ssl.create_default_context(cadata=behind.ca.decode())
    opened = await ClientConnection.connect(
        "127.0.0.1", behind.port, context, 5, "backend.default.svc"
    )
    connection = opened._writer.transport.get_extra_info("socket")
    assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    opened.abort()


# -- streams ----------------------------------------------------------------------------------


async def test_bodies_are_streamed_both_ways(registered, behind):
    """Each piece comes through before the next one is sent, in both directions."""
    pieces = asyncio.Queue()

    async def converse(asked):
        await asked.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while piece := await asked.read_chunk():
            await pieces.put(piece)
            await asked.write(b"%x\r\n%b\r\n" % (len(piece), piece.upper()))
        await asked.write(b"0\r\n\r\n")

    behind.handlers[WIDGETS] = converse
    async with registered.connection() as (reader, writer):
        writer.write(registered.head("POST", WIDGETS, "Transfer-Encoding: chunked"))
        writer.write(b"3\r\none\r\n")
        answer = await registered.answer(reader)
        assert await answer.piece() == b"ONE"
        writer.write(b"3\r\ntwo\r\n")
        assert await answer.piece() == b"TWO"
        writer.write(b"0\r\n\r\n")
        assert await answer.piece() == b""
    assert [pieces.get_nowait() for _ in range(2)] == [b"one", b"two"]


async def test_slow_client_holds_the_server_up(registered, behind):
    """What nobody reads is not collected on the way."""
    sent = 0

    async def pour(asked):
        nonlocal sent
        await asked.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        block = b"x" * 65536
        while True:
            await asked.write(b"10000\r\n" + block + b"\r\n")
            sent += len(block)

    behind.handlers[WIDGETS] = pour
    async with registered.connection() as (reader, writer):
        writer.write(registered.head("GET", WIDGETS))
        answer = await registered.answer(reader)
        assert len(await answer.piece()) > 0
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.3)
        assert sent < 32 * 1024 * 1024


async def test_slow_server_holds_the_client_up(registered, behind):
    """What the server does not read is not collected on the way either."""
    go_on = asyncio.Event()

    async def dawdle(asked):
        await go_on.wait()
        asked.body = await asked.read_body()
        await asked.answer(b"%d" % len(asked.body))

    behind.handlers[WIDGETS] = dawdle
    sent, blocks = 0, 1024
    async with registered.connection() as (reader, writer):
        writer.write(registered.head("POST", WIDGETS, f"Content-Length: {blocks * 65536}"))
        for _ in range(blocks):
            writer.write(b"x" * 65536)
            try:
                await asyncio.wait_for(writer.drain(), 1.0)
            except TimeoutError:
                break
            sent += 65536
        assert sent < 32 * 1024 * 1024
        go_on.set()
        for _ in range(blocks - sent // 65536 - 1):
            writer.write(b"x" * 65536)
            await writer.drain()
        answer = await registered.answer(reader)
        assert await answer.body() == b"%d" % (blocks * 65536)


@pytest.mark.parametrize("watch", ["", "?watch=true"])
async def test_client_that_leaves(registered, behind, watch):
    """The server behind sees the end at once."""
    gone = asyncio.Event()

    async def wait(asked):
        await asked.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
        assert await asked.reader.read(1) == b""
        gone.set()
        return True

    behind.handlers[WIDGETS] = wait
    async with registered.connection() as (reader, writer):
        writer.write(registered.head("GET", WIDGETS + watch))
        assert await (await registered.answer(reader)).piece() == b"x"
    await asyncio.wait_for(gone.wait(), 5)


async def test_client_that_leaves_before_the_answer(registered, behind):
    """Also where nothing was answered yet."""
    here, gone = asyncio.Event(), asyncio.Event()

    async def wait(asked):
        here.set()
        assert await asked.reader.read(1) == b""
        gone.set()
        return True

    behind.handlers[WIDGETS] = wait
    async with registered.connection() as (_, writer):
        writer.write(registered.head("GET", WIDGETS))
        await here.wait()
    await asyncio.wait_for(gone.wait(), 5)
    assert len(behind.requests()) == 1


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
async def test_server_that_breaks_off(registered, behind, framing):
    """The client must not take half of an answer for the whole."""

    async def break_off(asked):
        await asked.write(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n5\r\nhello\r\n".encode())
        return True

    behind.handlers[WIDGETS] = break_off
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError, ssl.SSLError)):
        await registered.ask("GET", WIDGETS)


# -- headers ----------------------------------------------------------------------------------


async def test_what_the_server_behind_is_told(registered, behind):
    """Who asks, through whom, and the audit ID; nothing of the client's connection."""
    status, _ = await registered.ask(
        "GET",
        f"{WIDGETS}?a=b",
        None,
        "Audit-ID: 11111111-2222-3333-4444-555555555555",
        "X-Remote-User: eve",
        "X-Remote-Extra-Scopes: all",
        "X-Forwarded-For: 192.0.2.1",
        "Connection: keep-alive, X-Private",
        "X-Private: 1",
        "Keep-Alive: timeout=5",
        "Proxy-Authorization: Basic eA==",
        "TE: trailers",
        "X-Public: 2",
    )
    assert status == 200
    asked = behind.requests()[-1]
    assert asked.target == f"{WIDGETS}?a=b"
    assert asked.header("host") == ["backend.default.svc:443"]
    assert asked.header("x-remote-user") == ["kubernetes-admin"]
    assert asked.header("x-remote-group") == ["system:masters", "system:authenticated"]
    assert asked.header("audit-id") == ["11111111-2222-3333-4444-555555555555"]
    assert asked.header("x-forwarded-for") == ["192.0.2.1, 127.0.0.1"]
    assert asked.header("x-forwarded-uri") == [WIDGETS]
    assert asked.header("x-public") == ["2"]
    names = {name for name, _ in asked.headers}
    assert not names & {
        "authorization",
        "proxy-authorization",
        "x-remote-extra-scopes",
        "x-private",
        "connection",
        "keep-alive",
        "te",
    }


async def test_the_server_behind_sees_who_is_impersonated(registered, behind):
    """It is told of nobody but the user that the request is made as."""
    headers = [
        "Impersonate-User: bob",
        "Impersonate-Group: system:masters",
        "Impersonate-Uid: 7",
        "Impersonate-Extra-Example.org%2FScopes: all",
    ]
    assert (await registered.ask("GET", WIDGETS, None, *headers))[0] == 200
    asked = behind.requests()[-1]
    assert asked.header("x-remote-user") == ["bob"]
    assert asked.header("x-remote-uid") == ["7"]
    assert asked.header("x-remote-group") == ["system:masters", "system:authenticated"]
    assert asked.header("x-remote-extra-example.org%2fscopes") == ["all"]
    assert not [name for name, _ in asked.headers if name.startswith("impersonate-")]


async def test_other_names_and_redirects(tmp_path, behind):
    """Headers that proxies here name users by do not pass; redirects may, if so wanted."""
    options = ProxyClientOptions(
        header_names=HeaderNames(users=("X-User",), groups=("X-Group",), uids=()),
        refuse_redirects=False,
    )

    async def redirect(asked):
        await asked.answer(b"", 302, "Location: https://192.0.2.1/")

    behind.handlers[WIDGETS] = redirect
    async with front_server(tmp_path / "front", behind.port, proxy_client=options) as front:
        await front.register(behind.api_service())
        status, _ = await front.ask("GET", WIDGETS, None, "X-User: eve", "X-Group: all")
        assert status == 302
    names = {name for name, _ in behind.requests()[-1].headers}
    assert "x-remote-user" in names
    assert not names & {"x-user", "x-group", "x-remote-uid"}


async def test_what_the_client_is_told(registered, behind):
    """The answer has one audit ID, the first server's, and no headers of a connection."""

    async def answer(asked):
        await asked.answer(
            b"{}", 200, "Audit-Id: other", "X-Kubernetes-Pf-Flowschema-Uid: other", "X-A: b"
        )

    behind.handlers[WIDGETS] = answer
    async with registered.connection() as (reader, writer):
        writer.write(registered.head("GET", WIDGETS, "Audit-ID: mine"))
        answer = await registered.answer(reader)
    assert answer.header("audit-id") == ["mine"]
    assert answer.header("x-kubernetes-pf-flowschema-uid") != ["other"]
    assert len(answer.header("x-kubernetes-pf-flowschema-uid")) == 1
    assert answer.header("x-a") == ["b"]


async def test_redirects_are_refused(registered, behind):
    """A server behind cannot send clients elsewhere; other answers of 3xx are none."""

    async def redirect(asked):
        await asked.answer(b"", 302, "Location: https://192.0.2.1/")

    async def unchanged(asked):
        await asked.write(b"HTTP/1.1 304 Not Modified\r\n\r\n")

    behind.handlers[WIDGETS] = redirect
    assert await registered.ask("GET", WIDGETS) == (
        502,
        b"the backend attempted to redirect this request, which is not permitted",
    )
    behind.handlers[WIDGETS] = unchanged
    async with registered.connection() as (reader, writer):
        writer.write(registered.head("GET", WIDGETS))
        assert (await registered.answer(reader)).status == 304


# -- upgrades ---------------------------------------------------------------------------------


def upgrade(protocol):
    """A handler that agrees to speak another protocol, and says what it hears."""

    async def handle(asked):
        head = f"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {protocol}"
        await asked.write(f"{head}\r\n\r\nwelcome".encode())
        while data := await asked.reader.read(65536):
            if data == b"bye":
                await asked.write(b"last words")
                return True
            await asked.write(data.upper())
        asked.body = b"the client has gone"
        return True

    return handle


def upgrade_head(front, protocol, *headers):
    more = ["Connection: Upgrade", f"Upgrade: {protocol}", *headers]
    return front.head("POST", f"{EXEC}?command=sh&stdin=1", *more)


@pytest.mark.parametrize("protocol", ["SPDY/3.1", "websocket"])
async def test_other_protocols(registered, behind, protocol):
    """After the upgrade bytes go through as they are, in both directions, until the server ends."""
    behind.handlers[EXEC] = upgrade(protocol)
    async with registered.connection() as (reader, writer):
        writer.write(upgrade_head(registered, protocol, "X-Stream-Protocol-Version: v4"))
        head = await registered.answer(reader)
        assert (head.status, head.header("upgrade")) == (101, [protocol])
        assert await reader.readexactly(7) == b"welcome"
        for size in (1, 1000, 300_000):
            writer.write(b"x" * size)
            assert await reader.readexactly(size) == b"X" * size
        writer.write(b"bye")
        assert await reader.read() == b"last words"
    asked = behind.requests(EXEC)[0]
    assert asked.header("x-remote-user") == ["kubernetes-admin"]
    assert asked.header("x-stream-protocol-version") == ["v4"]
    assert asked.header("authorization") == []
    assert asked.header("upgrade") == [protocol]


async def test_client_ends_another_protocol(registered, behind):
    """The server behind sees the end of the client."""
    behind.handlers[EXEC] = upgrade("SPDY/3.1")
    async with registered.connection() as (reader, writer):
        writer.write(upgrade_head(registered, "SPDY/3.1"))
        assert (await registered.answer(reader)).status == 101
        assert await reader.readexactly(7) == b"welcome"
    await eventually(lambda: behind.requests(EXEC)[0].body == b"the client has gone")


async def test_refused_upgrades(registered, behind):
    """A refusal comes back as it is; what is neither agreement nor refusal is an error."""

    async def refuse(asked):
        await asked.answer(b'{"kind":"Status","code":403}', 403)

    async def ignore(asked):
        await asked.answer(b"{}", 200)

    for handler, status, body in [
        (refuse, 403, b'{"kind":"Status","code":403}'),
        (ignore, 503, b"invalid upgrade response: status code 200\n"),
    ]:
        behind.handlers[EXEC] = handler
        async with registered.connection() as (reader, writer):
            writer.write(upgrade_head(registered, "SPDY/3.1"))
            answer = await registered.answer(reader)
            assert (answer.status, await answer.body()) == (status, body)
