"""Server-side apply by the server's own parts, with a manager of their own name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import NotFound
from kapi.endpoints.body import decode_object
from kapi.endpoints.conversion import from_hub, to_hub

if TYPE_CHECKING:
    from kapi.apimachinery.types import GroupVersionResource, JSONObject
    from kapi.client.inprocess import InProcessClient
    from kapi.endpoints.api import API

__all__ = ["apply"]

_OPTIONS: JSONObject = {}


async def apply(
    api: API,
    client: InProcessClient,
    gvr: GroupVersionResource,
    applied: JSONObject,
    manager: str,
    subresource: str = "",
) -> None:
    """Apply a configuration to an object that exists, taking fields over from other managers.

    ``applied`` names the object and has only the fields that ``manager`` wants to own. Raises
    NotFound, and whatever any client gets.
    """
    resource = api.catalogue.get(*gvr)
    if resource is None:
        raise NotFound.path()
    meta = applied["metadata"]
    name = meta["name"]
    context = client.context(resource, meta.get("namespace", ""), name, "UPDATE", subresource)
    rules = resource.rules
    strategy = rules.subresources[subresource] if subresource else rules.strategy
    fields = api.field_manager(resource, subresource)

    async def make_new(live: JSONObject | None) -> JSONObject:
        assert live is not None
        current = from_hub(resource, api.copy(live, resource))
        merged = fields.apply(current, applied, manager, context.now, force=True)
        return to_hub(resource, decode_object(resource.codec, resource.gvk, merged).obj)

    await api.store(resource).update(context, resource, strategy, name, make_new, _OPTIONS)
