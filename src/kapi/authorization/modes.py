"""The authorizer of ``--authorization-mode``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.authorization.always import AlwaysAllow, AlwaysDeny
from kapi.authorization.known_users import AuthorizeKnownUsers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.authorization.authorizer import Authorizer

__all__ = ["authorizer_for"]


def authorizer_for(modes: Sequence[str]) -> Authorizer:
    """The authorizer of the given modes.

    Node and RBAC let everybody in whose name is known: roles are stored, but not yet enforced.
    """
    if "AlwaysAllow" in modes:
        return AlwaysAllow()
    return AlwaysDeny() if set(modes) == {"AlwaysDeny"} else AuthorizeKnownUsers()
