"""What all reviews have in common: objects that are answered and never stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import Invalid
from kapi.apimachinery.field import ErrorList
from kapi.endpoints.handlers.create import read_object
from kapi.endpoints.options import field_manager, write_options
from kapi.endpoints.request import Response
from kapi.endpoints.writer import encode
from kapi.registry.admission import Attributes
from kapi.registry.before_create import match_namespace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.request import Request
    from kapi.registry.catalogue import Resource

__all__ = ["answer_review"]


async def answer_review(
    api: API,
    request: Request,
    resource: Resource,
    answer: Callable[[JSONObject], Awaitable[JSONObject]],
    *,
    managed: bool = True,
) -> Response:
    """Read the review in the body, judge it, and write what ``answer`` makes of it.

    ``managed`` reviews tell who set which field, as objects do.
    """
    representation = api.negotiator.choose(request.headers.get(b"accept"), tables=False)
    options = write_options(request, "CreateOptions")
    obj, body = read_object(api, request, resource, options)
    context = api.context(request, "CREATE", dry_run=options.dry_run)
    meta = obj["metadata"]
    match_namespace(resource, meta, context.namespace)
    context.name = meta.get("name", "")
    meta.pop("managedFields", None)
    if managed:
        manager = field_manager(request, options)
        api.field_manager(resource, "").update(None, obj, manager, context.now, body=body)
    attributes = Attributes(context, resource, "CREATE", "", obj, None, options.raw)
    await api.admission.mutate(attributes)
    errors = ErrorList()
    resource.rules.strategy.validate(context, obj, errors)
    if errors:
        raise Invalid.kind(resource.group, "", "", errors)
    await api.admission.validate(attributes)
    answered = await answer(obj)
    content = encode(answered, representation)
    return Response(201, content, representation.content_type)
