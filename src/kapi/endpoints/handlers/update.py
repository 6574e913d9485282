"""PUT on an object or one of its subresources: replace it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest
from kapi.endpoints.conversion import from_hub, to_hub
from kapi.endpoints.handlers.create import read_object
from kapi.endpoints.options import field_manager, write_options
from kapi.registry.before_create import match_namespace

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.request import Request, Response
    from kapi.registry.catalogue import Resource
    from kapi.registry.strategy import Strategy

__all__ = ["check_name", "strategy_for", "update"]


def strategy_for(resource: Resource, subresource: str) -> Strategy:
    """The rules of the main resource or of a subresource that reads and writes the object."""
    rules = resource.rules
    return rules.subresources[subresource] if subresource else rules.strategy


def check_name(name: str, meta: JSONObject) -> None:
    """The body of a PUT names the object of the path."""
    given = meta.get("name", "")
    if not given:
        raise BadRequest(
            f"the name of the object ({name} based on URL) was undeterminable: "
            "name must be provided"
        )
    if given != name:
        raise BadRequest(
            f"the name of the object ({given}) does not match the name on the URL ({name})"
        )


async def update(api: API, request: Request, resource: Resource) -> Response:
    """Replace the object by the one in the body."""
    info = request.info
    representation = api.negotiator.choose(request.headers.get(b"accept"))
    options = write_options(request, "UpdateOptions")
    context = api.context(request, "UPDATE", dry_run=options.dry_run)
    strategy = strategy_for(resource, info.subresource)
    first: JSONObject | None = read_object(api, request, resource, options)
    assert first is not None
    meta = first["metadata"]
    check_name(info.name, meta)
    match_namespace(resource, meta, info.namespace)
    uid = meta.get("uid", "")
    manager = field_manager(request, options)
    fields = api.field_manager(resource, info.subresource)

    async def make_new(live: JSONObject | None) -> JSONObject:
        nonlocal first
        obj = first
        first = None
        if obj is None:  # somebody was faster: the first reading has been changed meanwhile
            obj = read_object(api, request, resource, options)
            match_namespace(resource, obj["metadata"], info.namespace)
        versioned = None if live is None else from_hub(resource, api.copy(live, resource))
        if versioned is None:
            obj["metadata"].pop("managedFields", None)
        fields.update(versioned, obj, manager, context.now)
        return to_hub(resource, obj)

    written = await api.store(resource).update(
        context,
        resource,
        strategy,
        info.name,
        make_new,
        options.raw,
        create=strategy.allow_create_on_update and not info.subresource,
        uid=uid,
    )
    status = 201 if written.created else 200
    return api.writer.object(request, resource, written.body, representation, status)
