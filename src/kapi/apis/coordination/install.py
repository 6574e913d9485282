"""Registers the kinds of coordination.k8s.io."""

from __future__ import annotations

from kapi.apis.coordination import columns, strategy
from kapi.registry.rules import KindRules, Rules

__all__ = ["install"]

_GROUP = "coordination.k8s.io"


def install(rules: Rules) -> None:
    """Register every kind of the group."""
    rules.add(_GROUP, "leases", KindRules(strategy=strategy.LeaseStrategy(), columns=columns.LEASE))
    rules.add(
        _GROUP,
        "leasecandidates",
        KindRules(strategy=strategy.LeaseCandidateStrategy(), columns=columns.LEASE_CANDIDATE),
    )
