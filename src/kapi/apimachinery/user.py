"""UserInfo: the user a request is made by, and the names Kubernetes reserves for users and groups.

Implements "Users in Kubernetes" of the authentication documentation. Authentication produces it;
authorization, admission and the reviews read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kapi.apimachinery import names

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "ALL_AUTHENTICATED",
    "ALL_SERVICE_ACCOUNTS",
    "ALL_UNAUTHENTICATED",
    "ANONYMOUS",
    "CREDENTIAL_ID",
    "PRIVILEGED_GROUP",
    "UserInfo",
    "node_of",
    "service_account_groups",
    "service_account_of",
    "service_account_username",
    "user_info",
    "with_authenticated_group",
]

ANONYMOUS = "system:anonymous"
ALL_AUTHENTICATED = "system:authenticated"
ALL_UNAUTHENTICATED = "system:unauthenticated"
ALL_SERVICE_ACCOUNTS = "system:serviceaccounts"
PRIVILEGED_GROUP = "system:masters"
CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"
_SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:"
_NODES_GROUP = "system:nodes"
_NODE_PREFIX = "system:node:"


@dataclass(frozen=True, slots=True)
class UserInfo:
    """Who asks, as ``authentication.k8s.io/v1`` UserInfo."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, list[str]] = field(default_factory=dict)


def with_authenticated_group(user: UserInfo) -> UserInfo:
    """The user as a member of ``system:authenticated``, which every known user is.

    Somebody anonymous, or in one of the two groups already, stays as they are.
    """
    groups = user.groups
    if user.name == ANONYMOUS or ALL_AUTHENTICATED in groups or ALL_UNAUTHENTICATED in groups:
        return user
    return UserInfo(user.name, user.uid, (*groups, ALL_AUTHENTICATED), user.extra)


def service_account_username(namespace: str, name: str) -> str:
    """The user name of a service account."""
    return f"{_SERVICE_ACCOUNT_PREFIX}{namespace}:{name}"


def service_account_groups(namespace: str) -> tuple[str, str]:
    """The groups that the service accounts of a namespace have as such."""
    return (ALL_SERVICE_ACCOUNTS, f"{ALL_SERVICE_ACCOUNTS}:{namespace}")


def service_account_of(username: str) -> tuple[str, str] | None:
    """Namespace and name of the service account with this user name, None if it is no such."""
    if not username.startswith(_SERVICE_ACCOUNT_PREFIX):
        return None
    namespace, colon, name = username.removeprefix(_SERVICE_ACCOUNT_PREFIX).partition(":")
    if not colon or names.dns1123_label(namespace) or names.dns1123_subdomain(name):
        return None
    return namespace, name


def node_of(user: UserInfo) -> str | None:
    """The node whose kubelet the user is; None for others, empty for a node without a name."""
    if _NODES_GROUP not in user.groups or not user.name.startswith(_NODE_PREFIX):
        return None
    return user.name[len(_NODE_PREFIX) :]


def user_info(user: UserInfo) -> JSONObject:
    """``authentication.k8s.io/v1`` UserInfo."""
    found: JSONObject = {"username": user.name}
    if user.uid:
        found["uid"] = user.uid
    if user.groups:
        found["groups"] = list(user.groups)
    if user.extra:
        found["extra"] = dict(sorted(user.extra.items()))
    return found
