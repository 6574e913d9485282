"""DELETE and finalize of Namespaces, which go away in two steps.

Implements "Namespaces: deletion": DELETE marks the namespace as terminating; it is removed when
its content is gone and the last finalizer of its spec is taken off through ``finalize``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.core.namespace_strategy import may_be_removed
from kapi.endpoints.delete_options import delete_options
from kapi.endpoints.handlers.update import update
from kapi.registry.before_delete import Deletion, mark_for_deletion

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.request import Request, Response
    from kapi.registry.before_delete import DeleteOptions
    from kapi.registry.catalogue import Resource
    from kapi.registry.context import RequestContext
    from kapi.registry.strategy import Strategy

__all__ = ["delete_namespace", "finalize_namespace", "namespace_deletion"]


def namespace_deletion(
    context: RequestContext, strategy: Strategy, options: DeleteOptions
) -> Callable[[JSONObject], Deletion]:
    """What a DELETE makes of a namespace, in place of the generic decision."""

    def mark(obj: JSONObject) -> Deletion:
        meta = obj["metadata"]
        if "deletionTimestamp" in meta and may_be_removed(obj):
            return Deletion.NOW
        if "deletionTimestamp" in meta:
            decision = mark_for_deletion(context, strategy, obj, options)
            return Deletion.MARK if decision is Deletion.NOW else decision
        meta["deletionTimestamp"] = context.now
        obj["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
        return Deletion.MARK

    return mark


async def delete_namespace(api: API, request: Request, resource: Resource) -> Response:
    """Mark a namespace as terminating, or remove it when nothing holds it any more."""
    representation = api.negotiator.choose(
        request.headers.get(b"accept"), messages=not resource.custom
    )
    options, raw = delete_options(request, api.scheme)
    context = api.context(request, "DELETE", dry_run=options.dry_run)
    mark = namespace_deletion(context, resource.rules.strategy, options)
    written = await api.store(resource).delete(
        context, resource, context.name, options, raw, mark, resource.resource
    )
    return api.writer.object(request, resource, written.body, representation)


async def finalize_namespace(api: API, request: Request, resource: Resource) -> Response:
    """Replace ``spec.finalizers``; without any left, a terminating namespace is removed."""
    return await update(api, request, resource)
