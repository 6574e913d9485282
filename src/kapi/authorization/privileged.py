"""PrivilegedGroup: members of ``system:masters`` may do everything, whatever roles say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.user import PRIVILEGED_GROUP
from kapi.authorization.authorizer import Decision, SubjectRules

if TYPE_CHECKING:
    from kapi.apimachinery.user import UserInfo
    from kapi.authorization.attributes import AuthorizationAttributes

__all__ = ["PrivilegedGroup"]

_ALLOWED = Decision(allowed=True)
_NO_OPINION = Decision(allowed=False)


class PrivilegedGroup:
    """Allows everything to its members and has no opinion about anybody else."""

    def authorize(self, attributes: AuthorizationAttributes) -> Decision:
        """See :class:`~kapi.authorization.authorizer.Authorizer`."""
        return _ALLOWED if PRIVILEGED_GROUP in attributes.user.groups else _NO_OPINION

    def rules(self, user: UserInfo, namespace: str) -> SubjectRules:
        """None of its own: the group's rights are told by its role."""
        return SubjectRules()
