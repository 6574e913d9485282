"""Strategies of the kinds of discovery.k8s.io: what a client may set, and where."""

from __future__ import annotations

from typing import ClassVar

from kapi.registry.strategy import Strategy

__all__ = ["EndpointSliceStrategy"]


class EndpointSliceStrategy(Strategy):
    """EndpointSlice."""

    has_generation: ClassVar[bool] = True
    generation_fields: ClassVar[tuple[str, ...]] = (
        "endpoints",
        "ports",
        "addressType",
        "metadata.labels",
    )
