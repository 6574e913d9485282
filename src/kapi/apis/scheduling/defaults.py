"""Default values of PriorityClass."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["default_priority_class"]


def default_priority_class(obj: JSONObject) -> None:
    """Pods of a class preempt others."""
    if obj.get("preemptionPolicy") is None:
        obj["preemptionPolicy"] = "PreemptLowerPriority"
