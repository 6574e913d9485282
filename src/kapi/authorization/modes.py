"""The authorizer of ``--authorization-mode``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.authorization.always import AlwaysAllow, AlwaysDeny
from kapi.authorization.privileged import PrivilegedGroup
from kapi.authorization.rbac import RBACAuthorizer
from kapi.authorization.union import Union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.authorization.authorizer import Authorizer
    from kapi.authorization.node import NodeAuthorizer
    from kapi.authorization.rbac import RoleGetter

__all__ = ["authorizer_for"]


def authorizer_for(modes: Sequence[str], roles: RoleGetter, nodes: NodeAuthorizer) -> Authorizer:
    """The authorizer of the given modes, which are asked in their order.

    ``system:masters`` may do everything in every mode.
    """
    authorizers: list[Authorizer] = [PrivilegedGroup()]
    for mode in modes:
        if mode == "AlwaysAllow":
            authorizers.append(AlwaysAllow())
        elif mode == "AlwaysDeny":
            authorizers.append(AlwaysDeny())
        elif mode == "Node":
            authorizers.append(nodes)
        elif mode == "RBAC":
            authorizers.append(RBACAuthorizer(roles))
    return Union(authorizers)
