"""Raw HTTP/1.1 to a whole server in this process, over TLS, for tests of servers behind it."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import asynccontextmanager

from kapi.registry.webhook.service_resolver import Address
from kapi.server.local_server import LocalServer
from kapi.server.options import ServerOptions
from kapi.util.clock import SystemClock

API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
WAIT_SECONDS = 20.0


class Answered:
    """An answer whose body is read as it comes."""

    def __init__(self, status, headers, reader):
        self.status, self.headers, self.reader = status, headers, reader

    def header(self, name):
        return [value for known, value in self.headers if known == name]

    async def piece(self):
        """The next chunk, nothing at the end; IncompleteReadError when it breaks off."""
        size = int((await self.reader.readuntil(b"\r\n")).strip(), 16)
        return (await self.reader.readexactly(size + 2))[:-2]

    async def body(self):
        if self.header("content-length"):
            return await self.reader.readexactly(int(self.header("content-length")[0]))
        pieces = []
        while piece := await self.piece():
            pieces.append(piece)
        return b"".join(pieces)


class Front:
    """Raw HTTP/1.1 to the first server."""

    def __init__(self, server):
        self.port = server.options.secure_port
        self.token = server.data.token_file.read_text().strip()
        self.context = ssl.create_default_context(cafile=server.data.ca_file)

    @asynccontextmanager
    async def connection(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.context)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    def head(self, method, path, *headers):
        lines = [f"{method} {path} HTTP/1.1", "Host: front", f"Authorization: Bearer {self.token}"]
        return "\r\n".join([*lines, *headers, "", ""]).encode()

    async def answer(self, reader):
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = [line.partition(": ")[::2] for line in lines[1:] if line]
        return Answered(int(lines[0].split(" ")[1]), [(n.lower(), v) for n, v in headers], reader)

    async def ask(self, method, path, body=None, *headers):
        """Status and body of a whole exchange."""
        encoded = b"" if body is None else json.dumps(body).encode()
        more = ["Content-Type: application/json", f"Content-Length: {len(encoded)}"]
        async with self.connection() as (reader, writer):
            writer.write(self.head(method, path, *(more if encoded else []), *headers) + encoded)
            answer = await self.answer(reader)
            return answer.status, await answer.body()

    async def until(self, path, good):
        """Repeat a GET until its status and text are good."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                status, body = await self.ask("GET", path)
                if good(status, body.decode()):
                    return json.loads(body)
                await asyncio.sleep(0.05)

    async def register(self, api_service):
        """Create an APIService and wait until it is available."""
        assert (await self.ask("POST", API_SERVICES, api_service))[0] == 201
        path = f"{API_SERVICES}/{api_service['metadata']['name']}"
        return await self.until(path, lambda _, text: '"Passed"' in text)


@asynccontextmanager
async def front_server(directory, port, **options):
    """A server that knows where the service ``default/backend`` is."""
    settings = {
        "data_dir": directory,
        "ephemeral": True,
        "secure_port": 0,
        "controllers": (),
        "service_endpoints": {"default/backend": Address("127.0.0.1", port)},
        **options,
    }
    with LocalServer.prepared(ServerOptions(**settings), SystemClock()) as server:
        async with server.running():
            yield Front(server)


async def eventually(check):
    """Wait until something holds."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not check():
            await asyncio.sleep(0.02)
