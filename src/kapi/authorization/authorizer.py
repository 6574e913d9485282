"""Authorizer: what decides whether something may be done, and how it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from kapi.apimachinery.types import JSONObject
    from kapi.apimachinery.user import UserInfo
    from kapi.authorization.attributes import AuthorizationAttributes

__all__ = ["Authorizer", "Decision", "SubjectRules", "aggregate", "decide"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What an authorizer says. Neither allowed nor denied means that it has no opinion.

    ``reason`` explains it, ``error`` tells what went wrong while it was made. With ``prepare``
    nothing is decided yet: await it and ask again (see :func:`decide`). Only the first request of
    a kind of user meets this, for whom something is to be read first.
    """

    allowed: bool
    reason: str = ""
    denied: bool = False
    error: str = ""
    prepare: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class SubjectRules:
    """What a user may do in a namespace, as SelfSubjectRulesReview shows it."""

    resource_rules: list[JSONObject] = field(default_factory=list)
    non_resource_rules: list[JSONObject] = field(default_factory=list)
    incomplete: bool = False
    error: str = ""


def aggregate(errors: Iterable[str]) -> str:
    """Several errors as one text, each once; the empty string for none."""
    texts = list(dict.fromkeys(errors))
    if len(texts) < 2:
        return "".join(texts)
    return f"[{', '.join(texts)}]"


class Authorizer(Protocol):
    """Decides whether a request may be made; called for every request, so it must be quick."""

    def authorize(self, attributes: AuthorizationAttributes) -> Decision:
        """Decide; never raises."""
        ...

    def rules(self, user: UserInfo, namespace: str) -> SubjectRules:
        """What the user may do in the namespace."""
        ...


async def decide(authorizer: Authorizer, attributes: AuthorizationAttributes) -> Decision:
    """The decision, once what it takes is there; raises what hinders that."""
    decision = authorizer.authorize(attributes)
    if decision.prepare is not None:
        await decision.prepare()
        decision = authorizer.authorize(attributes)
    return decision
