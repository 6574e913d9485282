"""An API server behind another one, as little of it as a test needs, over TLS with keep-alive."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from contextlib import suppress

from kapi.server.certificates import create_authority
from kapi.util.clock import SystemClock

DAY_SECONDS = 86400
GROUP = "behind.example.com"
WIDGETS = f"/apis/{GROUP}/v1/widgets"
NAME = "backend.default.svc"


class Asked:
    """One request: its head, and the connection to read its body from and to answer on."""

    def __init__(self, method, target, headers, reader, writer):
        self.method, self.target, self.headers = method, target, headers
        self.path = target.partition("?")[0]
        self.reader, self.writer = reader, writer
        self.body = b""

    def header(self, name):
        """All values of a header."""
        return [value for known, value in self.headers if known == name]

    async def read_chunk(self):
        """The next chunk of a chunked body; nothing at its end."""
        size = int(await self.reader.readline(), 16)
        data = await self.reader.readexactly(size + 2)
        return data[:-2]

    async def read_body(self):
        """The whole body."""
        if self.header("transfer-encoding") == ["chunked"]:
            pieces = []
            while piece := await self.read_chunk():
                pieces.append(piece)
            return b"".join(pieces)
        length = int((self.header("content-length") or ["0"])[0])
        return await self.reader.readexactly(length)

    async def write(self, data):
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, body=b"{}", status=200, *more):
        """Send a whole answer."""
        head = [f"HTTP/1.1 {status} X", "Content-Type: application/json", *more]
        head.append(f"Content-Length: {len(body)}")
        await self.write("\r\n".join([*head, "", ""]).encode() + body)


class ServerBehind:
    """Serves discovery, and whatever ``handlers`` say, by path.

    A handler is a coroutine function of an Asked; the connection ends when it returns True.
    """

    def __init__(self):
        self.handlers = {f"/apis/{GROUP}/v1": _resources, WIDGETS: self._echo}
        self.asked = []
        self.connections = 0  # that were made
        self.writers = set()  # of those that are open
        self.idle = set()

    async def start(self, directory, *, authority=None, client_ca=None, names=(NAME, "127.0.0.1")):
        """Listen on loopback."""
        now = SystemClock().now()
        authority = authority or create_authority("behind", now)
        self.ca = authority.pair.certificate
        pair = authority.serving_certificate(list(names), now, DAY_SECONDS)
        crt, key = directory / "behind.crt", directory / "behind.key"
        crt.write_bytes(pair.certificate)
        key.write_bytes(pair.private_key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(crt, key)
        if client_ca is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)
        await self.listen(context)

    async def listen(self, context, port=0):
        """Accept connections."""
        self.context = context
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self):
        """End all connections and listen no more."""
        self._server.close()
        self.drop_connections()
        await self._server.wait_closed()

    def drop_connections(self):
        """End the connections that are open."""
        for writer in list(self.writers):
            writer.transport.abort()

    def api_service(self, version="v1", **spec):
        """The APIService that leads here."""
        bundle = base64.b64encode(self.ca).decode()
        return {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": f"{version}.{GROUP}"},
            "spec": {
                "group": GROUP,
                "version": version,
                "groupPriorityMinimum": 17850,
                "versionPriority": 10,
                "caBundle": bundle,
                "service": {"namespace": "default", "name": "backend"},
                **spec,
            },
        }

    def requests(self, path=WIDGETS):
        """What was asked for at a path."""
        return [each for each in self.asked if each.path == path]

    async def _serve(self, reader, writer):
        self.connections += 1
        self.writers.add(writer)
        try:
            while not await self._exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writers.discard(writer)
            self.idle.discard(writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _exchange(self, reader, writer):
        self.idle.add(writer)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        self.idle.discard(writer)
        method, target, _ = lines[0].split(" ")
        headers = [line.partition(": ")[::2] for line in lines[1:] if line]
        asked = Asked(method, target, [(n.lower(), v) for n, v in headers], reader, writer)
        self.asked.append(asked)
        return await self.handlers.get(asked.path, _not_found)(asked)

    async def _echo(self, asked):
        asked.body = await asked.read_body()
        await asked.answer(asked.body or b'{"kind":"WidgetList"}')


async def _resources(asked):
    widgets = {"name": "widgets", "kind": "Widget", "namespaced": False, "verbs": ["get", "list"]}
    document = {"kind": "APIResourceList", "groupVersion": f"{GROUP}/v1", "resources": [widgets]}
    await asked.answer(json.dumps(document).encode())


async def _not_found(asked):
    await asked.read_body()
    await asked.answer(b"{}", 404)
