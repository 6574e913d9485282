"""Strategies of the kinds of networking.k8s.io: what a client may set, and where."""

from __future__ import annotations

from typing import ClassVar

from kapi.registry.strategy import Strategy

__all__ = [
    "IPAddressStrategy",
    "IngressClassStrategy",
    "IngressStatusStrategy",
    "IngressStrategy",
    "NetworkPolicyStrategy",
    "ServiceCIDRStatusStrategy",
    "ServiceCIDRStrategy",
]


class IngressStrategy(Strategy):
    """Ingress."""

    has_generation: ClassVar[bool] = True
    reset_fields: ClassVar[tuple[str, ...]] = ("status",)


class IngressStatusStrategy(Strategy):
    """Ingress/status."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)


class IngressClassStrategy(Strategy):
    """IngressClass."""

    has_generation: ClassVar[bool] = True


class NetworkPolicyStrategy(Strategy):
    """NetworkPolicy."""

    has_generation: ClassVar[bool] = True


class IPAddressStrategy(Strategy):
    """IPAddress."""


class ServiceCIDRStrategy(Strategy):
    """ServiceCIDR."""

    reset_fields: ClassVar[tuple[str, ...]] = ("status",)


class ServiceCIDRStatusStrategy(Strategy):
    """ServiceCIDR/status."""

    reset_fields: ClassVar[tuple[str, ...]] = ("spec",)
