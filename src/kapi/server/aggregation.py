"""The aggregation layer of one server, from its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.aggregator.aggregator import Aggregator
from kapi.aggregator.remote import ProxyClient
from kapi.apimachinery.errors import AlreadyExists, NotFound
from kapi.apimachinery.types import GroupVersionResource
from kapi.registry.webhook.service_resolver import ServiceResolver
from kapi.server.options import StartError

if TYPE_CHECKING:
    from pathlib import Path

    from kapi.apimachinery.types import JSONObject
    from kapi.client.inprocess import InProcessClient
    from kapi.endpoints.api import API
    from kapi.registry.webhook.service_resolver import ObjectLookup
    from kapi.server.options import ServerOptions

__all__ = ["aggregator", "publish_authentication"]

_CONFIG_MAPS = GroupVersionResource("", "v1", "configmaps")
_NAMESPACE = "kube-system"
_NAME = "extension-apiserver-authentication"
# What the headers are called that name the user.
_HEADERS = {
    "requestheader-username-headers": ["X-Remote-User"],
    "requestheader-uid-headers": ["X-Remote-Uid"],
    "requestheader-group-headers": ["X-Remote-Group"],
    "requestheader-extra-headers-prefix": ["X-Remote-Extra-"],
}


def aggregator(
    options: ServerOptions, api: API, client: InProcessClient, lookup: ObjectLookup
) -> Aggregator:
    """How this server passes requests on; StartError when a file cannot be read."""
    proxy = options.proxy_client
    for path in (proxy.cert_file, proxy.key_file):
        if path is not None:
            try:
                path.read_bytes()
            except OSError as error:
                why = f"cannot read proxy client file {path}: {error.strerror}"
                raise StartError(why) from error
    resolver = ServiceResolver(lookup, api.ids, options.service_endpoints)
    return Aggregator(
        api,
        client,
        lookup,
        ProxyClient(resolver, proxy.cert_file, proxy.key_file),
        frozenset(options.service_endpoints),
    )


async def publish_authentication(options: ServerOptions, client: InProcessClient) -> None:
    """Tell the servers behind this one how they know it, and whom it knows.

    Implements the ConfigMap ``extension-apiserver-authentication``, which is not there when there
    is nothing to tell; StartError when a file of it cannot be read.
    """
    data: dict[str, str] = {}
    if options.tls.client_ca_file is not None:
        data["client-ca-file"] = _text(options.tls.client_ca_file)
    proxy = options.proxy_client
    if proxy.request_header_ca_file is not None:
        data["requestheader-client-ca-file"] = _text(proxy.request_header_ca_file)
        data["requestheader-allowed-names"] = orjson.dumps(proxy.allowed_names).decode()
        data.update((name, orjson.dumps(value).decode()) for name, value in _HEADERS.items())
    if not data or not client.serves(_CONFIG_MAPS):
        return
    obj: JSONObject = {"metadata": {"name": _NAME}, "data": data}
    try:
        found = await client.get(_CONFIG_MAPS, _NAMESPACE, _NAME)
    except NotFound:
        try:
            await client.create(_CONFIG_MAPS, _NAMESPACE, obj)
        except AlreadyExists:  # another server of the same store was faster
            return
    else:
        if found.get("data") != data:
            await client.update(_CONFIG_MAPS, _NAMESPACE, _NAME, lambda old: {**old, "data": data})


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"cannot read CA file {path}: {error}") from error
