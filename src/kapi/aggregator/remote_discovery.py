"""Discovery of the servers behind this one: their resources, in the aggregated form.

Servers that only know the unaggregated form are asked for that, and what they say is translated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.aggregator.remote import RemoteError

if TYPE_CHECKING:
    from kapi.aggregator.remote import ProxyClient, RemoteVersion
    from kapi.apimachinery.types import JSONObject

__all__ = ["aggregated_entries", "discover"]

_AGGREGATED = (
    b"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    b"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    b"application/json"
)
_TIMEOUT_SECONDS = 5.0


async def discover(client: ProxyClient, remote: RemoteVersion) -> list[JSONObject]:
    """The resources of a group version; raises RemoteError."""
    try:
        entries = await _discover(client, remote)
        for entry in entries:
            _check(entry)
    except (AttributeError, KeyError, TypeError) as error:
        raise RemoteError(f"discovery has another form: {error!r}") from error
    return entries


async def _discover(client: ProxyClient, remote: RemoteVersion) -> list[JSONObject]:
    try:
        document = await _document(client, remote, "/apis", _AGGREGATED)
    except RemoteError:
        document = {}
    if document.get("kind") == "APIGroupDiscoveryList":
        for group in document.get("items") or ():
            if group["metadata"].get("name") == remote.group:
                for version in group.get("versions") or ():
                    if version.get("version") == remote.version:
                        resources: list[JSONObject] = version.get("resources") or []
                        return resources
    document = await _document(client, remote, remote.path, b"application/json")
    return aggregated_entries(document.get("resources") or [], remote.group, remote.version)


async def _document(
    client: ProxyClient, remote: RemoteVersion, path: str, accept: bytes
) -> JSONObject:
    answer = await client.get(remote, path, accept, _TIMEOUT_SECONDS)
    try:
        document = orjson.loads(answer.body) if answer is not None else None
    except orjson.JSONDecodeError as error:
        raise RemoteError(f"discovery is not JSON: {error}") from error
    return document if isinstance(document, dict) else {}


def _check(entry: JSONObject) -> None:
    """Raise TypeError or KeyError unless clients can read an entry."""
    _text(entry["resource"])
    _texts(entry["verbs"])
    for member in ("shortNames", "categories"):
        _texts(entry.get(member) or [])
    for subresource in entry.get("subresources") or []:
        _text(subresource["subresource"])
        _texts(subresource["verbs"])
    for holder in (entry, *(entry.get("subresources") or [])):
        for name in (holder.get("responseKind") or {}).values():
            _text(name)


def _texts(value: object) -> None:
    if not isinstance(value, list):
        raise TypeError("not a list of texts")
    for each in value:
        _text(each)


def _text(value: object) -> None:
    if not isinstance(value, str):
        raise TypeError("not a text")


def aggregated_entries(plain: list[JSONObject], group: str, version: str) -> list[JSONObject]:
    """Entries of an APIResourceList in the aggregated form; subresources join their parents."""
    found: dict[str, JSONObject] = {}
    for each in plain:
        name, _, subresource = each["name"].partition("/")
        kind = {
            "group": each.get("group") or group,
            "version": each.get("version") or version,
            "kind": each.get("kind", ""),
        }
        scope = "Namespaced" if each.get("namespaced") else "Cluster"
        entry = found.setdefault(name, {"resource": name, "scope": scope, "verbs": []})
        if subresource:
            below = {"subresource": subresource, "responseKind": kind, "verbs": each["verbs"]}
            entry.setdefault("subresources", []).append(below)
            continue
        entry["responseKind"] = kind
        entry["scope"] = scope
        entry["singularResource"] = each.get("singularName", "")
        entry["verbs"] = each.get("verbs") or []
        for member in ("shortNames", "categories"):
            if each.get(member):
                entry[member] = each[member]
    return list(found.values())
