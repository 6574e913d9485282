"""WebSocket frames and messages, without a network."""

from __future__ import annotations

import asyncio

import pytest

from kapi.endpoints.request import Response
from kapi.endpoints.websocket import FrameReader, frame, handshake, is_websocket, send_messages

REQUEST = {
    b"connection": b"keep-alive, Upgrade",
    b"upgrade": b"WebSocket",
    b"sec-websocket-key": b"dGhlIHNhbXBsZSBub25jZQ==",
}


def masked(opcode, payload, mask=b"\x01\x02\x03\x04"):
    body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return bytes((0x80 | opcode, 0x80 | len(payload))) + mask + body


class Client:
    """Sends what it is told to and remembers what it gets."""

    def __init__(self, *sent):
        self.sent = list(sent)
        self.got = b""
        self.closed = False

    async def read(self):
        if self.sent:
            return self.sent.pop(0)
        await asyncio.Event().wait()
        return b""

    async def write(self, data):
        self.got += data

    def close(self):
        self.closed = True


def test_handshake_of_the_standard():
    """The answer to the example of RFC 6455, with the first protocol that is no token."""
    token = b"base64url.bearer.authorization.k8s.io.eA"
    head, chosen = handshake({**REQUEST, b"sec-websocket-protocol": token + b", a, b"})
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
    assert head.endswith(b"\r\nSec-WebSocket-Protocol: a\r\n\r\n")
    assert chosen == b"a"
    assert is_websocket(REQUEST)
    assert not is_websocket({**REQUEST, b"upgrade": b"SPDY/3.1"})


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_lengths(size, head):
    """Each size of message has its own form of length."""
    assert frame(1, b"x" * size) == head + b"x" * size


def test_frames_in_pieces():
    """Frames are found however they are cut."""
    reader, found = FrameReader(), []
    for byte in masked(9, b"ping") + masked(2, b"") + masked(8, b"\x03\xe8"):
        found += reader.feed(bytes((byte,)))
    assert found == [(9, b"ping"), (2, b""), (8, b"\x03\xe8")]


@pytest.mark.parametrize("data", [b"\x82\x01x", b"\x82\xff" + b"\x00\x00\x00\x01" * 2])
def test_frames_of_no_client(data):
    """Frames without a mask, and very large ones, end the connection."""
    with pytest.raises(ValueError, match="not a frame"):
        FrameReader().feed(data)


async def chunks(*data):
    for each in data:
        yield each


async def test_events():
    """Each line of JSON is a message, and the end is announced."""
    client = Client()
    await send_messages(Response(200, stream=chunks(b"{}\n[]\n", b"1\n")), REQUEST, client)
    expected = frame(1, b"{}") + frame(1, b"[]") + frame(1, b"1") + frame(8, b"\x03\xe8")
    assert client.got.partition(b"\r\n\r\n")[2] == expected
    assert client.closed


async def test_client_leaves():
    """A client's ping is answered, and its farewell ends the stream."""
    left = asyncio.Event()

    async def until_left():
        await left.wait()
        for nothing in ():
            yield nothing

    client = Client(masked(9, b"hi"), masked(8, b""))
    response = Response(200, b"", b"text/plain", stream=until_left(), on_disconnect=left.set)
    await send_messages(response, REQUEST, client)
    assert frame(10, b"hi") in client.got
    assert client.closed
