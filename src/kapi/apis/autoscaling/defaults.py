"""Default values of HorizontalPodAutoscaler, as its field documentation states them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["default_cpu_metric", "default_v1", "default_v2"]

_CPU_UTILIZATION = 80


def default_cpu_metric(utilization: int = _CPU_UTILIZATION) -> JSONObject:
    """The metric of an autoscaler that names none: an average use of the CPU."""
    return {
        "type": "Resource",
        "resource": {
            "name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": utilization},
        },
    }


def default_v1(obj: JSONObject) -> None:
    """At least one replica. The default metric depends on annotations: the conversion adds it."""
    spec: JSONObject = obj.setdefault("spec", {})
    if spec.get("minReplicas") is None:
        spec["minReplicas"] = 1


def default_v2(obj: JSONObject) -> None:
    """At least one replica, 80 % CPU; a behavior given for one direction is filled for both."""
    default_v1(obj)
    spec = obj["spec"]
    if not spec.get("metrics"):
        spec["metrics"] = [default_cpu_metric()]
    behavior = spec.get("behavior")
    if behavior is not None:
        spec["behavior"] = {
            "scaleUp": _rules({"stabilizationWindowSeconds": 0}, _UP, behavior.get("scaleUp")),
            "scaleDown": _rules({}, _DOWN, behavior.get("scaleDown")),
        }


# Rise by four pods or by the double, whichever is more; fall to any size. Every 15 seconds.
_UP = (("Pods", 4), ("Percent", 100))
_DOWN = (("Percent", 100),)


def _rules(
    rules: JSONObject, policies: tuple[tuple[str, int], ...], given: JSONObject | None
) -> JSONObject:
    given = given or {}
    rules["selectPolicy"] = "Max"
    for member in ("stabilizationWindowSeconds", "selectPolicy"):
        if given.get(member) is not None:
            rules[member] = given[member]
    rules["policies"] = given.get("policies") or [
        {"type": kind, "value": value, "periodSeconds": 15} for kind, value in policies
    ]
    if given.get("tolerance") is not None:
        rules["tolerance"] = given["tolerance"]
    return rules
