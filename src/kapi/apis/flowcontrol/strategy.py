"""Strategies of the kinds of flowcontrol.apiserver.k8s.io: what a client may set, and where."""

from __future__ import annotations

from typing import ClassVar

from kapi.registry.strategy import Strategy

__all__ = [
    "FlowSchemaStatusStrategy",
    "FlowSchemaStrategy",
    "PriorityLevelConfigurationStatusStrategy",
    "PriorityLevelConfigurationStrategy",
]


class FlowSchemaStrategy(Strategy):
    """FlowSchema."""

    has_generation: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)


class FlowSchemaStatusStrategy(Strategy):
    """FlowSchema/status."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)


class PriorityLevelConfigurationStrategy(Strategy):
    """PriorityLevelConfiguration."""

    has_generation: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)


class PriorityLevelConfigurationStatusStrategy(Strategy):
    """PriorityLevelConfiguration/status."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)
