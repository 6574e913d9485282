"""Default values of FlowSchema and PriorityLevelConfiguration."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["default_flow_schema", "default_priority_level", "default_priority_level_beta"]

_MATCHING_PRECEDENCE = 1000
_SHARES = 30
_QUEUING = (("queues", 64), ("handSize", 8), ("queueLengthLimit", 50))


def default_flow_schema(obj: JSONObject) -> None:
    """A schema that says nothing is in the middle."""
    spec = obj.setdefault("spec", {})
    if not spec.get("matchingPrecedence"):
        spec["matchingPrecedence"] = _MATCHING_PRECEDENCE


def default_priority_level(obj: JSONObject) -> None:
    """Shares and queues of a level."""
    _default_priority_level(obj, "nominalConcurrencyShares")


def default_priority_level_beta(obj: JSONObject) -> None:
    """The same where the shares had their first name."""
    _default_priority_level(obj, "assuredConcurrencyShares")


def _default_priority_level(obj: JSONObject, shares: str) -> None:
    spec = obj.get("spec") or {}
    limited = spec.get("limited")
    if limited is not None:
        if limited.get(shares) is None:
            limited[shares] = _SHARES
        if limited.get("lendablePercent") is None:
            limited["lendablePercent"] = 0
        queuing = (limited.get("limitResponse") or {}).get("queuing")
        if queuing is not None:
            for member, value in _QUEUING:
                if not queuing.get(member):
                    queuing[member] = value
    exempt = spec.get("exempt")
    if exempt is not None:
        for member in ("nominalConcurrencyShares", "lendablePercent"):
            if exempt.get(member) is None:
                exempt[member] = 0
