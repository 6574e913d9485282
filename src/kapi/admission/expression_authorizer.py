"""The variables that expressions of admission check authorization with.

The user is the one whose request is judged; ``authorizer.requestResource`` is what the request is
about. The questions go to the authorizer that lets requests in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapi.apimachinery import fields, labels
from kapi.authorization.attributes import AuthorizationAttributes
from kapi.cel.admission import REQUEST_RESOURCE
from kapi.cel.library.authorizer import AccessDecision, ResourceCheck
from kapi.cel.library.authorizer import Authorizer as ExpressionAuthorizer

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.apimachinery.user import UserInfo
    from kapi.authorization.authorizer import Authorizer, Decision

__all__ = ["AuthorizerChecks", "authorizer_variables"]


class AuthorizerChecks:
    """Implements :class:`~kapi.cel.library.authorizer.AccessChecks` with an Authorizer."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def check_path(self, user: UserInfo, path: str, verb: str) -> AccessDecision:
        """Whether a user may send a request of this verb to a path."""
        attributes = AuthorizationAttributes(user, verb, is_resource=False, path=path)
        return _told(self._authorizer.authorize(attributes))

    def check_resource(self, check: ResourceCheck, verb: str) -> AccessDecision:
        """Whether the user of a check may do this; selectors that cannot be read say nothing."""
        attributes = AuthorizationAttributes(
            check.authorizer.user,
            verb,
            True,
            check.group,
            "*",
            check.namespace,
            check.resource,
            check.subresource,
            check.name,
            field_selector=_readable(check.field_selector, fields.parse),
            label_selector=_readable(check.label_selector, labels.parse),
        )
        return _told(self._authorizer.authorize(attributes))


def _told(decision: Decision) -> AccessDecision:
    return AccessDecision(decision.allowed, decision.reason, decision.error)


def _readable(selector: str, parse: Any) -> str:
    try:
        parse(selector)
    except ValueError:
        return ""
    return selector


def authorizer_variables(
    authorizer: Authorizer, user: UserInfo, request: JSONObject
) -> dict[str, Any]:
    """The variables for a request of a user; ``request`` is its AdmissionRequest."""
    own = ExpressionAuthorizer(AuthorizerChecks(authorizer), user)
    resource: JSONObject = request["requestResource"]
    about = ResourceCheck(
        own,
        resource["group"],
        resource["resource"],
        request.get("requestSubResource", ""),
        request.get("namespace", ""),
        request.get("name", ""),
    )
    return {"authorizer": own, REQUEST_RESOURCE: about}
