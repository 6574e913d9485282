"""Registers the rules of the ``autoscaling`` group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.autoscaling import columns, conversion, defaults, strategy
from kapi.registry.rules import KindRules

if TYPE_CHECKING:
    from kapi.registry.rules import Rules

__all__ = ["install"]


def install(rules: Rules) -> None:
    """Add every kind of the group; its hub version is v2."""
    rules.add(
        "autoscaling",
        "horizontalpodautoscalers",
        KindRules(
            strategy=strategy.HorizontalPodAutoscalerStrategy(),
            subresources={"status": strategy.HorizontalPodAutoscalerStatusStrategy()},
            defaults={
                "v1": defaults.default_v1,
                "v2": defaults.default_v2,
                "v2beta2": defaults.default_v2,
            },
            columns=columns.HORIZONTAL_POD_AUTOSCALER,
            to_hub={"v1": conversion.v1_to_v2},
            from_hub={"v1": conversion.v2_to_v1},
        ),
    )
