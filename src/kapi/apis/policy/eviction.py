"""Eviction: whether a pod may be removed without breaking its disruption budget.

Implements the decision of the "API-initiated eviction" documentation. It reads the pod and the
budgets of its namespace and changes neither; who asks stores what it answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import Forbidden, StatusError, TooManyRequests
from kapi.apimachinery.labels import SelectorError, selector_from_label_selector

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kapi.apimachinery.types import JSONObject

__all__ = ["Eviction", "budgets_of", "disruption_target", "evict"]

_REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
# A budget that was changed is computed anew within seconds.
_RETRY_AFTER_SECONDS = 10
# Evictions that the controller has not seen yet; more would make the budget too big an object.
_MAX_DISRUPTED_PODS = 2000


@dataclass(frozen=True, slots=True)
class Eviction:
    """The decision to let a pod be evicted.

    ``budget`` is the budget to store (as its status) before the pod is deleted, None when none
    changes. ``same_version`` asks to delete the pod only in the version that was judged, because
    a pod that changed may be protected by now.
    """

    budget: JSONObject | None = None
    same_version: bool = False


def budgets_of(pod: JSONObject, budgets: Iterable[JSONObject]) -> list[JSONObject]:
    """The budgets of the pod's namespace whose selector selects it; an empty one selects all."""
    labels = pod["metadata"].get("labels") or {}
    found = []
    for budget in budgets:
        try:
            selector = selector_from_label_selector((budget.get("spec") or {}).get("selector"))
        except SelectorError:  # stored by a server that let it pass: protects nothing
            continue
        if selector.matches(labels):
            found.append(budget)
    return found


def evict(pod: JSONObject, budgets: Sequence[JSONObject], now: str) -> Eviction:
    """Decide about one pod; ``budgets`` are those of its namespace, ``now`` RFC 3339 text.

    Raises:
        TooManyRequests: the budget allows no disruption for now.
        Forbidden: the budget's status is broken.
        StatusError: more than one budget selects the pod.
    """
    status: JSONObject = pod.get("status") or {}
    # A pod that runs nothing disrupts nothing.
    if (
        status.get("phase") in ("Succeeded", "Failed", "Pending")
        or pod["metadata"].get("deletionTimestamp") is not None
    ):
        return Eviction(same_version=True)
    selecting = budgets_of(pod, budgets)
    if not selecting:
        return Eviction()
    if len(selecting) > 1:
        raise StatusError(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does "
            "not support.",
            code=500,
        )
    budget = selecting[0]
    if not _is_ready(status) and _lets_unhealthy_go(budget):
        return Eviction(same_version=True)
    return Eviction(budget=_spend(budget, pod["metadata"]["name"], now))


def _is_ready(status: JSONObject) -> bool:
    return any(
        condition.get("type") == "Ready" and condition.get("status") == "True"
        for condition in status.get("conditions") or ()
    )


def _lets_unhealthy_go(budget: JSONObject) -> bool:
    """Whether pods that are not ready may go: by policy, or while enough others are healthy."""
    if (budget.get("spec") or {}).get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status: JSONObject = budget.get("status") or {}
    desired: int = status.get("desiredHealthy", 0)
    healthy: int = status.get("currentHealthy", 0)
    return healthy >= desired > 0


def _spend(budget: JSONObject, pod_name: str, now: str) -> JSONObject:
    """The budget with one disruption less, or the error that there is none left."""
    meta, status = budget["metadata"], dict(budget.get("status") or {})
    if status.get("observedGeneration", 0) < meta.get("generation", 0):
        raise _too_many(
            f"The disruption budget {meta['name']} is still being processed by the server.",
            _RETRY_AFTER_SECONDS,
        )
    allowed = status.get("disruptionsAllowed", 0)
    disrupted: dict[str, str] = status.get("disruptedPods") or {}
    if allowed < 0:
        raise _broken(meta["name"], "pdb disruptions allowed is negative")
    if len(disrupted) > _MAX_DISRUPTED_PODS:
        raise _broken(
            meta["name"],
            "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
        )
    if allowed == 0:
        raise _too_many(_nothing_left(meta["name"], status))
    status["disruptionsAllowed"] = allowed - 1
    if allowed == 1:
        status["conditions"] = _disruptions_used_up(status, now)
    status["disruptedPods"] = {**disrupted, pod_name: now}
    return {**budget, "status": status}


def _nothing_left(name: str, status: JSONObject) -> str:
    refusal = f"The disruption budget {name} does not allow evicting pods currently"
    reason, message = _why_not(status)
    # The counts mean nothing if the controller could not work them out.
    if message and reason == "SyncFailed":
        return f"{refusal} because it failed sync: {message}"
    desired, healthy = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
    if healthy <= desired:
        return (
            f"The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
        )
    return f"{refusal} ({reason}): {message}" if message else refusal


def _why_not(status: JSONObject) -> tuple[str, str]:
    """Reason and message of the condition that no disruption is allowed."""
    for condition in status.get("conditions") or ():
        if condition.get("type") == "DisruptionAllowed":
            if condition.get("status") == "False":
                return condition.get("reason", ""), condition.get("message", "")
            break
    return "", ""


def _too_many(cause: str, retry_after_seconds: int = 0) -> TooManyRequests:
    details: JSONObject = {"causes": [{"reason": "DisruptionBudget", "message": cause}]}
    if not retry_after_seconds:
        return TooManyRequests(_REFUSED, details)
    details["retryAfterSeconds"] = retry_after_seconds
    return TooManyRequests(_REFUSED, details, headers={"Retry-After": str(retry_after_seconds)})


def _broken(name: str, why: str) -> Forbidden:
    return Forbidden.resource("policy", "poddisruptionbudget", name, why)


def _disruptions_used_up(status: JSONObject, now: str) -> list[JSONObject]:
    """The conditions with DisruptionAllowed=False; the time tells when it became so."""
    condition: JSONObject = {
        "type": "DisruptionAllowed",
        "status": "False",
        "observedGeneration": status.get("observedGeneration", 0),
        "lastTransitionTime": now,
        "reason": "InsufficientPods",
        "message": "",
    }
    conditions = list(status.get("conditions") or ())
    for index, old in enumerate(conditions):
        if old.get("type") == "DisruptionAllowed":
            if old.get("status") == "False" and old.get("lastTransitionTime"):
                condition["lastTransitionTime"] = old["lastTransitionTime"]
            conditions[index] = condition
            return conditions
    return [*conditions, condition]


def disruption_target(now: str) -> JSONObject:
    """The condition of a pod that goes by eviction."""
    return {
        "type": "DisruptionTarget",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": now,
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    }
