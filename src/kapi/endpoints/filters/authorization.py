"""Authorization of requests: what a request wants to do, and how a refusal is told.

Implements "Request verbs and authorization" of the documentation up to the decision itself, which
an Authorizer makes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import fields, names
from kapi.apimachinery.errors import Forbidden
from kapi.authorization.attributes import AuthorizationAttributes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kapi.authorization.authorizer import Authorizer
    from kapi.endpoints.request import Request

__all__ = ["attributes_of", "authorize", "authorize_creation", "refusal", "verb_of"]

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_SELECTING = frozenset({"list", "watch", "deletecollection"})
# Browsers must not guess that a refusal is anything but what it says.
_REFUSAL_HEADERS = {"X-Content-Type-Options": "nosniff"}


def verb_of(request: Request) -> str:
    """The API verb of a request for a resource."""
    info = request.info
    if info.legacy_watch:
        return "watch"
    verb = _VERBS.get(request.method)
    if verb is None:
        if request.method not in {"GET", "HEAD"}:
            return ""
        if info.name:
            return "get"
        return "watch" if request.flag("watch") else "list"
    return "deletecollection" if verb == "delete" and not info.name else verb


def attributes_of(request: Request) -> AuthorizationAttributes:
    """What a request wants to do."""
    info = request.info
    if not info.is_resource:
        return AuthorizationAttributes(
            request.user, request.method.lower(), is_resource=False, path=info.path
        )
    attributes = AuthorizationAttributes(
        request.user,
        verb_of(request),
        True,
        info.group,
        info.version,
        info.namespace,
        info.resource,
        info.subresource,
        info.name,
        info.path,
    )
    if request.query_string and attributes.verb in _SELECTING:
        _read_selectors(attributes, request)
    return attributes


def _read_selectors(attributes: AuthorizationAttributes, request: Request) -> None:
    """What narrows a request for many objects; one that is asked for by its name has this name."""
    attributes.label_selector = request.parameter("labelSelector")
    attributes.field_selector = selector = request.parameter("fieldSelector")
    if not selector or attributes.name or attributes.verb == "deletecollection":
        return
    try:
        name = fields.parse(selector).required_value("metadata.name")
    except fields.SelectorError:
        return
    if name and not names.path_segment_name(name):
        attributes.name = name


def authorize(request: Request, authorizer: Authorizer) -> Callable[[], Awaitable[None]] | None:
    """Raises Forbidden unless the user may do this.

    Not None where that cannot be decided yet: await it and ask again, until it is None.
    """
    attributes = attributes_of(request)
    decision = authorizer.authorize(attributes)
    if not decision.allowed:
        if decision.prepare is not None:
            return decision.prepare
        error = refusal(attributes, decision.reason)
        error.headers.update(_REFUSAL_HEADERS)
        raise error
    return None


def authorize_creation(request: Request, authorizer: Authorizer) -> None:
    """Raises Forbidden unless the user may create what an update or apply did not find."""
    attributes = attributes_of(request)
    attributes.verb = "create"
    decision = authorizer.authorize(attributes)
    if not decision.allowed:
        raise refusal(attributes, decision.reason)


def refusal(attributes: AuthorizationAttributes, reason: str = "") -> Forbidden:
    """The error of a request that may not be made."""
    because = f": {reason}" if reason else ""
    user = attributes.user.name
    if not attributes.is_resource:
        return Forbidden(
            f'forbidden: User "{user}" cannot {attributes.verb} path "{attributes.path}"{because}',
            {},
        )
    resource, namespace, group = attributes.resource, attributes.namespace, attributes.group
    full = f"{resource}/{attributes.subresource}" if attributes.subresource else resource
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    why = f'User "{user}" cannot {attributes.verb} resource "{full}" in API group "{group}" {where}'
    return Forbidden.resource(group, resource, attributes.name, why + because)
