"""Answers that go on, as WebSocket messages, for clients that ask for them so (browsers).

Implements watches and logs over WebSocket: the frames of RFC 6455, as far as a server needs them
that mostly sends. What clients send is read and dropped, but for pings and the end.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kapi.endpoints.request import Response

__all__ = ["Connection", "is_websocket", "send_messages"]

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_FINAL = 0x80
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10
_CONTROL = 8
_NORMAL_CLOSURE = b"\x03\xe8"
# Nobody has to send a server that only sends more than this at once.
_LARGEST_BYTES = 64 * 1024
_ONE_BYTE, _TWO_BYTES, _TWO_BYTE_LIMIT = 126, 127, 1 << 16
_BASE64 = b"base64.binary.k8s.io"


class Connection(Protocol):
    """Bytes both ways, as ``kapi.endpoints.connect.exchange.RawConnection``."""

    async def read(self) -> bytes:
        """What came, nothing at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Send."""
        ...

    def close(self) -> None:
        """Send what is left, then close."""
        ...


def is_websocket(headers: dict[bytes, bytes]) -> bool:
    """Whether a request asks for a WebSocket."""
    return (
        headers.get(b"upgrade", b"").lower() == b"websocket"
        and b"upgrade" in headers.get(b"connection", b"").lower()
        and bool(headers.get(b"sec-websocket-key"))
    )


def frame(opcode: int, payload: bytes) -> bytes:
    """One message of a server in one frame."""
    size = len(payload)
    if size < _ONE_BYTE:
        return bytes((_FINAL | opcode, size)) + payload
    if size < _TWO_BYTE_LIMIT:
        return bytes((_FINAL | opcode, _ONE_BYTE)) + size.to_bytes(2, "big") + payload
    return bytes((_FINAL | opcode, _TWO_BYTES)) + size.to_bytes(8, "big") + payload


def handshake(headers: dict[bytes, bytes]) -> tuple[bytes, bytes]:
    """The head of the answer to a request, and the protocol that was chosen."""
    digest = hashlib.sha1(headers[b"sec-websocket-key"] + _MAGIC, usedforsecurity=False)
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest.digest()),
    ]
    offered = [each.strip() for each in headers.get(b"sec-websocket-protocol", b"").split(b",")]
    chosen = next((each for each in offered if not each.startswith(b"base64url.bearer.")), b"")
    if chosen:
        lines.append(b"Sec-WebSocket-Protocol: " + chosen)
    return b"\r\n".join([*lines, b"", b""]), chosen


class FrameReader:
    """Takes the frames of a client apart; ``feed`` returns the complete ones."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Opcodes and payloads; ValueError for a frame that is too large or not masked."""
        self._buffer += data
        found: list[tuple[int, bytes]] = []
        while True:
            one = self._next()
            if one is None:
                return found
            found.append(one)

    def _next(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 0x7F, 2
        if size >= _ONE_BYTE:
            start = 4 if size == _ONE_BYTE else 10
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start], "big")
        if size > _LARGEST_BYTES or not buffer[1] & 0x80:
            raise ValueError("not a frame of a client")
        end = start + 4 + size
        if len(buffer) < end:
            return None
        opcode, mask = buffer[0] & 0x0F, buffer[start : start + 4]
        payload = bytes(byte ^ mask[i & 3] for i, byte in enumerate(buffer[start + 4 : end]))
        del buffer[:end]
        return opcode, payload


async def send_messages(
    response: Response, headers: dict[bytes, bytes], connection: Connection
) -> None:
    """Send a response's stream as messages until it ends or the client leaves.

    JSON is sent as text, a message for each line, other streams as they come.
    """
    head, chosen = handshake(headers)
    listener = asyncio.ensure_future(_listen(connection, response.on_disconnect))
    try:
        with suppress(ConnectionError):
            await connection.write(head)
            assert response.stream is not None
            async for data in _messages(response.stream, response.content_type, chosen):
                await connection.write(data)
            await connection.write(frame(_CLOSE, _NORMAL_CLOSURE))
    finally:
        listener.cancel()
        if response.on_disconnect is not None:
            response.on_disconnect()
        connection.close()


async def _messages(
    stream: AsyncIterator[bytes], content_type: bytes, chosen: bytes
) -> AsyncIterator[bytes]:
    async for chunk in stream:
        if content_type.startswith(b"application/json"):
            yield b"".join([frame(_TEXT, line) for line in chunk.split(b"\n") if line])
        elif chosen == _BASE64:
            yield frame(_TEXT, base64.b64encode(chunk))
        else:
            yield frame(_BINARY, chunk)


async def _listen(connection: Connection, leave: Callable[[], None] | None) -> None:
    reader = FrameReader()
    with suppress(ConnectionError, ValueError):
        while data := await connection.read():
            for opcode, payload in reader.feed(data):
                if opcode == _PING:
                    await connection.write(frame(_PONG, payload))
                if opcode == _CLOSE:
                    if leave is not None:
                        leave()
                    return
    if leave is not None:
        leave()
