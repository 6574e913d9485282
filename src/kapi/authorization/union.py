"""Union: several authorizers as one, asked in order until one has an opinion.

Implements the order of ``--authorization-mode`` of the documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.authorization.authorizer import Decision, SubjectRules, aggregate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.user import UserInfo
    from kapi.authorization.attributes import AuthorizationAttributes
    from kapi.authorization.authorizer import Authorizer

__all__ = ["Union"]


class Union:
    """The first authorizer that allows or denies decides."""

    def __init__(self, authorizers: Sequence[Authorizer]) -> None:
        self._authorizers = tuple(authorizers)

    def authorize(self, attributes: AuthorizationAttributes) -> Decision:
        """Without any opinion, what all had to say, one line each.

        One that cannot decide yet stands back behind others that allow.
        """
        reasons: list[str] = []
        errors: list[str] = []
        undecided: Decision | None = None
        for authorizer in self._authorizers:
            decision = authorizer.authorize(attributes)
            if decision.allowed:
                return decision
            if decision.prepare is not None:
                undecided = decision
            elif decision.denied:
                return undecided or decision
            if decision.reason:
                reasons.append(decision.reason)
            if decision.error:
                errors.append(decision.error)
        if undecided is not None:
            return undecided
        return Decision(allowed=False, reason="\n".join(reasons), error=aggregate(errors))

    def rules(self, user: UserInfo, namespace: str) -> SubjectRules:
        """The rules of all; not complete where one of them is not."""
        found = [authorizer.rules(user, namespace) for authorizer in self._authorizers]
        return SubjectRules(
            [rule for each in found for rule in each.resource_rules],
            [rule for each in found for rule in each.non_resource_rules],
            any(each.incomplete for each in found),
            aggregate(each.error for each in found if each.error),
        )
