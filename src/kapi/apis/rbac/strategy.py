"""Strategies of the kinds of rbac.authorization.k8s.io: what a client may set, and where."""

from __future__ import annotations

from typing import ClassVar

from kapi.apimachinery import names
from kapi.registry.strategy import Strategy

__all__ = [
    "ClusterRoleBindingStrategy",
    "ClusterRoleStrategy",
    "RoleBindingStrategy",
    "RoleStrategy",
]


class RoleStrategy(Strategy):
    """Role."""

    allow_create_on_update: ClassVar[bool] = True

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """Names are path segments."""
        return names.path_segment_name(name, prefix=prefix)


class ClusterRoleStrategy(Strategy):
    """ClusterRole."""

    allow_create_on_update: ClassVar[bool] = True

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """Names are path segments."""
        return names.path_segment_name(name, prefix=prefix)


class RoleBindingStrategy(Strategy):
    """RoleBinding."""

    allow_create_on_update: ClassVar[bool] = True

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """Names are path segments."""
        return names.path_segment_name(name, prefix=prefix)


class ClusterRoleBindingStrategy(Strategy):
    """ClusterRoleBinding."""

    allow_create_on_update: ClassVar[bool] = True

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """Names are path segments."""
        return names.path_segment_name(name, prefix=prefix)
