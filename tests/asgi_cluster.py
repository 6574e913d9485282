"""A whole server in process, without a socket: requests through ASGI, watches as they stream."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlencode

import httpx

TOKEN = "the-administrator"
ANSWER_SECONDS = 10.0

PATCH_TYPES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


class WatchStream:
    """A watch that runs until it is closed: ``async with cluster.watch(path) as watch``."""

    def __init__(self, server, path, parameters, headers, unread_chunks):
        self._server = server
        self._scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": urlencode({"watch": "true", **parameters}).encode(),
            "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        }
        self._gone = asyncio.Event()
        self._asked = False
        # The server waits while so much is unread, as it does for a slow connection.
        self._chunks = asyncio.Queue(unread_chunks)
        self._buffer = b""
        self._pending = []
        self.status = None
        self.headers = {}

    async def __aenter__(self):
        self._task = asyncio.create_task(self._server(self._scope, self._receive, self._send))
        await self._next_chunk()
        return self

    async def __aexit__(self, *error):
        self._gone.set()
        if error[0] is not None:
            self._task.cancel()
            return
        unread = asyncio.create_task(self._drop_unread())
        await asyncio.wait_for(self._task, ANSWER_SECONDS)
        unread.cancel()

    async def _drop_unread(self):
        while True:
            await self._chunks.get()

    async def _receive(self):
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): text.decode() for name, text in message["headers"]}
        else:
            await self._chunks.put(message["body"])
            if not message.get("more_body"):
                await self._chunks.put(None)

    async def _next_chunk(self):
        getting = asyncio.ensure_future(self._chunks.get())
        done, _ = await asyncio.wait(
            {getting, self._task}, timeout=ANSWER_SECONDS, return_when="FIRST_COMPLETED"
        )
        if getting not in done and self._chunks.empty():
            getting.cancel()
            if self._task in done:
                self._task.result()
                return None
            raise TimeoutError("nothing came from the watch")
        return await getting

    async def event(self):
        """The next event as (type, object); None when the server ended the watch."""
        while not self._pending:
            chunk = await self._next_chunk()
            if chunk is None:
                return None
            *lines, self._buffer = (self._buffer + chunk).split(b"\n")
            self._pending = [json.loads(line) for line in lines]
        event = self._pending.pop(0)
        return event["type"], event["object"]

    async def events(self, count):
        """The next events."""
        return [await self.event() for _ in range(count)]

    async def changes(self, count):
        """The next events as (type, name of the object)."""
        return [(kind, obj["metadata"]["name"]) for kind, obj in await self.events(count)]

    async def rest(self):
        """All events until the server ends the watch."""
        seen = []
        while (event := await self.event()) is not None:
            seen.append(event)
        return seen


class Cluster:
    """A server and an administrator's client of it."""

    def __init__(self, server):
        self.server = server
        self.headers = {"Authorization": f"Bearer {TOKEN}", "User-Agent": "tester/1.0"}
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(server), base_url="https://kapi", headers=self.headers
        )

    async def get(self, path, headers=None, **parameters):
        """GET; the query comes from keyword arguments."""
        return await self.http.get(path, params=parameters or None, headers=headers)

    async def read(self, path, **parameters):
        """The object or list of a path."""
        answer = await self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path, body, headers=None, **parameters):
        """POST of a JSON body."""
        return await self.http.post(path, json=body, params=parameters or None, headers=headers)

    async def create(self, path, body, **parameters):
        """Create an object; the object as stored."""
        answer = await self.post(path, body, **parameters)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def put(self, path, body, **parameters):
        """PUT of a JSON body."""
        return await self.http.put(path, json=body, params=parameters or None)

    async def patch(self, kind, path, body, **parameters):
        """PATCH of one of the four types: json, merge, strategic, apply."""
        content = body if isinstance(body, str) else json.dumps(body)
        headers = {"Content-Type": PATCH_TYPES[kind]}
        return await self.http.patch(
            path, content=content, params=parameters or None, headers=headers
        )

    async def apply(self, path, body, manager="tester", **parameters):
        """Server-side apply."""
        return await self.patch("apply", path, body, fieldManager=manager, **parameters)

    async def delete(self, path, body=None, **parameters):
        """DELETE, with options in the body or the query."""
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"} if content else {}
        return await self.http.request(
            "DELETE", path, content=content, params=parameters or None, headers=headers
        )

    async def settled(self):
        """Wait until the controllers have nothing left to do."""
        async with asyncio.timeout(ANSWER_SECONDS):
            while not self.server.settled:
                await asyncio.sleep(0.001)

    def watch(self, path, headers=None, unread_chunks=0, **parameters):
        """A watch; the query comes from keyword arguments."""
        headers = {**self.headers, **(headers or {})}
        return WatchStream(self.server, path, parameters, headers, unread_chunks)
