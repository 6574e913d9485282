"""Modes of impersonation: which rights somebody needs to act as somebody else.

Implements "User impersonation" and "Constrained impersonation" of the authentication
documentation. Constrained modes (``impersonate:user-info`` and its like, since 1.36) ask for the
identity and, with ``impersonate-on:MODE:VERB``, for what is done in its name; the classic one asks
with ``impersonate`` for the identity alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from kapi.apimachinery import names
from kapi.apimachinery.field import quote
from kapi.apimachinery.user import (
    ALL_AUTHENTICATED,
    ALL_UNAUTHENTICATED,
    ANONYMOUS,
    PRIVILEGED_GROUP,
    UserInfo,
    service_account_groups,
    service_account_of,
)
from kapi.authorization.attributes import AuthorizationAttributes
from kapi.endpoints.filters.authorization import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.authorization.authorizer import Authorizer

__all__ = ["MODES", "Mode", "impersonated_user"]

_GROUP = "authentication.k8s.io"
_NODE_PREFIX = "system:node:"
_NODES = "system:nodes"
_NODE_NAME = "authentication.kubernetes.io/node-name"
_NODE_KEYS = "authentication.kubernetes.io/associated-node-keys"
# From so many groups or values on, the right to all of them is asked for first.
_MANY = 4


class Mode(NamedTuple):
    """One way to be allowed. ``suits`` takes the wanted user and the one who asks."""

    name: str
    suits: Callable[[UserInfo, UserInfo], bool]

    @property
    def verb(self) -> str:
        """The verb that the identity is asked for with."""
        return f"impersonate:{self.name}" if self.name else "impersonate"


def _node_of(username: str) -> str:
    """The name of the node with this user name, or the empty string."""
    if not username.startswith(_NODE_PREFIX):
        return ""
    name = username.removeprefix(_NODE_PREFIX)
    return "" if names.dns1123_subdomain(name) else name


def _has_only_a_name(user: UserInfo) -> bool:
    return not (user.uid or user.groups or user.extra)


def _is_own_node(wanted: UserInfo, requestor: UserInfo) -> bool:
    """Whether a service account asks for the node that its pod runs on."""
    node = _node_of(wanted.name)
    if not node or not _has_only_a_name(wanted) or service_account_of(requestor.name) is None:
        return False
    return requestor.extra.get(_NODE_NAME) == [node]


def _is_node(wanted: UserInfo, _requestor: UserInfo) -> bool:
    return _has_only_a_name(wanted) and bool(_node_of(wanted.name))


def _is_service_account(wanted: UserInfo, _requestor: UserInfo) -> bool:
    return _has_only_a_name(wanted) and service_account_of(wanted.name) is not None


def _is_other(wanted: UserInfo, _requestor: UserInfo) -> bool:
    return not _node_of(wanted.name) and service_account_of(wanted.name) is None


_ASSOCIATED_NODE = Mode("associated-node", _is_own_node)
_CLASSIC = Mode("", lambda _wanted, _requestor: True)
# In the order in which they are tried.
MODES = (
    _ASSOCIATED_NODE,
    Mode("arbitrary-node", _is_node),
    Mode("serviceaccount", _is_service_account),
    Mode("user-info", _is_other),
    _CLASSIC,
)


def impersonated_user(
    mode: Mode, authorizer: Authorizer, wanted: UserInfo, asked: AuthorizationAttributes
) -> UserInfo:
    """The user that the request is made by, in a mode that suits; raises Forbidden.

    ``asked`` is what the request wants to do, by the user who sent it.
    """
    if mode is _ASSOCIATED_NODE:
        # The right to be one's own node is the same on every node.
        keys = {_NODE_KEYS: sorted(asked.user.extra)}
        asked = replace(asked, user=replace(asked.user, extra=keys))
    if mode.name:
        verb = f"impersonate-on:{mode.name}:{asked.verb}"
        _require(authorizer, replace(asked, verb=verb))
    return _Identity(mode, authorizer, asked.user).check(wanted)


class _Identity:
    """The checks of one mode for who somebody wants to be."""

    def __init__(self, mode: Mode, authorizer: Authorizer, requestor: UserInfo) -> None:
        self._mode = mode
        self._authorizer = authorizer
        self._requestor = requestor
        self._constrained = bool(mode.name)
        self._group = _GROUP if self._constrained else ""

    def check(self, wanted: UserInfo) -> UserInfo:
        """Everything that is wanted, and what comes with it; raises Forbidden."""
        groups = self._check_name(wanted)
        if wanted.uid:
            self._require(_GROUP, "uids", wanted.uid)
        self._check_groups(wanted.groups)
        self._check_extra(wanted.extra)
        if wanted.name == ANONYMOUS:
            groups = _with(groups, ALL_UNAUTHENTICATED)
        elif ALL_UNAUTHENTICATED not in groups:
            groups = _with(groups, ALL_AUTHENTICATED)
        return UserInfo(wanted.name, wanted.uid, groups, wanted.extra)

    def _check_name(self, wanted: UserInfo) -> tuple[str, ...]:
        """The groups of the user, without those that everybody has."""
        account, node = service_account_of(wanted.name), _node_of(wanted.name)
        if account is not None:
            namespace, name = account
            self._require(self._group, "serviceaccounts", name, namespace=namespace)
            return wanted.groups or service_account_groups(namespace)
        if self._constrained and node:
            name = "*" if self._mode is _ASSOCIATED_NODE else node
            self._require(self._group, "nodes", name)
            return (_NODES,)
        self._require(self._group, "users", wanted.name)
        return wanted.groups

    def _check_groups(self, groups: tuple[str, ...]) -> None:
        if self._constrained and "" in groups:
            why = "impersonating the empty string group is not allowed"
            raise refusal(self._attributes(self._group, "groups", ""), why)
        if self._constrained and PRIVILEGED_GROUP in groups:
            why = f"impersonating the {PRIVILEGED_GROUP} group is not allowed"
            raise refusal(self._attributes(self._group, "groups", PRIVILEGED_GROUP), why)
        if self._constrained and len(groups) >= _MANY and self._may(self._group, "groups", "*"):
            return
        for group in groups:
            self._require(self._group, "groups", group)

    def _check_extra(self, extra: dict[str, list[str]]) -> None:
        if self._constrained:
            wrong = _problem_of_extra(extra)
            if wrong:
                why = f"impersonating {wrong}"
                raise refusal(self._attributes(_GROUP, "userextras", ""), why)
            many = max(len(extra), sum(map(len, extra.values()))) >= _MANY
            if many and self._may(_GROUP, "userextras", "*", subresource="*"):
                return
        for key, values in extra.items():
            for value in values:
                self._require(_GROUP, "userextras", value, subresource=key)

    def _attributes(
        self, group: str, resource: str, name: str, *, namespace: str = "", subresource: str = ""
    ) -> AuthorizationAttributes:
        return AuthorizationAttributes(
            self._requestor,
            self._mode.verb,
            True,
            group,
            "v1",
            namespace,
            resource,
            subresource,
            name,
        )

    def _may(self, group: str, resource: str, name: str, *, subresource: str = "") -> bool:
        attributes = self._attributes(group, resource, name, subresource=subresource)
        return self._authorizer.authorize(attributes).allowed

    def _require(
        self, group: str, resource: str, name: str, *, namespace: str = "", subresource: str = ""
    ) -> None:
        attributes = self._attributes(
            group, resource, name, namespace=namespace, subresource=subresource
        )
        _require(self._authorizer, attributes)


def _require(authorizer: Authorizer, attributes: AuthorizationAttributes) -> None:
    """Raises Forbidden unless it is allowed."""
    decision = authorizer.authorize(attributes)
    if not decision.allowed:
        reasons = [text for text in (decision.error, decision.reason) if text]
        raise refusal(attributes, ": ".join(reasons))


def _with(groups: tuple[str, ...], group: str) -> tuple[str, ...]:
    return groups if group in groups else (*groups, group)


def _problem_of_extra(extra: dict[str, list[str]]) -> str:
    """What is not allowed about extra values in a constrained mode."""
    for key, values in extra.items():
        if not key:
            return "the empty string key in extra is not allowed"
        wrong = names.domain_prefixed_path(key)
        if wrong:
            told = [f"extra.key: Invalid value: {quote(part)}: {text}" for part, text in wrong]
            shown = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
            return f"an invalid key in extra is not allowed: {shown}"
        if "" in values:
            return "the empty string value in extra is not allowed"
    return ""
