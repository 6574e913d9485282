"""A kubelet as the API server sees it: TLS, logs, and connections for other protocols."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    import ssl

WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
STDIN, STDOUT, ERROR, CLOSE = 0, 1, 3, 255
SUCCESS = b'{"metadata":{},"status":"Success"}'


class FakeKubelet:
    """Serves on a free port in a thread of its own; remembers what it was asked.

    ``line()`` adds a line to all logs that are followed. ``waiting`` counts exchanges that have
    not ended.
    """

    def __init__(self, context: ssl.SSLContext | None, host: str = "127.0.0.1"):
        self.requests = []
        self.waiting = 0
        self.port = 0
        self._host = host
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._lines = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    def line(self, text):
        def put():
            for queue in self._lines:
                queue.put_nowait(text)

        self._loop.call_soon_threadsafe(put)

    async def _run(self):
        server = await asyncio.start_server(self._connected, self._host, 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connected(self, reader, writer):
        self.waiting += 1
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._exchange(reader, writer)
        finally:
            self.waiting -= 1
            writer.close()

    async def _exchange(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = [line.split(": ", 1) for line in head[1:] if line]
        headers = {name.lower(): value for name, value in headers}
        url = urlsplit(target)
        request = {
            "method": method,
            "path": url.path,
            "query": parse_qs(url.query),
            "headers": headers,
            "body": await self._body(reader, headers),
        }
        self.requests.append(request)
        what = url.path.split("/")[1]
        if what == "containerLogs":
            await self._log(request, reader, writer)
        elif headers.get("upgrade", "").lower() == "websocket":
            await self._websocket(headers, reader, writer)
        elif "upgrade" in headers:
            await self._spdy(headers, reader, writer)
        else:
            await self._plain(what, request, reader, writer)

    async def _body(self, reader, headers):
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await reader.readline(), 16):
                body += await reader.readexactly(size)
                await reader.readline()
            await reader.readline()
            return body
        return await reader.readexactly(int(headers.get("content-length", 0)))

    async def _log(self, request, reader, writer):
        if request["path"].endswith("/gone"):
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone")
            return
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfirst\n\r\n")
        if "follow" in request["query"]:
            await self._follow(reader, writer)
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _follow(self, reader, writer):
        queue = asyncio.Queue()
        self._lines.append(queue)
        gone = asyncio.ensure_future(reader.read(1))
        while True:
            line = asyncio.ensure_future(queue.get())
            await asyncio.wait({gone, line}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                line.cancel()
                return
            data = line.result().encode()
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
            await writer.drain()

    async def _spdy(self, headers, reader, writer):
        """Agree and send back every byte in upper case."""
        protocol = headers["upgrade"]
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
            b"Upgrade: %b\r\n\r\nready:" % protocol.encode()
        )
        while data := await reader.read(65536):
            writer.write(data.upper())
            await writer.drain()

    async def _websocket(self, headers, reader, writer):
        """Run ``cat``: standard input comes back, until it is closed."""
        offered = [each.strip() for each in headers["sec-websocket-protocol"].split(",")]
        key = (headers["sec-websocket-key"] + WEBSOCKET).encode()
        accept = base64.b64encode(hashlib.sha1(key).digest()).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n"
            f"Sec-WebSocket-Protocol: {offered[0]}\r\n\r\n".encode()
        )
        query = self.requests[-1]["query"]
        if "input" not in query:
            words = " ".join(query["command"]).encode()
            writer.write(frame(bytes((STDOUT,)) + words + b"\n"))
        while "input" in query:
            payload = await read_frame(reader)
            if payload == bytes((CLOSE, STDIN)):
                break
            if payload[0] == STDIN:
                writer.write(frame(bytes((STDOUT,)) + payload[1:]))
        writer.write(frame(bytes((ERROR,)) + SUCCESS))
        writer.write(b"\x88\x02\x03\xe8")
        await writer.drain()
        await reader.read()

    async def _plain(self, what, request, reader, writer):
        content, more = b"", ""
        if what == "redirect":
            more = "Location: /elsewhere/\r\nAccess-Control-Allow-Origin: *\r\n"
        elif what == "page":
            more = "Content-Type: text/html\r\n"
            content = b"<a href=\"/next\">on</a> <img src='here.png'> <a href=http://x/y>off</a>"
        elif what == "broken":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            return
        else:
            more = "Content-Type: application/json\r\n"
            shown = {**request, "body": request["body"].decode("latin-1")[:100]}
            shown["size"] = len(request["body"])
            content = json.dumps(shown).encode()
        status = "302 Found" if what == "redirect" else "200 OK"
        head = f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(content)}\r\n\r\n".encode()
        writer.write(head if request["method"] == "HEAD" else head + content)
        await writer.drain()


def frame(payload):
    """A binary WebSocket message of a server."""
    size = len(payload)
    if size < 126:
        return bytes((0x82, size)) + payload
    if size < 1 << 16:
        return b"\x82\x7e" + size.to_bytes(2, "big") + payload
    return b"\x82\x7f" + size.to_bytes(8, "big") + payload


async def read_frame(reader):
    """The payload of a client's WebSocket frame."""
    _, size = await reader.readexactly(2)
    size &= 0x7F
    if size >= 126:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    mask = await reader.readexactly(4)
    payload = await reader.readexactly(size)
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
