"""Strategies of the kinds of resource.k8s.io: what a client may set, and where."""

from __future__ import annotations

from typing import ClassVar

from kapi.registry.strategy import Strategy

__all__ = [
    "DeviceClassStrategy",
    "ResourceClaimStatusStrategy",
    "ResourceClaimStrategy",
    "ResourceClaimTemplateStrategy",
    "ResourceSliceStrategy",
]


class DeviceClassStrategy(Strategy):
    """DeviceClass."""

    has_generation: ClassVar[bool] = True
    delete_returns_object: ClassVar[bool] = True


class ResourceClaimStrategy(Strategy):
    """ResourceClaim."""

    delete_returns_object: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)


class ResourceClaimStatusStrategy(Strategy):
    """ResourceClaim/status."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)


class ResourceClaimTemplateStrategy(Strategy):
    """ResourceClaimTemplate."""

    delete_returns_object: ClassVar[bool] = True


class ResourceSliceStrategy(Strategy):
    """ResourceSlice."""

    has_generation: ClassVar[bool] = True
    delete_returns_object: ClassVar[bool] = True
