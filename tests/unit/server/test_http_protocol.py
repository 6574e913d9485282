"""HTTPProtocol: what goes over a connection, on a transport that only remembers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from kapi.server.http_protocol import HTTPProtocol

_GET = b"GET /a%20b?c=d HTTP/1.1\r\nhost: x\r\n\r\n"
_IDLE_SECONDS = 90


class _Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False
        self.protocol: Any = None

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class _Loop:
    """The running loop with a time and timers of its own."""

    def __init__(self) -> None:
        self._real = asyncio.get_running_loop()
        self.now = 100.0
        self.timers: list[tuple[float, Any]] = []

    def create_task(self, coroutine: Any) -> asyncio.Task[None]:
        return self._real.create_task(coroutine)

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, callback: Any) -> asyncio.TimerHandle:
        self.timers.append((self.now + seconds, callback))
        return asyncio.TimerHandle(self.now + seconds, callback, (), self._real)

    def advance(self, seconds: float) -> None:
        """Let time pass, and call what is due then."""
        self.now += seconds
        due = [timer for timer in self.timers if timer[0] <= self.now]
        self.timers = [timer for timer in self.timers if timer[0] > self.now]
        for _, callback in due:
            callback()


class _Connection:
    """A protocol with an application behind it, and the scopes that this was given."""

    def __init__(self, status: int = 200, headers: Any = (), bodies: Any = (b"hello",)) -> None:
        self.scopes: list[Any] = []
        self._answer = (status, headers, bodies)
        config = Config(
            self._application,
            http=HTTPProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            proxy_headers=False,
            timeout_keep_alive=_IDLE_SECONDS,
        )
        config.load()
        state = ServerState()
        state.default_headers = [(b"date", b"today")]
        self.loop = _Loop()
        self.protocol = HTTPProtocol(config, state, {}, self.loop)  # type: ignore[arg-type]
        self.transport = _Transport()
        self.protocol.connection_made(self.transport)

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        status, headers, bodies = self._answer
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for body in bodies[:-1]:
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": bodies[-1]})

    async def send(self, data: bytes) -> list[bytes]:
        """Receive bytes; what was written until nothing more happens."""
        self.transport.writes.clear()
        self.protocol.data_received(data)
        for _ in range(10):
            await asyncio.sleep(0)
        return list(self.transport.writes)


def _with_length(length: int) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", b"%d" % length)]


async def test_small_answer_is_one_write() -> None:
    """The head of an answer leaves together with its body."""
    connection = _Connection(headers=_with_length(5))
    writes = await connection.send(_GET)
    assert writes == [b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 5\r\n\r\nhello"]
    assert connection.scopes[0]["path"] == "/a b"
    assert connection.scopes[0]["query_string"] == b"c=d"


async def test_long_body_is_not_copied() -> None:
    """A long body is written as it is, behind its head."""
    body = b"x" * 100_000
    connection = _Connection(headers=_with_length(len(body)), bodies=(body,))
    writes = await connection.send(_GET)
    assert [len(data) > 1000 for data in writes] == [False, True]
    assert b"".join(writes).endswith(b"\r\n\r\n" + body)


async def test_stream_starts_before_its_first_chunk() -> None:
    """An answer without a length is chunked, and its head goes out when asked for."""
    connection = _Connection(bodies=(b"", b"one", b""))
    writes = await connection.send(_GET)
    assert writes[0].endswith(b"transfer-encoding: chunked\r\n\r\n")
    assert writes[1:] == [b"3\r\none\r\n", b"0\r\n\r\n"]


async def test_head_has_no_body() -> None:
    """HEAD gets the length of the body and no body."""
    connection = _Connection(headers=_with_length(5))
    (head,) = await connection.send(_GET.replace(b"GET", b"HEAD"))
    assert head.endswith(b"content-length: 5\r\n\r\n")


async def test_not_modified_may_tell_a_length() -> None:
    """304 tells the length of what it leaves out, and the connection goes on."""
    connection = _Connection(304, [(b"content-length", b"5")], (b"",))
    for _ in range(2):
        (head,) = await connection.send(_GET)
        assert head.endswith(b"content-length: 5\r\n\r\n")
        assert not connection.transport.closed


_POST = b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: %b\r\n\r\n"


async def test_trailers_are_no_headers() -> None:
    """What comes behind the body cannot name somebody, also when it comes in the same packet."""
    connection = _Connection(headers=_with_length(5))
    await connection.send(_POST % b"chunked" + b"0\r\nimpersonate-user: ann\r\n\r\n")
    (scope,) = connection.scopes
    assert [name for name, _ in scope["headers"]] == [b"host", b"transfer-encoding"]


async def test_other_encodings_are_refused() -> None:
    """A body that is not only chunked would mean another thing to whom it is passed on."""
    connection = _Connection(headers=_with_length(5))
    (answer,) = await connection.send(_POST % b"gzip, chunked")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert connection.transport.closed
    assert not connection.scopes


async def test_pipelined_requests_are_answered_in_order() -> None:
    """The second of two requests in one packet is answered after the first."""
    connection = _Connection(headers=_with_length(5))
    writes = await connection.send(_GET + _GET.replace(b"/a", b"/b"))
    assert len(writes) == 2
    assert [scope["path"] for scope in connection.scopes] == ["/a b", "/b b"]


async def test_connection_close_is_honoured() -> None:
    """A client that wants the connection closed is told that it is, and it is."""
    connection = _Connection(headers=_with_length(5))
    (answer,) = await connection.send(_GET.replace(b"host", b"connection: close\r\nhost"))
    assert b"\r\nconnection: close\r\n" in answer
    assert connection.transport.closed


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb", b"a\0b"])
async def test_line_breaks_in_headers_are_not_sent(value: bytes) -> None:
    """A header that would make another header ends in an error, not on the wire."""
    connection = _Connection(headers=[*_with_length(5), (b"warning", value)])
    writes = await connection.send(_GET)
    assert value not in b"".join(writes)


@pytest.mark.parametrize("length", [4, 6])
async def test_wrong_length_closes_the_connection(length: int) -> None:
    """An answer of another length than it declares must not be taken for a whole one."""
    connection = _Connection(headers=_with_length(length))
    await connection.send(_GET)
    assert connection.transport.closed


async def test_idle_connection_is_closed() -> None:
    """A connection is closed when it was idle for the whole time, with one timer for it all."""
    connection = _Connection(headers=_with_length(5))
    await connection.send(_GET)
    connection.loop.advance(60)
    await connection.send(_GET)
    assert len(connection.loop.timers) == 1
    connection.loop.advance(60)
    assert not connection.transport.closed
    connection.loop.advance(30)
    assert connection.transport.closed


@pytest.mark.parametrize("start", [b"", _GET[:-2]])
async def test_connection_without_a_request_is_closed(start: bytes) -> None:
    """Who connects and never asks, or never comes to an end of it, is not waited for."""
    connection = _Connection()
    await connection.send(start)
    connection.loop.advance(60)
    assert not connection.transport.closed
    connection.loop.advance(30)
    assert connection.transport.closed


class _TakingConnection(_Connection):
    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        upgrade = scope["extensions"].get("upgrade")
        if upgrade is None:
            await super()._application(scope, receive, send)
        else:
            upgrade.take()


async def test_connection_that_was_taken_is_not_idle() -> None:
    """What speaks another protocol after a request of HTTP is not closed for silence in HTTP."""
    connection = _TakingConnection(headers=_with_length(5))
    await connection.send(_GET)
    await connection.send(_GET.replace(b"host", b"connection: upgrade\r\nupgrade: spdy\r\nhost"))
    assert connection.transport.protocol is not connection.protocol
    connection.loop.advance(1000)
    assert not connection.transport.closed


async def test_timer_ends_with_the_connection() -> None:
    """A connection that breaks leaves no timer behind."""
    connection = _Connection(headers=_with_length(5))
    await connection.send(_GET)
    timer = connection.protocol.timeout_keep_alive_task
    connection.protocol.connection_lost(ConnectionResetError())
    assert timer is not None
    assert timer.cancelled()
