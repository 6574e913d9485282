"""Strategies of the kinds of coordination.k8s.io: what a client may set, and where."""

from __future__ import annotations

from typing import ClassVar

from kapi.registry.strategy import Strategy

__all__ = ["LeaseCandidateStrategy", "LeaseStrategy"]


class LeaseStrategy(Strategy):
    """Lease."""

    allow_create_on_update: ClassVar[bool] = True
    allow_unconditional_update: ClassVar[bool] = False


class LeaseCandidateStrategy(Strategy):
    """LeaseCandidate."""

    allow_create_on_update: ClassVar[bool] = True
    allow_unconditional_update: ClassVar[bool] = False
