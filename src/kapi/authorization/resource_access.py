"""The question that admission plugins ask: may a user do this to a cluster-scoped object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.authorization.attributes import AuthorizationAttributes

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.user import UserInfo
    from kapi.authorization.authorizer import Authorizer

__all__ = ["resource_access"]


def resource_access(
    authorizer: Authorizer,
) -> Callable[[UserInfo, str, str, str, str], bool]:
    """A function of user, verb, group, resource and name."""

    def may(user: UserInfo, verb: str, group: str, resource: str, name: str) -> bool:
        attributes = AuthorizationAttributes(
            user, verb, group=group, version="*", resource=resource, name=name
        )
        return authorizer.authorize(attributes).allowed

    return may
