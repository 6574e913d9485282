"""GET, PUT and PATCH on ``scale``: the size of a workload as ``autoscaling/v1`` Scale.

A Scale is made up from its parent on each request and written into it; ownership of the replicas
field is the parent's (see ``managedfields.scale``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import Invalid
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.managedfields.scale import ScaleHandler
from kapi.apimachinery.types import GroupResource, GroupVersionKind
from kapi.apis.autoscaling.scale import SCALE, WorkloadScale, validate_scale
from kapi.endpoints.handlers.patch import read_patch
from kapi.endpoints.handlers.update import Replacement
from kapi.endpoints.options import write_options
from kapi.registry.catalogue import Resource
from kapi.registry.codec import TypeCodec
from kapi.registry.rules import KindRules

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.handlers.patch import Application, Patching
    from kapi.endpoints.request import Request, Response
    from kapi.registry.scale import ScaleView

__all__ = ["Scales"]

_KIND = GroupVersionKind("autoscaling", "v1", "Scale")


class Scales:
    """The scale endpoints of one server."""

    def __init__(self) -> None:
        self._resource: Resource | None = None

    def _scale(self, api: API) -> Resource:
        """Scale as if it were a resource: what reading and writing one needs to know."""
        if self._resource is None:
            kind_type = api.scheme.type(_KIND)
            assert kind_type is not None
            self._resource = Resource(
                group=_KIND.group,
                version=_KIND.version,
                resource="scales",
                kind=_KIND.kind,
                singular="",
                namespaced=True,
                verbs=("get", "patch", "update"),
                short_names=(),
                categories=(),
                subresources={},
                type=kind_type,
                codec=TypeCodec(api.scheme, kind_type, _KIND, None),
                hub=_KIND,
                storage=GroupResource("autoscaling", "scales"),
                rules=KindRules(columns=SCALE),
            )
        return self._resource

    async def handle(self, api: API, request: Request, resource: Resource) -> Response:
        """Answer with the Scale, changed before where the method says so."""
        representation = api.negotiator.choose(request.headers.get(b"accept"))
        scale = self._scale(api)
        if request.method == "GET":
            info = request.info
            entry = await api.store(resource).entry(resource, info.namespace, info.name)
            if resource.conversion is not None:
                entry = await resource.conversion.fresh(entry)
            body = entry.body
        else:
            body = await self._write(api, request, resource, scale)
        shown = _view(resource).read(orjson.loads(body))
        del shown["kind"], shown["apiVersion"]
        return api.writer.object(request, scale, orjson.dumps(shown), representation)

    async def _write(
        self, api: API, request: Request, resource: Resource, scale: Resource
    ) -> bytes:
        change: Replacement | Patching | Application
        if request.method == "PATCH":
            change, options = read_patch(api, request, scale)
        else:
            options = write_options(request, "UpdateOptions")
            now = api.context(request, "UPDATE", dry_run=False).now
            change = Replacement(api, request, scale, options, now)
        context = api.context(request, "UPDATE", dry_run=options.dry_run)

        async def make_new(live: JSONObject | None) -> JSONObject:
            assert live is not None
            return await _scaled(resource, change, live)

        strategy = resource.rules.strategy
        uid = change.uid if isinstance(change, Replacement) else ""
        written = await api.store(resource).update(
            context, resource, strategy, request.info.name, make_new, options.raw, uid=uid
        )
        return written.body


def _view(resource: Resource) -> ScaleView:
    return resource.rules.scale or WorkloadScale(
        resource.group, resource.resource, resource.api_version
    )


async def _scaled(
    resource: Resource, change: Replacement | Patching | Application, live: JSONObject
) -> JSONObject:
    """The parent after a change of its Scale."""
    view = _view(resource)
    owners = ScaleHandler(
        live["metadata"].get("managedFields") or (),
        resource.api_version,
        view.replicas_paths(),
    )
    current = view.read(live, sized=False)
    seen = owners.to_scale()
    if seen:
        current["metadata"]["managedFields"] = seen
    scale = await change.make_new(current)
    errors = ErrorList()
    validate_scale(scale, errors)
    if errors:
        raise Invalid.kind(_KIND.group, _KIND.kind, live["metadata"]["name"], errors)
    parent = view.write(live, scale)
    meta = {**parent["metadata"]}
    managed = owners.to_parent(scale["metadata"].get("managedFields") or ())
    if managed:
        meta["managedFields"] = managed
    else:
        meta.pop("managedFields", None)
    parent["metadata"] = meta
    return parent
