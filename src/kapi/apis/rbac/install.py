"""Registers the kinds of rbac.authorization.k8s.io."""

from __future__ import annotations

from kapi.apis.rbac import strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "rbac.authorization.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "roles",
        KindRules(
            strategy=strategy.RoleStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "clusterroles",
        KindRules(
            strategy=strategy.ClusterRoleStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "rolebindings",
        KindRules(
            strategy=strategy.RoleBindingStrategy(),
        ),
    )
    rules.add(
        _GROUP,
        "clusterrolebindings",
        KindRules(
            strategy=strategy.ClusterRoleBindingStrategy(),
        ),
    )
