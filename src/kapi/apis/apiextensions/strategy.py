"""Strategies of the kinds of apiextensions.k8s.io: what a client may set, and where."""

from __future__ import annotations

from typing import ClassVar

from kapi.registry.strategy import Strategy

__all__ = ["CustomResourceDefinitionStatusStrategy", "CustomResourceDefinitionStrategy"]


class CustomResourceDefinitionStrategy(Strategy):
    """CustomResourceDefinition."""

    allow_unconditional_update: ClassVar[bool] = False
    has_generation: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)


class CustomResourceDefinitionStatusStrategy(Strategy):
    """CustomResourceDefinition/status."""

    allow_unconditional_update: ClassVar[bool] = False
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)
