"""Every request that does not go on has a deadline."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import Mock

import orjson

from kapi.apimachinery.user import UserInfo
from kapi.endpoints.application import Application
from kapi.endpoints.negotiation import JSON
from kapi.endpoints.request import Response
from kapi.util.ids import SeededIDs

SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/api/v1/namespaces/default/pods/p",
    "query_string": b"",
    "headers": [],
}


class NeverAnswers:
    """A router whose handler waits for something that does not come."""

    async def respond(self, request: Any) -> Any:
        await asyncio.Event().wait()

    async def respond_to_both(self, request: Any, remote: Any) -> Any:
        await asyncio.Event().wait()


async def test_request_that_hangs_is_answered() -> None:
    """A handler that never ends is given up after the deadline, with a Status of 504."""
    api = Mock(ids=SeededIDs(), authorizer=Mock(), minor=37)
    api.negotiator.choose.return_value = JSON
    user = UserInfo("a", groups=("system:masters",))
    application = Application(api, NeverAnswers(), lambda *_: user, Mock(), deadline_seconds=0.01)
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    await application(dict(SCOPE), receive, send)
    status = orjson.loads(sent[1]["body"])
    assert (sent[0]["status"], status["reason"]) == (504, "Timeout")


class Behind:
    """Another server that answers as it is told to."""

    def __init__(self, answer: Any) -> None:
        self.respond = answer

    def find(self, info: Any) -> Any:
        return self


class Client:
    """Sends one request to an application whose group is behind another server."""

    def __init__(self, answer: Any) -> None:
        api = Mock(ids=SeededIDs(), authorizer=Mock(), minor=37)
        api.negotiator.choose.return_value = JSON
        user = UserInfo("a", groups=("system:masters",))
        self.application = Application(
            api,
            NeverAnswers(),
            lambda *_: user,
            Mock(),
            deadline_seconds=0.01,
            aggregation=Behind(answer),
        )
        self.sent: list[Any] = []
        self.gone = asyncio.Event()

    async def get(self, path: str, query: bytes = b"") -> None:
        scope = {**SCOPE, "path": path, "query_string": query}
        await self.application(
            {**scope, "extensions": {"abort": self.gone.set}}, self.receive, self.send
        )

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)


def pieces(seconds: float, ended: list[str]) -> Any:
    """Answers with a stream that pauses in its middle."""

    async def stream() -> Any:
        yield b"one"
        await asyncio.sleep(seconds)
        yield b"two"

    async def respond(request: Any, remote: Any) -> Response:
        return Response(stream=stream(), on_close=lambda: ended.append("closed"))

    return respond


WIDGETS = "/apis/example.com/v1/widgets"


async def test_server_behind_that_hangs() -> None:
    """A request that another server does not answer gets the same Status."""
    client = Client(NeverAnswers().respond_to_both)
    await client.get(WIDGETS)
    status = orjson.loads(client.sent[1]["body"])
    assert (client.sent[0]["status"], status["reason"]) == (504, "Timeout")
    assert status["message"] == "Timeout: request did not complete within the allotted timeout"


async def test_server_behind_that_hangs_in_its_answer() -> None:
    """What was begun cannot become a Status: the client sees the connection break off."""
    ended: list[str] = []
    client = Client(pieces(9, ended))
    await client.get(WIDGETS)
    assert client.gone.is_set()
    assert client.sent[-1]["more_body"]
    assert ended == ["closed"]


async def test_watches_behind_have_no_deadline() -> None:
    """Watches and subresources that connect go on."""
    for path, query in [
        (WIDGETS, b"watch=true"),
        ("/apis/example.com/v1/watch/widgets", b""),
        (f"{WIDGETS}/a/exec", b""),
    ]:
        ended: list[str] = []
        client = Client(pieces(0.1, ended))
        await client.get(path, query)
        assert not client.gone.is_set()
        assert [message.get("body") for message in client.sent[-2:]] == [b"two", b""]
        assert ended == ["closed"]
