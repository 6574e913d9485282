"""Authorization of requests, until policies decide: everybody known may do everything.

Anonymous requests get the paths that kube-apiserver opens to them by default
(``system:public-info-viewer``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import Forbidden
from kapi.apimachinery.user import ALL_UNAUTHENTICATED

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.request import Request

__all__ = ["authorize", "verb_of"]

_PUBLIC = frozenset({"/version", "/healthz", "/livez", "/readyz"})
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def verb_of(request: Request) -> str:
    """The API verb of a request for a resource."""
    info = request.info
    verb = _VERBS.get(request.method)
    if verb is None:
        if request.method not in {"GET", "HEAD"}:
            return request.method.lower()
        if info.legacy_watch:
            return "watch"
        if info.name:
            return "get"
        return "watch" if request.flag("watch") else "list"
    return "deletecollection" if verb == "delete" and not info.name else verb


def authorize(request: Request) -> None:
    """Raises Forbidden unless the user may do this."""
    if ALL_UNAUTHENTICATED not in request.user.groups:
        return
    info = request.info
    if not info.is_resource:
        if request.method == "GET" and info.path.rstrip("/") in _PUBLIC:
            return
        raise Forbidden(
            f'forbidden: User "{request.user.name}" cannot {request.method.lower()} '
            f'path "{info.path}"',
            {},
        )
    raise _resource_refusal(request)


def _resource_refusal(request: Request) -> Forbidden:
    info = request.info
    resource = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
    where = f'in the namespace "{info.namespace}"' if info.namespace else "at the cluster scope"
    why = (
        f'User "{request.user.name}" cannot {verb_of(request)} resource "{resource}" '
        f'in API group "{info.group}" {where}'
    )
    what = f"{info.resource}.{info.group}" if info.group else info.resource
    details: JSONObject = {"name": info.name} if info.name else {}
    if info.group:
        details["group"] = info.group
    details["kind"] = info.resource
    text = (
        f'{what} "{info.name}" is forbidden: {why}' if info.name else f"{what} is forbidden: {why}"
    )
    return Forbidden(text, details)
