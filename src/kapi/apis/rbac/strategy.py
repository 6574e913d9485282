"""Strategies of the RBAC kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.apimachinery import names
from kapi.apis.rbac.validation import (
    validate_binding,
    validate_binding_update,
    validate_cluster_role,
    validate_role,
)
from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.registry.context import RequestContext

__all__ = [
    "ClusterRoleBindingStrategy",
    "ClusterRoleStrategy",
    "RoleBindingStrategy",
    "RoleStrategy",
]


class _RBACStrategy(Strategy):
    """What all four kinds share: free names, and PUT creates."""

    allow_create_on_update: ClassVar[bool] = True

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """Names are path segments."""
        return names.path_segment_name(name, prefix=prefix)


class RoleStrategy(_RBACStrategy):
    """Role."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Its rules."""
        validate_role(obj, errors)


class ClusterRoleStrategy(_RBACStrategy):
    """ClusterRole."""

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Its rules and aggregation."""
        validate_cluster_role(obj, errors)


class RoleBindingStrategy(_RBACStrategy):
    """RoleBinding."""

    _role_kinds: ClassVar[tuple[str, ...]] = ("Role", "ClusterRole")
    _namespaced: ClassVar[bool] = True

    def validate(self, context: RequestContext, obj: JSONObject, errors: ErrorList) -> None:
        """Its role reference and subjects."""
        validate_binding(obj, errors, self._role_kinds, namespaced=self._namespaced)

    def validate_update(
        self, context: RequestContext, obj: JSONObject, old: JSONObject, errors: ErrorList
    ) -> None:
        """The role reference never changes."""
        self.validate(context, obj, errors)
        validate_binding_update(obj, old, errors)


class ClusterRoleBindingStrategy(RoleBindingStrategy):
    """ClusterRoleBinding."""

    _role_kinds: ClassVar[tuple[str, ...]] = ("ClusterRole",)
    _namespaced: ClassVar[bool] = False
