"""DELETE on one object and on a collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import NotFound
from kapi.endpoints.delete_options import delete_options
from kapi.endpoints.handlers.list import fetch, list_metadata
from kapi.endpoints.options import list_options
from kapi.endpoints.request import Response
from kapi.endpoints.writer import encode

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.request import Request
    from kapi.registry.catalogue import Resource

__all__ = ["delete", "delete_collection", "success"]


def success(resource: Resource, meta: JSONObject) -> JSONObject:
    """The Status of a plain deletion."""
    details: JSONObject = {"name": meta.get("name", "")}
    if resource.group:
        details["group"] = resource.group
    details["kind"] = resource.resource
    details["uid"] = meta.get("uid", "")
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    }


async def delete(api: API, request: Request, resource: Resource) -> Response:
    """Delete the object; the answer is a Status, or the object where it stays."""
    representation = api.negotiator.choose(
        request.headers.get(b"accept"), messages=not resource.custom
    )
    options, raw = delete_options(request, api.scheme)
    context = api.context(request, "DELETE", dry_run=options.dry_run)
    strategy = resource.rules.strategy
    if options.propagation_policy is None and options.orphan_dependents is None:
        strategy.warnings_on_delete(context)
    written = await api.store(resource).delete(context, resource, context.name, options, raw)
    status = 200
    if not written.removed and options.orphan_dependents is False:
        status = 202
    if written.removed and not strategy.delete_returns_object:
        meta = orjson.loads(written.body)["metadata"]
        body = encode(success(resource, meta), representation)
        return Response(status, body, representation.content_type)
    return api.writer.object(request, resource, written.body, representation, status)


async def delete_collection(api: API, request: Request, resource: Resource) -> Response:
    """Delete the selected objects; the answer is the list as it was."""
    representation = api.negotiator.choose(
        request.headers.get(b"accept"), messages=not resource.custom
    )
    options = list_options(request, resource)
    how, raw = delete_options(request, api.scheme)
    store = api.store(resource)
    result = await fetch(store, resource, request.info.namespace, options)
    context = api.context(request, "DELETE", dry_run=how.dry_run)
    namespace = context.namespace
    for entry in result.entries:
        context.namespace = entry.namespace  # admission sees no name: the request has none
        try:
            await store.delete(context, resource, entry.name, how, raw)
        except NotFound:
            continue
    context.namespace = namespace
    more = bool(options.limit and result.remaining)
    metadata = list_metadata(store, options, result, more=more)
    bodies = [entry.body for entry in result.entries]
    return api.writer.list(request, resource, bodies, metadata, representation)
