"""Registers the rules of the ``apps`` group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.apps import columns, defaults, strategy
from kapi.registry.rules import KindRules

if TYPE_CHECKING:
    from kapi.registry.rules import Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Add every kind of the group."""
    rules.add(
        "apps",
        "deployments",
        KindRules(
            strategy=strategy.DeploymentStrategy(),
            subresources={"status": strategy.DeploymentStatusStrategy()},
            defaults={"v1": defaults.default_deployment},
            columns=columns.DEPLOYMENT,
            plain_numbers=("replicas",),
        ),
    )
    rules.add(
        "apps",
        "replicasets",
        KindRules(
            strategy=strategy.ReplicaSetStrategy(),
            subresources={"status": strategy.ReplicaSetStatusStrategy()},
            defaults={"v1": defaults.default_replica_set},
            columns=columns.REPLICA_SET,
            plain_numbers=("replicas",),
        ),
    )
    rules.add(
        "apps",
        "statefulsets",
        KindRules(
            strategy=strategy.StatefulSetStrategy(),
            subresources={"status": strategy.StatefulSetStatusStrategy()},
            defaults={"v1": defaults.default_stateful_set},
            columns=columns.STATEFUL_SET,
            plain_numbers=("replicas",),
        ),
    )
    rules.add(
        "apps",
        "daemonsets",
        KindRules(
            strategy=strategy.DaemonSetStrategy(),
            subresources={"status": strategy.DaemonSetStatusStrategy()},
            defaults={"v1": defaults.default_daemon_set},
            columns=columns.DAEMON_SET,
            hidden_annotations=(defaults.TEMPLATE_GENERATION,),
        ),
    )
    rules.add(
        "apps",
        "controllerrevisions",
        KindRules(
            strategy=strategy.ControllerRevisionStrategy(),
            columns=columns.CONTROLLER_REVISION,
        ),
    )
