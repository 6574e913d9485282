"""POST on ``pods/binding`` and ``bindings``: a scheduler assigns a pod to a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest, Conflict, StatusError
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.types import GroupVersionKind
from kapi.apis.core.binding_validation import validate_binding
from kapi.endpoints.body import check_fields, check_kind, decode_object, parse_body
from kapi.endpoints.options import write_options
from kapi.endpoints.request import Response
from kapi.endpoints.writer import encode
from kapi.registry.admission import Attributes
from kapi.registry.codec import TypeCodec

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.request import Request
    from kapi.registry.catalogue import Resource

__all__ = ["bind", "created_status"]

_KIND = GroupVersionKind("", "v1", "Binding")


def created_status() -> JSONObject:
    """The Status that answers bindings and evictions."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "code": 201,
    }


async def bind(api: API, request: Request, resource: Resource) -> Response:
    """Set the pod's node."""
    representation = api.negotiator.choose(request.headers.get(b"accept"))
    options = write_options(request, "CreateOptions")
    kind_type = api.scheme.type(_KIND)
    assert kind_type is not None
    body = parse_body(request, "Binding")
    value = check_kind(api.scheme, body, request.body, _KIND)
    binding, unknown = decode_object(TypeCodec(api.scheme, kind_type, _KIND, None), _KIND, value)
    check_fields(request, options.field_validation, _KIND, unknown, body.duplicates)
    meta = binding["metadata"]
    name = meta.get("name", "")
    if request.info.subresource and name != request.info.name:
        raise BadRequest("name in URL does not match name in Binding object")
    if not name:
        raise BadRequest("Name parameter required.")
    errors = ErrorList()
    validate_binding(binding, errors)
    if errors:
        texts = [str(error) for error in errors]
        told = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        raise StatusError(told, code=500)
    context = api.context(request, "CREATE", dry_run=options.dry_run)
    context.name = name
    subresource = context.subresource
    attributes = Attributes(context, resource, "CREATE", subresource, binding, None, options.raw)
    await api.admission.mutate(attributes)
    await api.admission.validate(attributes)
    context.admitted = True
    pods = api.catalogue.get("", "v1", "pods")
    assert pods is not None
    context.operation, context.subresource = "UPDATE", "binding"

    async def make_new(live: JSONObject | None) -> JSONObject:
        assert live is not None
        return _assigned(live, binding, context.now)

    strategy = pods.rules.subresources["binding"]
    await api.store(pods).update(
        context, pods, strategy, name, make_new, options.raw, uid=meta.get("uid", "")
    )
    return Response(201, encode(created_status(), representation), representation.content_type)


def _assigned(pod: JSONObject, binding: JSONObject, now: str) -> JSONObject:
    """The pod on its node; raises Conflict when it cannot be assigned."""
    meta, spec = pod["metadata"], pod["spec"]
    name = meta["name"]
    if "deletionTimestamp" in meta:
        raise _refused(name, f"pod {name} is being deleted, cannot be assigned to a host")
    if spec.get("nodeName"):
        raise _refused(name, f'pod {name} is already assigned to node "{spec["nodeName"]}"')
    if spec.get("schedulingGates"):
        raise _refused(name, f"pod {name} has non-empty .spec.schedulingGates")
    new_meta = {**meta}
    given = binding["metadata"]
    for member in ("annotations", "labels"):
        if given.get(member):
            new_meta[member] = {**(meta.get(member) or {}), **given[member]}
    status = {**(pod.get("status") or {})}
    status["conditions"] = _scheduled(status.get("conditions") or [], now)
    node = binding["target"]["name"]
    return {**pod, "metadata": new_meta, "spec": {**spec, "nodeName": node}, "status": status}


def _scheduled(conditions: list[JSONObject], now: str) -> list[JSONObject]:
    condition = {
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": now,
    }
    kept = [c for c in conditions if c.get("type") != "PodScheduled"]
    return [*kept, condition]


def _refused(name: str, why: str) -> Conflict:
    return Conflict.resource("", "pods/binding", name, why)
