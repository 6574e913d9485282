"""PUT on an object or one of its subresources: replace it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest
from kapi.endpoints.conversion import from_hub, to_hub
from kapi.endpoints.field_ownership import update_fields
from kapi.endpoints.filters.authorization import authorize_creation
from kapi.endpoints.handlers.create import read_object
from kapi.endpoints.options import field_manager, write_options
from kapi.registry.before_create import match_namespace

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.options import WriteOptions
    from kapi.endpoints.request import Request, Response
    from kapi.registry.catalogue import Resource
    from kapi.registry.strategy import Strategy

__all__ = ["Replacement", "check_name", "strategy_for", "update"]


def strategy_for(resource: Resource, subresource: str) -> Strategy:
    """The rules of the main resource or of a subresource that reads and writes the object."""
    rules = resource.rules
    return rules.subresources[subresource] if subresource else rules.strategy


class Replacement:
    """The change that a PUT asks for: the object in the body instead of the stored one."""

    def __init__(
        self, api: API, request: Request, resource: Resource, options: WriteOptions, now: str
    ) -> None:
        self._api = api
        self._request = request
        self._resource = resource
        self._options = options
        self._now = now
        self._first: tuple[JSONObject, JSONObject] | None = self._read()
        meta = self._first[0]["metadata"]
        self.uid: str = meta.get("uid", "")

    def _read(self) -> tuple[JSONObject, JSONObject]:
        obj, body = read_object(self._api, self._request, self._resource, self._options)
        info, meta = self._request.info, obj["metadata"]
        check_name(info.name, meta)
        match_namespace(self._resource, meta, info.namespace)
        return obj, body

    async def make_new(self, live: JSONObject | None) -> JSONObject:
        """The new object at the hub version."""
        # If somebody was faster, the first reading has been changed meanwhile.
        obj, body = self._first or self._read()
        self._first = None
        resource = self._resource
        current = None if live is None else from_hub(resource, self._api.copy(live, resource))
        if current is None:
            authorize_creation(self._request, self._api.authorizer)
            obj["metadata"].pop("managedFields", None)
        manager = field_manager(self._request, self._options)
        subresource = self._request.info.subresource
        await update_fields(
            self._api, resource, subresource, current, obj, manager, self._now, body
        )
        return to_hub(resource, obj)


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
    representation = api.negotiator.choose(
        request.headers.get(b"accept"), messages=not resource.custom
    )
    options = write_options(request, "UpdateOptions")
    context = api.context(request, "UPDATE", dry_run=options.dry_run)
    strategy = strategy_for(resource, info.subresource)
    change = Replacement(api, request, resource, options, context.now)
    written = await api.store(resource).update(
        context,
        resource,
        strategy,
        info.name,
        change.make_new,
        options.raw,
        create=strategy.allow_create_on_update,
        uid=change.uid,
    )
    status = 201 if written.created else 200
    return api.writer.object(request, resource, written.body, representation, status, written.entry)
