"""AlwaysAllow and AlwaysDeny: the two authorizers that look at nothing.

Implements the modes of these names of "Authorization modes" of the documentation. Members of
``system:masters`` are refused by neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.user import PRIVILEGED_GROUP
from kapi.authorization.authorizer import Decision, SubjectRules

if TYPE_CHECKING:
    from kapi.apimachinery.user import UserInfo
    from kapi.authorization.attributes import AuthorizationAttributes

__all__ = ["HEALTH", "AlwaysAllow", "AlwaysDeny", "everything"]

# Whether a server is well may be asked by everybody.
HEALTH = frozenset({"/healthz", "/livez", "/readyz"})
_ALLOWED = Decision(allowed=True)
_DENIED = Decision(allowed=False, reason="Everything is forbidden.")


def everything() -> SubjectRules:
    """The rules of somebody who may do everything."""
    return SubjectRules(
        [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
        [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    )


class AlwaysAllow:
    """Everybody may do everything."""

    def authorize(self, attributes: AuthorizationAttributes) -> Decision:
        """See :class:`~kapi.authorization.authorizer.Authorizer`."""
        return _ALLOWED

    def rules(self, user: UserInfo, namespace: str) -> SubjectRules:
        """See :class:`~kapi.authorization.authorizer.Authorizer`."""
        return everything()


class AlwaysDeny:
    """Nobody may do anything but the group ``system:masters``, and asking for health."""

    def authorize(self, attributes: AuthorizationAttributes) -> Decision:
        """See :class:`~kapi.authorization.authorizer.Authorizer`."""
        if PRIVILEGED_GROUP in attributes.user.groups or attributes.path.rstrip("/") in HEALTH:
            return _ALLOWED
        return _DENIED

    def rules(self, user: UserInfo, namespace: str) -> SubjectRules:
        """See :class:`~kapi.authorization.authorizer.Authorizer`."""
        return everything() if PRIVILEGED_GROUP in user.groups else SubjectRules([], [])
