"""Registers pods, pod templates and replication controllers of the core group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.core import pod_columns, pod_strategy, pod_template, replication_controller
from kapi.apis.core.pod_defaults import default_pod
from kapi.registry.rules import KindRules

if TYPE_CHECKING:
    from kapi.registry.rules import Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Register the kinds."""
    rules.add(
        "",
        "pods",
        KindRules(
            strategy=pod_strategy.PodStrategy(),
            subresources={
                "status": pod_strategy.PodStatusStrategy(),
                "ephemeralcontainers": pod_strategy.PodEphemeralContainersStrategy(),
                "resize": pod_strategy.PodResizeStrategy(),
                "binding": pod_strategy.PodBindingStrategy(),
            },
            defaults={"v1": default_pod},
            columns=pod_columns.POD,
            selectable_fields=pod_strategy.SELECTABLE_FIELDS,
        ),
    )
    rules.add(
        "",
        "podtemplates",
        KindRules(
            strategy=pod_template.PodTemplateStrategy(),
            defaults={"v1": pod_template.default_pod_template},
            columns=pod_template.COLUMNS,
        ),
    )
    rules.add(
        "",
        "replicationcontrollers",
        KindRules(
            strategy=replication_controller.ReplicationControllerStrategy(),
            subresources={"status": replication_controller.ReplicationControllerStatusStrategy()},
            defaults={"v1": replication_controller.default_replication_controller},
            columns=replication_controller.COLUMNS,
            selectable_fields=("status.replicas",),
            plain_numbers=("replicas",),
        ),
    )
