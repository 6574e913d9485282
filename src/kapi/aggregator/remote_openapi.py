"""OpenAPI of the servers behind this one: their v2 document, and where their v3 documents are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.aggregator.remote import RemoteError

if TYPE_CHECKING:
    from kapi.aggregator.remote import ProxyClient, RemoteVersion
    from kapi.apimachinery.types import JSONObject

__all__ = ["fetch_openapi"]

_TIMEOUT_SECONDS = 10.0
_SECTIONS = ("paths", "definitions", "parameters")


async def fetch_openapi(client: ProxyClient, remote: RemoteVersion) -> None:
    """Ask for both; a server need not have either."""
    index = await _document(client, remote, "/openapi/v3")
    name = f"apis/{remote.group}/{remote.version}"
    paths = (index or {}).get("paths")
    found = paths.get(name) if isinstance(paths, dict) else None
    remote.openapi_v3 = {}
    if isinstance(found, dict) and isinstance(found.get("serverRelativeURL"), str):
        remote.openapi_v3 = {name: found["serverRelativeURL"]}
    document = await _document(client, remote, "/openapi/v2") or {}
    complete = all(isinstance(document.get(each, {}), dict) for each in _SECTIONS)
    remote.openapi_v2 = document if document and complete else None


async def _document(client: ProxyClient, remote: RemoteVersion, path: str) -> JSONObject | None:
    try:
        document = orjson.loads(
            await client.get(remote, path, b"application/json", _TIMEOUT_SECONDS)
        )
    except (RemoteError, orjson.JSONDecodeError):
        return None
    return document if isinstance(document, dict) else None
