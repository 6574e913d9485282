"""Conversion of PriorityLevelConfiguration from and to the betas that named shares differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["shares_from_hub", "shares_to_hub"]

_BETA = "assuredConcurrencyShares"
_HUB = "nominalConcurrencyShares"


def shares_to_hub(obj: JSONObject) -> JSONObject:
    """From v1beta1 and v1beta2."""
    return _rename(obj, _BETA, _HUB)


def shares_from_hub(obj: JSONObject) -> JSONObject:
    """To v1beta1 and v1beta2."""
    return _rename(obj, _HUB, _BETA)


def _rename(obj: JSONObject, old_name: str, new_name: str) -> JSONObject:
    spec = obj.get("spec") or {}
    limited = spec.get("limited")
    if limited is None or old_name not in limited:
        return obj
    renamed = {new_name if key == old_name else key: value for key, value in limited.items()}
    return {**obj, "spec": {**spec, "limited": renamed}}
