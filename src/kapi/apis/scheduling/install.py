"""Registers the kinds of scheduling.k8s.io."""

from __future__ import annotations

from kapi.apis.scheduling import columns, defaults, strategy
from kapi.apis.scheduling.workloads import COMPOSITE_POD_GROUP, POD_GROUP, WORKLOAD
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        "scheduling.k8s.io",
        "priorityclasses",
        KindRules(
            strategy=strategy.PriorityClassStrategy(),
            defaults={"v1": defaults.default_priority_class},
            columns=columns.PRIORITY_CLASS,
        ),
    )
    rules.add("scheduling.k8s.io", "workloads", WORKLOAD)
    rules.add("scheduling.k8s.io", "podgroups", POD_GROUP)
    rules.add("scheduling.k8s.io", "compositepodgroups", COMPOSITE_POD_GROUP)
