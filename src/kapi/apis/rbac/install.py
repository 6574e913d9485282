"""Registers the kinds of rbac.authorization.k8s.io."""

from __future__ import annotations

from kapi.apis.rbac import columns, defaults, strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    group = defaults.GROUP
    binding_defaults = {"v1": defaults.default_binding}
    rules.add(group, "roles", KindRules(strategy=strategy.RoleStrategy()))
    rules.add(group, "clusterroles", KindRules(strategy=strategy.ClusterRoleStrategy()))
    rules.add(
        group,
        "rolebindings",
        KindRules(
            strategy=strategy.RoleBindingStrategy(),
            defaults=binding_defaults,
            columns=columns.ROLE_BINDING,
        ),
    )
    rules.add(
        group,
        "clusterrolebindings",
        KindRules(
            strategy=strategy.ClusterRoleBindingStrategy(),
            defaults=binding_defaults,
            columns=columns.CLUSTER_ROLE_BINDING,
        ),
    )
