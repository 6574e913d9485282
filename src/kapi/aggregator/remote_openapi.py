"""OpenAPI of the servers behind this one: their v2 document, and where their v3 documents are.

A document that this server could not make part of its own is as good as none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.aggregator.remote import RemoteError
from kapi.endpoints.openapi.merging import merge_v2
from kapi.endpoints.openapi.protobuf import encode_v2

if TYPE_CHECKING:
    from kapi.aggregator.remote import ProxyClient, RemoteVersion
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["fetch_openapi", "relevant_part"]

_TIMEOUT_SECONDS = 10.0
_JSON = b"application/json"
_INDEX = "/openapi/v3"
_SECTIONS = ("paths", "definitions", "parameters")
# Schemas of real servers stay far below; Python's own limit is at a thousand.
_DEPTH = 200


async def fetch_openapi(client: ProxyClient, remote: RemoteVersion) -> None:
    """Ask for both; a server need not have either. Until both are known what was known stays."""
    index = await _index(client, remote)
    etag = remote.openapi_v2_etag if remote.openapi_v2 is not None else b""
    try:
        document = await client.get(remote, "/openapi/v2", _JSON, _TIMEOUT_SECONDS, etag=etag)
    except RemoteError:
        remote.openapi_v2 = None
    else:
        if document is not None:
            remote.openapi_v2 = relevant_part(_parsed(document.body), remote.path)
            remote.openapi_v2_etag = document.etag
    remote.openapi_v3 = index


async def _index(client: ProxyClient, remote: RemoteVersion) -> dict[str, str]:
    """Where the v3 document of the group version is, by its name; empty if it is nowhere."""
    name = f"apis/{remote.group}/{remote.version}"
    try:
        document = await client.get(remote, _INDEX, _JSON, _TIMEOUT_SECONDS)
    except RemoteError:
        return {}
    paths = _parsed(document.body).get("paths") if document is not None else None
    found = paths.get(name) if isinstance(paths, dict) else None
    url = found.get("serverRelativeURL") if isinstance(found, dict) else None
    if isinstance(url, str) and url.partition("?")[0] == f"{_INDEX}/{name}":
        return {name: url}
    return {}


def relevant_part(document: JSONObject, prefix: str) -> JSONObject | None:
    """What of a v2 document is about the paths below ``prefix``; None when it is no such thing."""
    if not document or not all(isinstance(document.get(each, {}), dict) for each in _SECTIONS):
        return None
    if _is_deeper(document, _DEPTH):
        return None
    empty: JSONObject = {"swagger": "2.0", "info": {"title": "", "version": ""}}
    try:
        part = merge_v2({**empty, "paths": {}}, document, prefix)
        encode_v2(part)
    except Exception:  # noqa: BLE001 - it can be anything, and is told to nobody who asked
        return None
    return {section: part[section] for section in _SECTIONS}


def _is_deeper(value: JSONValue, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            member
            for each in level
            for member in (each.values() if isinstance(each, dict) else each)
            if isinstance(member, dict | list)
        ]
        if not level:
            return False
    return True


def _parsed(body: bytes) -> JSONObject:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}
