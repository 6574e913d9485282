"""Every request that does not go on has a deadline."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import Mock

import orjson

from kapi.apimachinery.user import UserInfo
from kapi.endpoints.application import Application
from kapi.endpoints.negotiation import JSON
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


async def test_request_that_hangs_is_answered() -> None:
    """A handler that never ends is given up after the deadline, with a Status of 504."""
    api = Mock(ids=SeededIDs(), authorizer=Mock())
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
