"""Strategies of the kinds of apiregistration.k8s.io: what a client may set, and where."""

from __future__ import annotations

from typing import ClassVar

from kapi.registry.strategy import Strategy

__all__ = ["APIServiceStatusStrategy", "APIServiceStrategy"]


class APIServiceStrategy(Strategy):
    """APIService."""

    allow_unconditional_update: ClassVar[bool] = False
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)


class APIServiceStatusStrategy(Strategy):
    """APIService/status."""

    allow_unconditional_update: ClassVar[bool] = False
    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)
