"""RBAC: what roles allow, and to whom bindings give them.

Implements "Using RBAC Authorization" of the documentation: rules with verbs, API groups,
resources, resource names and URLs; Roles and ClusterRoles; RoleBindings, which give rights in
their namespace, and ClusterRoleBindings, which give them everywhere. Rules only add rights, so
the answer is never "denied". Where roles and bindings come from is behind :class:`RoleGetter`;
what is stored there has been validated and defaulted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from kapi.apimachinery.field import quote
from kapi.apimachinery.user import service_account_username
from kapi.authorization.authorizer import Decision, SubjectRules, aggregate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.apimachinery.user import UserInfo
    from kapi.authorization.attributes import AuthorizationAttributes

__all__ = [
    "GrantedRule",
    "RBACAuthorizer",
    "RoleGetter",
    "RoleMissing",
    "granted_rules",
    "matching_subject",
    "referenced_rules",
    "rule_allows",
]

_GROUP = "rbac.authorization.k8s.io"
_NO_OPINION = Decision(allowed=False)
_ALL = "*"


class RoleGetter(Protocol):
    """The roles and bindings of a server as they are now; answers from memory."""

    def role(self, namespace: str, name: str) -> JSONObject | None:
        """A Role, None when there is none."""
        ...

    def cluster_role(self, name: str) -> JSONObject | None:
        """A ClusterRole, None when there is none."""
        ...

    def role_bindings(self, namespace: str) -> Sequence[JSONObject]:
        """The RoleBindings of a namespace."""
        ...

    def cluster_role_bindings(self) -> Sequence[JSONObject]:
        """All ClusterRoleBindings."""
        ...


class RoleMissing(Exception):
    """A binding refers to a role that is not there; the text says to which."""


class GrantedRule(NamedTuple):
    """A rule that somebody has, and the binding and subject that gave it."""

    rule: JSONObject
    binding: JSONObject
    subject: JSONObject

    def __str__(self) -> str:
        meta, ref = self.binding["metadata"], self.binding["roleRef"]
        namespace = meta.get("namespace") or ""
        kind, name = "ClusterRoleBinding", meta["name"]
        if namespace:
            kind, name = "RoleBinding", f"{name}/{namespace}"
        role = f"{ref['kind']} {quote(ref['name'])}"
        return f"{kind} {quote(name)} of {role} to {_described(self.subject, namespace)}"


def _described(subject: JSONObject, binding_namespace: str) -> str:
    kind, name = subject["kind"], subject["name"]
    if kind == "ServiceAccount":
        name = f"{name}/{subject.get('namespace') or binding_namespace}"
    return f"{kind} {quote(name)}"


# -- rules ------------------------------------------------------------------------------------


def rule_allows(rule: JSONObject, attributes: AuthorizationAttributes) -> bool:
    """Whether one rule covers what is asked."""
    if not _names(rule, "verbs", attributes.verb):
        return False
    if not attributes.is_resource:
        return any(_covers_path(url, attributes.path) for url in rule.get("nonResourceURLs") or ())
    if not _names(rule, "apiGroups", attributes.group):
        return False
    names = rule.get("resourceNames")
    if names and attributes.name not in names:
        return False
    return _covers_resource(rule, attributes.resource, attributes.subresource)


def _names(rule: JSONObject, member: str, wanted: str) -> bool:
    listed: Sequence[str] = rule.get(member) or ()
    return wanted in listed or _ALL in listed


def _covers_resource(rule: JSONObject, resource: str, subresource: str) -> bool:
    """``*`` covers all, ``pods`` not its subresources, ``*/scale`` one of every resource."""
    listed: Sequence[str] = rule.get("resources") or ()
    if _ALL in listed:
        return True
    if not subresource:
        return resource in listed
    return f"{resource}/{subresource}" in listed or f"*/{subresource}" in listed


def _covers_path(url: str, path: str) -> bool:
    return url == path or (url.endswith(_ALL) and path.startswith(url.rstrip(_ALL)))


# -- subjects ---------------------------------------------------------------------------------


def matching_subject(binding: JSONObject, user: UserInfo) -> JSONObject | None:
    """The first subject of a binding that is the user, None when nobody of them is."""
    namespace = binding["metadata"].get("namespace") or ""
    for subject in binding.get("subjects") or ():
        if _is_user(subject, user, namespace):
            found: JSONObject = subject
            return found
    return None


def _is_user(subject: JSONObject, user: UserInfo, binding_namespace: str) -> bool:
    kind, name = subject["kind"], subject["name"]
    if kind == "User":
        return bool(user.name == name)
    if kind == "Group":
        return name in user.groups
    if kind != "ServiceAccount":
        return False
    namespace = subject.get("namespace") or binding_namespace
    return bool(namespace) and user.name == service_account_username(namespace, name)


# -- bindings ---------------------------------------------------------------------------------


def granted_rules(
    roles: RoleGetter, user: UserInfo, namespace: str, missed: Callable[[RoleMissing], None]
) -> Iterator[GrantedRule]:
    """The rules that a user has in a namespace, those for the whole cluster first.

    Without a namespace there are only the latter. ``missed`` is told of roles that are not there;
    what they would allow is not allowed.
    """
    yield from _given(roles, user, roles.cluster_role_bindings(), missed)
    if namespace:
        yield from _given(roles, user, roles.role_bindings(namespace), missed)


def _given(
    roles: RoleGetter,
    user: UserInfo,
    bindings: Iterable[JSONObject],
    missed: Callable[[RoleMissing], None],
) -> Iterator[GrantedRule]:
    for binding in bindings:
        subject = matching_subject(binding, user)
        if subject is None:
            continue
        try:
            rules = referenced_rules(roles, binding)
        except RoleMissing as error:
            missed(error)
            continue
        for rule in rules:
            yield GrantedRule(rule, binding, subject)


def referenced_rules(roles: RoleGetter, binding: JSONObject) -> list[JSONObject]:
    """The rules of the role that a binding refers to; raises RoleMissing."""
    ref = binding["roleRef"]
    kind, name = ref["kind"], ref["name"]
    if kind == "Role":
        role = roles.role(binding["metadata"].get("namespace") or "", name)
    elif kind == "ClusterRole":
        role = roles.cluster_role(name)
    else:
        raise RoleMissing(f"unsupported role reference kind: {quote(kind)}")
    if role is None:
        raise RoleMissing(f"{kind.lower()}.{_GROUP} {quote(name)} not found")
    return role.get("rules") or []


class RBACAuthorizer:
    """Implements :class:`~kapi.authorization.authorizer.Authorizer` by roles and bindings."""

    def __init__(self, roles: RoleGetter) -> None:
        self._roles = roles

    def authorize(self, attributes: AuthorizationAttributes) -> Decision:
        """Allowed by the first rule that covers it; else what was missing on the way is told."""
        missed: list[RoleMissing] = []
        user, namespace = attributes.user, attributes.namespace
        for granted in granted_rules(self._roles, user, namespace, missed.append):
            if rule_allows(granted.rule, attributes):
                return Decision(allowed=True, reason=f"RBAC: allowed by {granted}")
        if not missed:
            return _NO_OPINION
        return Decision(allowed=False, reason=f"RBAC: {aggregate(map(str, missed))}")

    def rules(self, user: UserInfo, namespace: str) -> SubjectRules:
        """Every rule that the user has in the namespace, as SelfSubjectRulesReview shows it."""
        missed: list[RoleMissing] = []
        resources: list[JSONObject] = []
        urls: list[JSONObject] = []
        for granted in granted_rules(self._roles, user, namespace, missed.append):
            rule = granted.rule
            if rule.get("resources"):
                resources.append(_shown(rule, "apiGroups", "resources", "resourceNames"))
            if rule.get("nonResourceURLs"):
                urls.append(_shown(rule, "nonResourceURLs"))
        return SubjectRules(resources, urls, error=aggregate(map(str, missed)))


def _shown(rule: JSONObject, *members: str) -> JSONObject:
    shown: JSONObject = {"verbs": rule["verbs"]}
    shown.update({member: rule[member] for member in members if rule.get(member)})
    return shown
