"""AuthorizeKnownUsers: who is known may do everything; in force until roles decide.

Anonymous requests get the paths that kube-apiserver opens to them by default
(``system:public-info-viewer``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.user import ALL_UNAUTHENTICATED
from kapi.authorization.always import HEALTH, everything
from kapi.authorization.authorizer import Decision, SubjectRules

if TYPE_CHECKING:
    from kapi.apimachinery.user import UserInfo
    from kapi.authorization.attributes import AuthorizationAttributes

__all__ = ["AuthorizeKnownUsers"]

_PUBLIC = HEALTH | {"/version"}
_ALLOWED = Decision(allowed=True)
_NO_OPINION = Decision(allowed=False)


class AuthorizeKnownUsers:
    """Everybody whose name is known may do everything."""

    def authorize(self, attributes: AuthorizationAttributes) -> Decision:
        """See :class:`~kapi.authorization.authorizer.Authorizer`."""
        if ALL_UNAUTHENTICATED not in attributes.user.groups:
            return _ALLOWED
        if attributes.is_resource or attributes.verb != "get":
            return _NO_OPINION
        return _ALLOWED if attributes.path.rstrip("/") in _PUBLIC else _NO_OPINION

    def rules(self, user: UserInfo, namespace: str) -> SubjectRules:
        """See :class:`~kapi.authorization.authorizer.Authorizer`."""
        if ALL_UNAUTHENTICATED in user.groups:
            urls = sorted(path + slash for path in _PUBLIC for slash in ("", "/"))
            return SubjectRules([], [{"verbs": ["get"], "nonResourceURLs": urls}])
        return everything()
