"""Responses of HTTP/1.1 servers, without a network."""

from __future__ import annotations

import pytest

from kapi.util.http_client import ClientConnection, ConnectionEnded, HTTPClientError, InputReader


class Transport:
    """Collects what is written."""

    def __init__(self):
        self.written = b""
        self.closed = False
        self.transport = self

    def write(self, data):
        self.written += data

    async def drain(self):
        return None

    def is_closing(self):
        return self.closed


def connection(*pieces, end=True):
    reader = InputReader()
    for piece in pieces:
        reader.feed_data(piece)
    if end:
        reader.feed_eof()
    return ClientConnection(reader, Transport())


async def body(opened):
    return [chunk async for chunk in opened.read_body()]


async def test_length():
    """A body ends with its length; the connection may stay open."""
    opened = connection(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello", end=False)
    head = await opened.read_head()
    assert (head.status, head.header(b"x-a")) == (200, b"b")
    assert await body(opened) == [b"hello"]


async def test_chunks():
    """Chunks are unpacked and end with the last one."""
    text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    opened = connection(text, end=False)
    await opened.read_head()
    assert b"".join(await body(opened)) == b"abcde"


async def test_end_of_connection():
    """Without a length the body ends with the connection."""
    opened = connection(b"HTTP/1.1 200 OK\r\n\r\nabc")
    await opened.read_head()
    assert await body(opened) == [b"abc"]


@pytest.mark.parametrize("framing", [b"Content-Length: 5", b"Transfer-Encoding: chunked"])
async def test_broken_off(framing):
    """A body that does not come to its end is an error, after what came of it."""
    opened = connection(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n5\r\n")
    await opened.read_head()
    with pytest.raises(HTTPClientError, match=r"^unexpected EOF$"):
        await body(opened)


async def test_no_answer():
    """A server that closes without an answer is told from one that breaks off."""
    with pytest.raises(HTTPClientError, match=r"^EOF$"):
        await connection().read_head()
    with pytest.raises(HTTPClientError, match=r"^unexpected EOF$"):
        await connection(b"HTTP/1.1 2").read_head()
    with pytest.raises(HTTPClientError, match=r"malformed|broken"):
        await connection(b"SSH-2.0-x\r\n\r\n").read_head()


async def test_informational():
    """Early responses are passed over."""
    text = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
    opened = connection(text, end=False)
    assert (await opened.read_head()).status == 204
    assert await body(opened) == []


async def test_head_has_no_body():
    """The answer to HEAD has the length of a body that does not come."""
    opened = connection(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", end=False)
    await opened.send_head("HEAD", "/x", [(b"host", b"h")])
    assert (await opened.read_head()).header(b"content-length") == b"5"
    assert await body(opened) == []


async def test_other_protocol():
    """After an upgrade the bytes behind the head are read as they came."""
    head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
    opened = connection(head + b"\x00\x01", end=False)
    answer = await opened.read_head()
    assert (answer.status, answer.raw) == (101, head)
    assert await opened.read() == b"\x00\x01"


async def test_long_head():
    """A head without end is given up."""
    endless = b"HTTP/1.1 200 OK\r\nX: " + b"x" * (1 << 20)
    with pytest.raises(HTTPClientError, match=r"exceeded"):
        await connection(endless, end=False).read_head()


WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize(
    ("pieces", "end", "reusable"),
    [
        ([WHOLE], False, True),
        ([WHOLE], True, False),
        ([WHOLE.replace(b"OK", b"OK\r\nConnection: close")], False, False),
        ([WHOLE + b"HTTP/1.1 408 Timeout\r\n\r\n"], False, False),
        ([b"HTTP/1.1 200 OK\r\n\r\nok"], True, False),
    ],
)
async def test_reuse(pieces, end, reusable):
    """A connection is good for another exchange when nothing is left of this one or came since."""
    opened = connection(*pieces, end=end)
    await opened.read_head()
    assert b"".join(await body(opened)) == b"ok"
    assert opened.reusable is reusable


async def test_unasked_input():
    """What a server says while nobody asks is no answer to the next request."""
    reader = InputReader()
    opened = ClientConnection(reader, Transport())
    reader.feed_data(WHOLE)
    await opened.read_head()
    await body(opened)
    assert opened.reusable
    reader.feed_data(b"HTTP/1.1 408 Timeout\r\n\r\n")
    assert not opened.reusable


async def test_ended_before_the_request():
    """A request that meets an ended connection has not been seen by anybody."""
    opened = connection(end=True)
    with pytest.raises(ConnectionEnded) as caught:
        await opened.send_head("POST", "/x", [])
    assert caught.value.untouched
    opened = connection(end=False)
    opened._writer.closed = True
    with pytest.raises(ConnectionEnded) as caught:
        await opened.send_head("POST", "/x", [])
    assert caught.value.untouched


async def test_ended_before_an_answer():
    """An end in place of an answer is told from one within it."""
    with pytest.raises(ConnectionEnded, match=r"^EOF$") as caught:
        await connection().read_head()
    assert not caught.value.untouched
    with pytest.raises(HTTPClientError, match=r"^unexpected EOF$") as caught:
        await connection(b"HTTP/1.1 2").read_head()
    assert not isinstance(caught.value, ConnectionEnded)
