"""Authorization of requests: what is asked of an authorizer, and how a refusal is told.

Implements "Authorization" of the documentation up to the decision itself, which an Authorizer
makes. ``AuthorizeKnownUsers`` is the one in force until policies decide: everybody known may do
everything, anonymous requests get the paths that kube-apiserver opens to them by default
(``system:public-info-viewer``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from kapi.apimachinery.errors import Forbidden
from kapi.apimachinery.user import ALL_UNAUTHENTICATED, PRIVILEGED_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.apimachinery.user import UserInfo
    from kapi.endpoints.request import Request

__all__ = [
    "AlwaysAllow",
    "AlwaysDeny",
    "AuthorizationAttributes",
    "AuthorizeKnownUsers",
    "Authorizer",
    "Decision",
    "SubjectRules",
    "attributes_of",
    "authorize",
    "authorizer_for",
    "refusal",
    "resource_access",
    "verb_of",
]

_HEALTH = frozenset({"/healthz", "/livez", "/readyz"})
_PUBLIC = _HEALTH | {"/version"}
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(slots=True)
class AuthorizationAttributes:
    """What somebody wants to do. ``path`` alone says what for requests that name no resource."""

    user: UserInfo
    verb: str
    is_resource: bool = True
    group: str = ""
    version: str = ""
    namespace: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What an authorizer says. Neither allowed nor denied means that it has no opinion.

    ``reason`` explains it, ``error`` tells what went wrong while it was made.
    """

    allowed: bool
    reason: str = ""
    denied: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class SubjectRules:
    """What a user may do in a namespace, as SelfSubjectRulesReview shows it."""

    resource_rules: list[JSONObject] = field(default_factory=list)
    non_resource_rules: list[JSONObject] = field(default_factory=list)
    incomplete: bool = False
    error: str = ""


class Authorizer(Protocol):
    """Decides whether a request may be made; called for every request, so it must be quick."""

    def authorize(self, attributes: AuthorizationAttributes) -> Decision:
        """Decide; never raises."""
        ...

    def rules(self, user: UserInfo, namespace: str) -> SubjectRules:
        """What the user may do in the namespace."""
        ...


_ALLOWED = Decision(allowed=True)
_NO_OPINION = Decision(allowed=False)
_DENIED = Decision(allowed=False, reason="Everything is forbidden.")


class AuthorizeKnownUsers:
    """Everybody whose name is known may do everything."""

    def authorize(self, attributes: AuthorizationAttributes) -> Decision:
        """See :class:`Authorizer`."""
        if ALL_UNAUTHENTICATED not in attributes.user.groups:
            return _ALLOWED
        if attributes.is_resource or attributes.verb != "get":
            return _NO_OPINION
        return _ALLOWED if attributes.path.rstrip("/") in _PUBLIC else _NO_OPINION

    def rules(self, user: UserInfo, namespace: str) -> SubjectRules:
        """See :class:`Authorizer`."""
        if ALL_UNAUTHENTICATED in user.groups:
            urls = sorted(path + slash for path in _PUBLIC for slash in ("", "/"))
            return SubjectRules([], [{"verbs": ["get"], "nonResourceURLs": urls}])
        return _everything()


class AlwaysAllow:
    """Everybody may do everything."""

    def authorize(self, attributes: AuthorizationAttributes) -> Decision:
        """See :class:`Authorizer`."""
        return _ALLOWED

    def rules(self, user: UserInfo, namespace: str) -> SubjectRules:
        """See :class:`Authorizer`."""
        return _everything()


class AlwaysDeny:
    """Nobody may do anything but the group ``system:masters``, and asking for health."""

    def authorize(self, attributes: AuthorizationAttributes) -> Decision:
        """See :class:`Authorizer`."""
        if PRIVILEGED_GROUP in attributes.user.groups or attributes.path.rstrip("/") in _HEALTH:
            return _ALLOWED
        return _DENIED

    def rules(self, user: UserInfo, namespace: str) -> SubjectRules:
        """See :class:`Authorizer`."""
        return _everything() if PRIVILEGED_GROUP in user.groups else SubjectRules([], [])


def authorizer_for(modes: Sequence[str]) -> Authorizer:
    """The authorizer of ``--authorization-mode``.

    Node and RBAC let everybody in whose name is known: roles are stored, but not yet enforced.
    """
    if "AlwaysAllow" in modes:
        return AlwaysAllow()
    return AlwaysDeny() if set(modes) == {"AlwaysDeny"} else AuthorizeKnownUsers()


def _everything() -> SubjectRules:
    return SubjectRules(
        [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
        [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    )


def resource_access(
    authorizer: Authorizer,
) -> Callable[[UserInfo, str, str, str, str], bool]:
    """The question that admission plugins ask: may a user do this to a cluster-scoped object."""

    def may(user: UserInfo, verb: str, group: str, resource: str, name: str) -> bool:
        attributes = AuthorizationAttributes(
            user, verb, group=group, version="*", resource=resource, name=name
        )
        return authorizer.authorize(attributes).allowed

    return may


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


def attributes_of(request: Request) -> AuthorizationAttributes:
    """What a request wants to do."""
    info = request.info
    if not info.is_resource:
        return AuthorizationAttributes(
            request.user, request.method.lower(), is_resource=False, path=info.path
        )
    return AuthorizationAttributes(
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


def authorize(request: Request, authorizer: Authorizer) -> None:
    """Raises Forbidden unless the user may do this."""
    attributes = attributes_of(request)
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
