"""Subresources that functions of Python extensions answer.

``GET`` reads the object for its function. Other methods run admission as CONNECT, or, where the
function changes the object, as an UPDATE of the object through the subresource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from kapi.apimachinery.errors import BadRequest, InternalError, MethodNotSupported
from kapi.endpoints.body import parse_body, report_fields
from kapi.endpoints.conversion import from_hub
from kapi.endpoints.options import field_manager, write_options
from kapi.endpoints.request import Response
from kapi.endpoints.writer import encode
from kapi.ext.objects import Object
from kapi.ext.objects import Request as FunctionRequest
from kapi.registry.admission import Attributes

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.endpoints.api import API
    from kapi.endpoints.request import Request
    from kapi.ext.behaviour import Behaviour
    from kapi.ext.declaration import SubresourceFunction
    from kapi.registry.catalogue import Resource
    from kapi.registry.context import RequestContext

__all__ = ["ExtensionFunctions"]

_SUCCESS: JSONObject = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


class ExtensionFunctions:
    """The handler of all subresources of one resource that functions answer."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour

    async def handle(self, api: API, request: Request, resource: Resource) -> Response:
        """Call the function of the method and answer with what it returned."""
        info = request.info
        function = self._behaviour.declaration.subresources[info.subresource].get(request.method)
        if function is None:
            raise MethodNotSupported
        representation = api.negotiator.choose(
            request.headers.get(b"accept"), messages=False, tables=False
        )
        body = self._body(request, resource, function)
        if function.changes and request.method != "GET":
            obj, result = await self._change(api, request, resource, function, body)
        else:
            obj, result = await self._call(api, request, resource, function, body)
        value = self._value(resource, obj, function, result)
        pretty = request.flag("pretty")
        content = encode(value, representation, pretty=pretty)
        return Response(200, content, representation.content_type)

    def _body(self, request: Request, resource: Resource, function: SubresourceFunction) -> Any:
        if "body" not in function.function.wanted:
            return None
        kind = resource.subresources[request.info.subresource].kind.kind
        if not request.body:
            return self._behaviour.body(function, kind, request.info.name, None, [])
        parsed, unknown = parse_body(request, kind), list[str]()
        body = self._behaviour.body(function, kind, request.info.name, parsed.value, unknown)
        validation = request.parameter("fieldValidation")
        texts = report_fields(request, validation, unknown, parsed.duplicates)
        if texts:
            raise BadRequest(f"{kind} cannot be read: strict decoding error: {', '.join(texts)}")
        return body

    async def _call(
        self,
        api: API,
        request: Request,
        resource: Resource,
        function: SubresourceFunction,
        body: Any,
    ) -> tuple[JSONObject, Any]:
        info = request.info
        context = api.context(request, "CONNECT", dry_run=request.flag("dryRun"))
        if request.method != "GET":
            attributes = Attributes(context, resource, "CONNECT", info.subresource, None, None, {})
            await api.admission.mutate(attributes)
            await api.admission.validate(attributes)
        store = api.store(resource)
        obj = store.load(await store.entry(resource, info.namespace, info.name))
        _, result = await self._behaviour.call(
            function, context, obj, _given(request, context, body)
        )
        return obj, result

    async def _change(
        self,
        api: API,
        request: Request,
        resource: Resource,
        function: SubresourceFunction,
        body: Any,
    ) -> tuple[JSONObject, Any]:
        """Store the object as the function leaves it; called again if it changed meanwhile."""
        options = write_options(request, "UpdateOptions")
        context = api.context(request, "UPDATE", dry_run=options.dry_run)
        subresource, manager = request.info.subresource, field_manager(request, options)
        results: list[Any] = []

        async def make_new(live: JSONObject | None) -> JSONObject:
            assert live is not None
            obj: JSONObject = orjson.loads(orjson.dumps(live))
            given = _given(request, context, body)
            _, result = await self._behaviour.call(function, context, obj, given)
            results[:] = [result]
            current = from_hub(resource, api.copy(live, resource))
            new = from_hub(resource, api.copy(obj, resource))
            fields = api.field_manager(resource, subresource)
            fields.update(current, new, manager, context.now)
            # Not what is left of it at the version of the request.
            meta = {**obj["metadata"]}
            meta.pop("managedFields", None)
            if "managedFields" in new["metadata"]:
                meta["managedFields"] = new["metadata"]["managedFields"]
            return {**obj, "metadata": meta}

        strategy = resource.rules.subresources[subresource]
        store = api.store(resource)
        written = await store.update(
            context, resource, strategy, request.info.name, make_new, options.raw
        )
        obj = {
            "apiVersion": store.hub.api_version,
            "kind": store.hub.kind,
            **orjson.loads(written.body),
        }
        return obj, results[0]

    def _value(
        self, resource: Resource, obj: JSONObject, function: SubresourceFunction, result: Any
    ) -> JSONValue:
        if result is None:
            return _SUCCESS
        if isinstance(result, Object):  # the object itself, as it is stored now
            return from_hub(resource, obj)
        value = self._behaviour.answer(function, result)
        label = function.function.label
        try:  # classes have a form in JSON only where the annotation names them
            return orjson.loads(orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATACLASS))
        except TypeError as error:
            raise InternalError(f"{label} returned what is no JSON: {error}") from error


def _given(request: Request, context: RequestContext, body: Any) -> dict[str, Any]:
    seen = FunctionRequest(context, request.method, request.query)
    return {"body": body, "request": seen}
