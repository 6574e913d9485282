"""POST on ``pods/eviction``: delete a pod unless a disruption budget protects it.

Implements "API-initiated Eviction" of the documentation; the decision is ``policy.eviction``'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest, NotFound
from kapi.apimachinery.types import GroupResource, GroupVersionKind
from kapi.apis.policy.eviction import disruption_target, evict
from kapi.endpoints.body import check_fields, decode_object, parse_body
from kapi.endpoints.delete_options import read_delete_options
from kapi.endpoints.handlers.binding import created_status
from kapi.endpoints.options import write_options
from kapi.endpoints.request import Response
from kapi.endpoints.writer import encode
from kapi.registry.admission import Attributes
from kapi.registry.codec import TypeCodec
from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.options import WriteOptions
    from kapi.endpoints.request import Request
    from kapi.registry.catalogue import Resource
    from kapi.registry.context import RequestContext

__all__ = ["evict_pod"]

_VERSIONS = ("policy/v1", "policy/v1beta1")
_BUDGETS = GroupResource("policy", "poddisruptionbudgets")


async def evict_pod(api: API, request: Request, resource: Resource) -> Response:
    """Evict the pod, or answer 429."""
    representation = api.negotiator.choose(request.headers.get(b"accept"))
    options = write_options(request, "CreateOptions")
    eviction = _read(api, request, options)
    if eviction["metadata"].get("name", "") != request.info.name:
        raise BadRequest("name in URL does not match name in Eviction object")
    how, raw = read_delete_options(eviction.get("deleteOptions") or {})
    dry_run = options.dry_run or how.dry_run
    context = api.context(request, "DELETE", dry_run=dry_run)
    attributes = Attributes(context, resource, "CREATE", "eviction", eviction, None, options.raw)
    await api.admission.mutate(attributes)
    await api.admission.validate(attributes)
    context.admitted = True
    store = api.store(resource)
    pod = store.load(await store.entry(resource, context.namespace, context.name))
    budgets = await api.stores[_BUDGETS].storage.list(
        api.stores[_BUDGETS].key(context.namespace, "")
    )
    loaded = [api.stores[_BUDGETS].load(entry) for entry in budgets.entries]
    decision = evict(pod, loaded, context.now)
    if decision.budget is not None and not dry_run:
        await _store_budget(api, context, decision.budget)
    await _mark(api, context, resource)
    context.operation, context.subresource = "DELETE", ""
    try:
        await store.delete(context, resource, context.name, how, raw)
    except NotFound:
        if decision.budget is None:
            raise
    return Response(201, encode(created_status(), representation), representation.content_type)


def _read(api: API, request: Request, options: WriteOptions) -> JSONObject:
    body = parse_body(request, "Eviction")
    value = body.value
    if value is not None and not isinstance(value, dict):
        raise BadRequest("the body of an eviction must be an Eviction object")
    value = value or {}
    given = value.get("apiVersion") or _VERSIONS[0]
    if given not in _VERSIONS or (value.get("kind") or "Eviction") != "Eviction":
        raise BadRequest(f"the body of an eviction must be an Eviction of {_VERSIONS[0]}")
    gvk = GroupVersionKind("policy", "v1", "Eviction")
    kind_type = api.scheme.type(gvk)
    assert kind_type is not None
    eviction, unknown = decode_object(TypeCodec(api.scheme, kind_type, gvk, None), gvk, value)
    check_fields(request, options.field_validation, gvk, unknown, body.duplicates)
    return eviction


class _AsIs(Strategy):
    """Writes what the decision says and checks nothing but metadata."""

    def validate_update(self, *_: object) -> None:
        """The decision comes from the rules themselves."""


async def _store_budget(api: API, context: RequestContext, budget: JSONObject) -> None:
    """Store the budget with one disruption less; fails when it changed since it was read."""
    resource = api.catalogue.get("policy", "v1", "poddisruptionbudgets")
    assert resource is not None

    async def make_new(live: JSONObject | None) -> JSONObject:
        return budget

    context.operation, context.subresource = "UPDATE", "status"
    store = api.store(resource)
    name = budget["metadata"]["name"]
    await store.update(context, resource, _AsIs(), name, make_new, {})


async def _mark(api: API, context: RequestContext, resource: Resource) -> None:
    """Add the DisruptionTarget condition, for whoever waits for the pod to be gone."""

    async def make_new(live: JSONObject | None) -> JSONObject:
        assert live is not None
        status = {**(live.get("status") or {})}
        kept = [c for c in status.get("conditions") or () if c.get("type") != "DisruptionTarget"]
        status["conditions"] = [*kept, disruption_target(context.now)]
        return {**live, "metadata": {**live["metadata"]}, "status": status}

    context.operation, context.subresource = "UPDATE", "status"
    await api.store(resource).update(context, resource, _AsIs(), context.name, make_new, {})
