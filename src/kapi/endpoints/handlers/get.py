"""GET on one object or on a subresource that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import StatusError
from kapi.apimachinery.field import quote
from kapi.util.integers import parse_uint64

if TYPE_CHECKING:
    from kapi.endpoints.api import API
    from kapi.endpoints.request import Request, Response
    from kapi.registry.catalogue import Resource

__all__ = ["get", "parse_resource_version"]


def parse_resource_version(text: str) -> int | None:
    """The ``resourceVersion`` parameter of a read; None when it is absent.

    Raises StatusError when it is no number.
    """
    if not text:
        return None
    try:
        return parse_uint64(text)
    except ValueError as problem:
        raise _unreadable(text, str(problem)) from None


def _unreadable(text: str, why: str) -> StatusError:
    number = quote(text)
    parsing = f"strconv.ParseUint: parsing {number}: {why}"
    return StatusError(f"resourceVersion: Invalid value: {number}: {parsing}", code=500)


async def get(api: API, request: Request, resource: Resource) -> Response:
    """Answer with the object."""
    representation = api.negotiator.choose(
        request.headers.get(b"accept"), messages=not resource.custom
    )
    info = request.info
    version = None
    if request.query_string:
        version = parse_resource_version(request.parameter("resourceVersion"))
    entry = await api.store(resource).entry(
        resource, info.namespace, info.name, not_older_than=version
    )
    if resource.conversion is not None:
        if version is None:
            entry = await resource.conversion.fresh(entry)
        else:
            (entry,) = await resource.conversion.views((entry,))
    return api.writer.object(request, resource, entry.body, representation, entry=entry)
