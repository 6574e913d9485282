"""UserInfo: the user a request is made by, and the names Kubernetes reserves for users and groups.

Implements "Users in Kubernetes" of the authentication documentation. Authentication produces it;
authorization, admission and the reviews read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "ALL_AUTHENTICATED",
    "ALL_UNAUTHENTICATED",
    "ANONYMOUS",
    "CREDENTIAL_ID",
    "PRIVILEGED_GROUP",
    "UserInfo",
    "with_authenticated_group",
]

ANONYMOUS = "system:anonymous"
ALL_AUTHENTICATED = "system:authenticated"
ALL_UNAUTHENTICATED = "system:unauthenticated"
PRIVILEGED_GROUP = "system:masters"
CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"


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
