"""OpenAPI of servers behind this one, while it is asked for."""

from __future__ import annotations

import json

from kapi.aggregator.remote import Document, RemoteError, RemoteVersion
from kapi.aggregator.remote_openapi import fetch_openapi

NAME = "apis/g.example.com/v1"
URL = f"/openapi/v3/{NAME}?hash=1"
DOCUMENTS = {
    "/openapi/v3": {"paths": {NAME: {"serverRelativeURL": URL}}},
    "/openapi/v2": {"swagger": "2.0", "paths": {f"/{NAME}/things": {}}, "definitions": {}},
}


class Client:
    """Answers from ``documents``, and notes what is known of the server with each question."""

    def __init__(self, remote):
        self.remote = remote
        self.documents = dict(DOCUMENTS)
        self.known = []

    async def get(self, remote, path, accept, timeout_seconds, *, etag=b""):
        self.known.append((bool(remote.openapi_v3), remote.openapi_v2 is not None))
        if path not in self.documents:
            raise RemoteError("no such document")
        return Document(json.dumps(self.documents[path]).encode())


def _remote():
    spec = {"group": "g.example.com", "version": "v1", "groupPriorityMinimum": 1}
    spec |= {"versionPriority": 1, "service": {"namespace": "n", "name": "s"}}
    return RemoteVersion({"metadata": {"name": "v1.g.example.com", "uid": "u"}, "spec": spec})


async def test_documents_stay_until_there_are_others():
    """Nobody sees one document without the other, nor none while they are asked for again."""
    remote = _remote()
    client = Client(remote)
    for _ in range(2):
        await fetch_openapi(client, remote)
        assert remote.openapi_v3 == {NAME: URL}
        assert remote.openapi_v2 is not None
    assert client.known == [(False, False)] * 2 + [(True, True)] * 2


async def test_documents_that_are_gone():
    """What the server does not have any more is forgotten."""
    remote = _remote()
    client = Client(remote)
    await fetch_openapi(client, remote)
    client.documents.clear()
    await fetch_openapi(client, remote)
    assert remote.openapi_v3 == {}
    assert remote.openapi_v2 is None
