"""POST on a collection: create an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.endpoints.body import (
    OtherVersion,
    check_custom_kind,
    check_fields,
    check_kind,
    decode_object,
    parse_body,
)
from kapi.endpoints.conversion import to_hub
from kapi.endpoints.options import field_manager, write_options
from kapi.registry.before_create import match_namespace

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.options import WriteOptions
    from kapi.endpoints.request import Request, Response
    from kapi.registry.catalogue import Resource

__all__ = ["create", "read_object"]


def read_object(
    api: API, request: Request, resource: Resource, options: WriteOptions
) -> tuple[JSONObject, JSONObject]:
    """The object in a POST or PUT body at the request's version, defaulted, and as it was sent."""
    body = parse_body(request, resource.kind)
    if resource.custom:
        value = check_custom_kind(body, request.body, resource)
    else:
        try:
            value = check_kind(api.scheme, body, request.body, resource.gvk)
        except OtherVersion as error:  # what it does not know is told all the same
            check_fields(
                request, options.field_validation, error.given, error.unknown, body.duplicates
            )
            raise
    obj, unknown = decode_object(resource.codec, resource.gvk, value)
    check_fields(request, options.field_validation, resource.gvk, unknown, body.duplicates)
    return obj, value


async def create(api: API, request: Request, resource: Resource) -> Response:
    """Create the object in the body."""
    representation = api.negotiator.choose(
        request.headers.get(b"accept"), messages=not resource.custom
    )
    options = write_options(request, "CreateOptions")
    obj, body = read_object(api, request, resource, options)
    context = api.context(request, "CREATE", dry_run=options.dry_run)
    meta = obj["metadata"]
    match_namespace(resource, meta, context.namespace)
    context.name = meta.get("name", "")
    meta.pop("managedFields", None)
    manager = field_manager(request, options)
    api.field_manager(resource, "").update(None, obj, manager, context.now, body=body)
    written = await api.store(resource).create(
        context, resource, to_hub(resource, obj), options.raw
    )
    return api.writer.object(request, resource, written.body, representation, 201, written.entry)
