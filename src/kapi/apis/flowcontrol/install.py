"""Registers the kinds of flowcontrol.apiserver.k8s.io."""

from __future__ import annotations

from kapi.apis.flowcontrol import strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "flowcontrol.apiserver.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "flowschemas",
        KindRules(
            strategy=strategy.FlowSchemaStrategy(),
            subresources={"status": strategy.FlowSchemaStatusStrategy()},
        ),
    )
    rules.add(
        _GROUP,
        "prioritylevelconfigurations",
        KindRules(
            strategy=strategy.PriorityLevelConfigurationStrategy(),
            subresources={"status": strategy.PriorityLevelConfigurationStatusStrategy()},
        ),
    )
