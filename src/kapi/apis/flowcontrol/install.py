"""Registers the kinds of flowcontrol.apiserver.k8s.io."""

from __future__ import annotations

from kapi.apis.flowcontrol import columns, conversion, defaults, strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "flowcontrol.apiserver.k8s.io"
_VERSIONS = ("v1", "v1beta3", "v1beta2", "v1beta1")
# Versions whose levels have assuredConcurrencyShares.
_ASSURED = ("v1beta2", "v1beta1")


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(
        _GROUP,
        "flowschemas",
        KindRules(
            strategy=strategy.FlowSchemaStrategy(),
            subresources={"status": strategy.FlowSchemaStatusStrategy()},
            defaults=dict.fromkeys(_VERSIONS, defaults.default_flow_schema),
            columns=columns.FLOW_SCHEMA,
        ),
    )
    rules.add(
        _GROUP,
        "prioritylevelconfigurations",
        KindRules(
            strategy=strategy.PriorityLevelConfigurationStrategy(),
            subresources={"status": strategy.PriorityLevelConfigurationStatusStrategy()},
            defaults={
                **dict.fromkeys(_VERSIONS, defaults.default_priority_level),
                **dict.fromkeys(_ASSURED, defaults.default_priority_level_beta),
            },
            columns=columns.PRIORITY_LEVEL_CONFIGURATION,
            to_hub=dict.fromkeys(_ASSURED, conversion.shares_to_hub),
            from_hub=dict.fromkeys(_ASSURED, conversion.shares_from_hub),
        ),
    )
