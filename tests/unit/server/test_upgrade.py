"""The hand-over of a connection from HTTP to the application."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from kapi.server.upgrade import UpgradedConnection


class Transport:
    """A transport that remembers what is done to it."""

    def __init__(self):
        self.protocol = None
        self.written = b""
        self.closing = False

    def set_protocol(self, protocol):
        self.protocol = protocol

    def write(self, data):
        self.written += data

    def is_closing(self):
        return self.closing

    def get_write_buffer_size(self):
        return 0

    def close(self):
        self.closing = True


class Flow:
    """uvicorn's flow control."""

    def __init__(self):
        self.reading = True
        self.write_paused = False
        self.writable = asyncio.Event()

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True

    def pause_writing(self):
        self.write_paused = True

    def resume_writing(self):
        self.write_paused = False
        self.writable.set()

    async def drain(self):
        await self.writable.wait()


class HTTP:
    """uvicorn's protocol."""

    def __init__(self):
        self.transport = Transport()
        self.flow = Flow()
        self.received = b""
        self.answered = 0
        self.lost = False

    def data_received(self, data):
        self.received += data

    def on_response_complete(self):
        self.answered += 1

    def connection_lost(self, exc):
        self.lost = True


def offered(data=b""):
    http = HTTP()
    cycle = SimpleNamespace(response_started=False, response_complete=False, on_response=None)
    connection = UpgradedConnection(http)
    connection.offer(cycle)
    connection.attach(data)
    return http, cycle, connection


async def test_taken():
    """The application reads from the first byte behind the request, and HTTP has ended."""
    http, cycle, connection = offered(b"early")
    raw = connection.take()
    assert cycle.response_complete
    assert await raw.read() == b"early"
    connection.data_received(b"late")
    assert await raw.read() == b"late"
    await raw.write(b"answer")
    assert http.transport.written == b"answer"
    raw.close()
    assert http.transport.closing


async def test_not_taken():
    """An answer gives the connection back with what came meanwhile."""
    http, cycle, connection = offered(b"GET /next")
    assert http.transport.protocol is connection
    cycle.response_complete = True
    cycle.on_response()
    assert http.transport.protocol is http
    assert (http.received, http.answered) == (b"GET /next", 1)


async def test_answered_before_the_request_ended():
    """An answer may be faster than the rest of its request; then HTTP just goes on."""
    http = HTTP()
    cycle = SimpleNamespace(response_started=False, response_complete=False, on_response=None)
    connection = UpgradedConnection(http)
    connection.offer(cycle)
    cycle.response_complete = True
    cycle.on_response()
    cycle.on_response = lambda: None
    connection.attach(b"GET /next")
    assert http.received == b"GET /next"


async def test_slow_application():
    """A client has to wait while nobody reads, and goes on when somebody did."""
    http, _, connection = offered()
    raw = connection.take()
    connection.data_received(b"x" * 70_000)
    assert not http.flow.reading
    assert len(await raw.read()) == 70_000
    assert http.flow.reading


async def test_slow_client():
    """The application has to wait while the client does not take what was sent."""
    _, _, connection = offered()
    raw = connection.take()
    connection.pause_writing()
    writing = asyncio.ensure_future(raw.write(b"x"))
    await asyncio.sleep(0)
    assert not writing.done()
    connection.resume_writing()
    await writing


async def test_client_gone():
    """The end of the client ends reading after what it sent, and writing at once."""
    http, _, connection = offered(b"last")
    raw = connection.take()
    connection.connection_lost(None)
    assert http.lost
    assert await raw.read() == b"last"
    assert await raw.read() == b""
    with pytest.raises(ConnectionResetError):
        await raw.write(b"x")
