"""Authorization checks: the library of the variable ``authorizer``.

Implements "Kubernetes authorizer library" of the documentation. The functions exist in every
environment, the variables only where :mod:`kapi.cel.admission` declares them. Who decides is
behind :class:`AccessChecks`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from kapi.apimachinery import names
from kapi.apimachinery.user import UserInfo, service_account_groups, service_account_username
from kapi.cel.types import Type, opaque
from kapi.cel.values import CelError

if TYPE_CHECKING:
    from kapi.cel.functions import Functions

__all__ = [
    "AUTHORIZER",
    "RESOURCE_CHECK",
    "AccessChecks",
    "AccessDecision",
    "Authorizer",
    "ResourceCheck",
    "declare_authorizer",
]

_PREFIX = "kubernetes.authorization."
AUTHORIZER = Type(f"{_PREFIX}Authorizer")
RESOURCE_CHECK = Type(f"{_PREFIX}ResourceCheck")


@dataclass(frozen=True, slots=True)
class AccessDecision:
    """What the authorizers of a server have decided; not allowed may mean no opinion."""

    allowed: bool
    reason: str
    error: str


class AccessChecks(Protocol):
    """Decides what is checked; both methods raise nothing."""

    def check_path(self, user: UserInfo, path: str, verb: str) -> AccessDecision:
        """Whether a user may send a request of this verb to a path."""
        ...

    def check_resource(self, check: ResourceCheck, verb: str) -> AccessDecision:
        """Whether the user of a check may do this with what the check names."""
        ...


@dataclass(frozen=True, slots=True)
class Authorizer:
    """Checks for one user."""

    checks: AccessChecks
    user: UserInfo


@dataclass(frozen=True, slots=True)
class PathCheck:
    """A path that is no resource."""

    authorizer: Authorizer
    path: str


@dataclass(frozen=True, slots=True)
class GroupCheck:
    """An API group."""

    authorizer: Authorizer
    group: str


@dataclass(frozen=True, slots=True)
class ResourceCheck:
    """A resource; what is empty is not asked for. Selectors are texts that may not be valid."""

    authorizer: Authorizer
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    field_selector: str = ""
    label_selector: str = ""


def _path(authorizer: Authorizer, path: str) -> PathCheck:
    if not path.strip():
        raise CelError("path must not be empty")
    return PathCheck(authorizer, path)


def _service_account(authorizer: Authorizer, namespace: str, name: str) -> Authorizer:
    if names.dns1123_subdomain(name):
        raise CelError("Invalid service account name")
    if names.dns1123_label(namespace):
        raise CelError("Invalid service account namespace")
    username = service_account_username(namespace, name)
    user = UserInfo(username, groups=service_account_groups(namespace))
    return Authorizer(authorizer.checks, user)


def _resource(check: GroupCheck, resource: str) -> ResourceCheck:
    if not resource.strip():
        raise CelError("resource must not be empty")
    return ResourceCheck(check.authorizer, check.group, resource)


def _check_path(check: PathCheck, verb: str) -> AccessDecision:
    return check.authorizer.checks.check_path(check.authorizer.user, check.path, verb)


def _check_resource(check: ResourceCheck, verb: str) -> AccessDecision:
    return check.authorizer.checks.check_resource(check, verb)


def declare_authorizer(functions: Functions) -> None:
    """Declare the functions of authorization checks."""
    authorizer, resource = str(AUTHORIZER), str(RESOURCE_CHECK)
    path, group, decision = f"{_PREFIX}PathCheck", f"{_PREFIX}GroupCheck", f"{_PREFIX}Decision"
    opaque(authorizer, Authorizer)
    opaque(resource, ResourceCheck)
    opaque(path, PathCheck)
    opaque(group, GroupCheck)
    opaque(decision, AccessDecision)
    declare = functions.declare
    declare("path", f"{authorizer}.(string) -> {path}", _path)
    declare("group", f"{authorizer}.(string) -> {group}", GroupCheck)
    declare("serviceAccount", f"{authorizer}.(string, string) -> {authorizer}", _service_account)
    declare("resource", f"{group}.(string) -> {resource}", _resource)
    set_member = f"{resource}.(string) -> {resource}"
    declare("subresource", set_member, lambda check, text: replace(check, subresource=text))
    declare("namespace", set_member, lambda check, text: replace(check, namespace=text))
    declare("name", set_member, lambda check, text: replace(check, name=text))
    declare("fieldSelector", set_member, lambda check, text: replace(check, field_selector=text))
    declare("labelSelector", set_member, lambda check, text: replace(check, label_selector=text))
    declare("check", f"{path}.(string) -> {decision}", _check_path)
    declare("check", f"{resource}.(string) -> {decision}", _check_resource)
    declare("allowed", f"{decision}.() -> bool", lambda decided: decided.allowed)
    declare("reason", f"{decision}.() -> string", lambda decided: decided.reason)
    declare("errored", f"{decision}.() -> bool", lambda decided: bool(decided.error))
    declare("error", f"{decision}.() -> string", lambda decided: decided.error)
