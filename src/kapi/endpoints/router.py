"""Router: from a request to its handler, by looking the resource up in the catalogue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from kapi.apimachinery.errors import BadRequest, MethodNotSupported, NotFound
from kapi.apimachinery.names import path_segment_name
from kapi.endpoints.api import API
from kapi.endpoints.handlers.create import create
from kapi.endpoints.handlers.delete import delete, delete_collection
from kapi.endpoints.handlers.get import get
from kapi.endpoints.handlers.list import list_objects
from kapi.endpoints.handlers.patch import patch
from kapi.endpoints.handlers.update import update
from kapi.endpoints.handlers.watch import watch
from kapi.endpoints.options import list_options
from kapi.endpoints.request import Request, RequestInfo, Response
from kapi.registry.catalogue import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Document", "Handler", "Router"]

Handler: TypeAlias = Callable[[API, Request, Resource], Awaitable[Response]]
Document: TypeAlias = Callable[[Request], Response | None]

_VERBS = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "POST": "create"}
# What is only answered and never stored has no paths of objects.
_REVIEW_VERBS = ("create",)
# What proxies pass on beside the API's own verbs.
_PROXY_METHODS = frozenset({"HEAD", "OPTIONS"})
_OBJECT_HANDLERS: dict[str, Handler] = {
    "GET": get,
    "PUT": update,
    "PATCH": patch,
    "DELETE": delete,
}


class Router:
    """Routes for one server.

    ``documents`` answer paths that are no resources (discovery, health, OpenAPI), in order.
    ``resources`` and ``subresources`` hold handlers that replace the generic ones, by
    (group, resource, verb) and (group, resource, subresource); an empty resource stands for all.
    """

    def __init__(
        self,
        api: API,
        documents: list[Document],
        resources: Mapping[tuple[str, str, str], Handler],
        subresources: Mapping[tuple[str, str, str], Handler],
    ) -> None:
        self._api = api
        self._documents = documents
        self._special = resources
        self._subresources = subresources

    async def respond(self, request: Request) -> Response:
        """Answer one request; raises StatusError."""
        info = request.info
        if not info.is_resource:
            return self._document(request)
        if not info.group and not info.path.startswith("/api/"):
            return not_found_page()  # /apis//v1 is not the core group
        resource = self._api.catalogue.get(info.group, info.version, info.resource)
        if resource is None:
            if self._api.catalogue.is_builtin(info.group):
                raise NotFound.path()
            return not_found_page()
        if resource.custom and not _in_scope(info, resource, request.method):
            return not_found_page()
        if info.namespace and not resource.namespaced and not _is_namespace_itself(info):
            raise NotFound.path()
        if resource.deprecation:
            return await self._deprecated(request, resource, resource.deprecation)
        return await self._dispatch(request, resource)

    async def _deprecated(self, request: Request, resource: Resource, warning: str) -> Response:
        """Warn of the version, unless the verb is none of the resource's."""
        request.warnings.append(warning)
        try:
            return await self._dispatch(request, resource)
        except MethodNotSupported:
            request.warnings.remove(warning)
            raise

    def _dispatch(self, request: Request, resource: Resource) -> Awaitable[Response]:
        info = request.info
        if info.legacy_watch:
            return self._legacy_watch(request, resource)
        if info.subresource:
            return self._subresource(request, resource)
        if info.name:
            return self._object(request, resource)
        return self._collection(request, resource)

    def _document(self, request: Request) -> Response:
        for document in self._documents:
            response = document(request)
            if response is not None:
                return response
        return not_found_page()

    async def _object(self, request: Request, resource: Resource) -> Response:
        if resource.namespaced and not request.info.namespace:
            raise NotFound.path()
        if resource.verbs == _REVIEW_VERBS:
            raise NotFound.path()
        name = request.info.name
        if "%" in name or name in {".", ".."}:
            why = "; ".join(path_segment_name(name))
            raise BadRequest(f'Name parameter invalid: "{name}": {why}')
        verb = _VERBS.get(request.method, "")
        handler = _OBJECT_HANDLERS.get(request.method)
        if handler is None or verb not in resource.verbs:
            raise MethodNotSupported
        special = self._special.get((resource.group, resource.resource, verb))
        return await (special or handler)(self._api, request, resource)

    async def _legacy_watch(self, request: Request, resource: Resource) -> Response:
        """A path below ``watch``, where there is nothing but watches: its verb is always this."""
        info = request.info
        nowhere = info.name and resource.namespaced and not info.namespace
        if info.subresource or nowhere or "watch" not in resource.verbs:
            raise NotFound.path()
        if request.method != "GET":
            raise MethodNotSupported
        return await self._list_or_watch(request, resource)

    async def _collection(self, request: Request, resource: Resource) -> Response:
        method, verbs = request.method, resource.verbs
        if verbs == _REVIEW_VERBS and resource.namespaced and not request.info.namespace:
            raise NotFound.path()
        if method == "GET":
            return await self._list_or_watch(request, resource)
        if resource.namespaced and not request.info.namespace:
            raise MethodNotSupported
        if method == "POST" and "create" in verbs:
            special = self._special.get((resource.group, resource.resource, "create"))
            return await (special or create)(self._api, request, resource)
        if method == "DELETE" and "deletecollection" in verbs:
            return await delete_collection(self._api, request, resource)
        raise MethodNotSupported

    async def _list_or_watch(self, request: Request, resource: Resource) -> Response:
        if "list" not in resource.verbs:
            raise MethodNotSupported
        if request.query_string or request.info.legacy_watch:
            options = list_options(request, resource)
            if options.watch:
                if "watch" not in resource.verbs:
                    raise MethodNotSupported
                return await watch(self._api, request, resource, options)
        special = self._special.get((resource.group, resource.resource, "list"))
        return await (special or list_objects)(self._api, request, resource)

    async def _subresource(self, request: Request, resource: Resource) -> Response:
        info = request.info
        sub = resource.subresources.get(info.subresource)
        if sub is None or (resource.namespaced and not info.namespace):
            if resource.custom:
                raise NotFound.resource(info.group, info.resource, info.name)
            raise NotFound.path()
        is_proxy = info.subresource == "proxy"
        if info.parts and not is_proxy:
            raise NotFound.path()
        verb = _VERBS.get(request.method, "")
        if verb not in sub.verbs and not (is_proxy and request.method in _PROXY_METHODS):
            raise _not_supported(verb, resource) if resource.custom else MethodNotSupported
        key = (resource.group, resource.resource, info.subresource)
        special = self._subresources.get(key) or self._subresources.get(("", "", info.subresource))
        if special is not None:
            return await special(self._api, request, resource)
        if info.subresource not in resource.rules.subresources:
            raise NotFound.path()
        return await _OBJECT_HANDLERS[request.method](self._api, request, resource)


def _not_supported(verb: str, resource: Resource) -> MethodNotSupported:
    what = f"{resource.resource}.{resource.group}"
    return MethodNotSupported(
        f'{verb} is not supported on resources of kind "{what}"',
        {"group": resource.group, "kind": resource.resource},
    )


def _in_scope(info: RequestInfo, resource: Resource, method: str) -> bool:
    """Whether a custom resource's path names a namespace exactly where it has one.

    Outside of namespaces only the lists of all namespaces' objects exist.
    """
    if resource.namespaced:
        return bool(info.namespace) or (not info.name and method == "GET")
    return not info.namespace


def _is_namespace_itself(info: RequestInfo) -> bool:
    """``/api/v1/namespaces/a``: the path of the namespace is also that of what it holds."""
    return info.resource == "namespaces" and info.name == info.namespace


def not_found_page() -> Response:
    """What kube-apiserver answers for paths outside the API."""
    return Response(404, b"404 page not found\n", b"text/plain; charset=utf-8")
