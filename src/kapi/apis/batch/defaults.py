"""Default values of the ``batch/v1`` kinds, as their field documentation states them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.core.pod_defaults import default_pod_spec

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["default_cron_job", "default_job"]

_BACKOFF_LIMIT = 6
# With a limit per index the limit of the whole job is out of the way: the largest int32.
_NO_BACKOFF_LIMIT = 2**31 - 1


def default_job(obj: JSONObject) -> None:
    """One completion, six retries, pods replaced as soon as they terminate.

    A job without labels takes those of its template. It takes the same dictionary, by which the
    strategy knows that labels it generates belong in both places.
    """
    spec: JSONObject = obj.setdefault("spec", {})
    template: JSONObject = spec.setdefault("template", {})
    default_pod_spec(template.setdefault("spec", {}))
    if spec.get("parallelism") is None:
        if spec.get("completions") is None:
            spec["completions"] = 1
        spec["parallelism"] = 1
    if spec.get("backoffLimit") is None:
        per_index = spec.get("backoffLimitPerIndex") is not None
        spec["backoffLimit"] = _NO_BACKOFF_LIMIT if per_index else _BACKOFF_LIMIT
    labels = (template.get("metadata") or {}).get("labels")
    meta: JSONObject = obj.setdefault("metadata", {})
    if labels and not meta.get("labels"):
        meta["labels"] = labels
    for member, value in (
        ("completionMode", "NonIndexed"),
        ("suspend", False),
        ("manualSelector", False),
    ):
        if spec.get(member) is None:
            spec[member] = value
    _default_pod_policies(spec)


def _default_pod_policies(spec: JSONObject) -> None:
    failure_policy = spec.get("podFailurePolicy")
    for rule in (failure_policy or {}).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            if not pattern.get("status"):
                pattern["status"] = "True"
    if spec.get("podReplacementPolicy") is None:
        spec["podReplacementPolicy"] = "TerminatingOrFailed" if failure_policy is None else "Failed"


def default_cron_job(obj: JSONObject) -> None:
    """Concurrent runs are allowed; three succeeded and one failed job are kept.

    The job template only gets the defaults of its pods.
    """
    spec: JSONObject = obj.setdefault("spec", {})
    job_spec: JSONObject = spec.setdefault("jobTemplate", {}).setdefault("spec", {})
    default_pod_spec(job_spec.setdefault("template", {}).setdefault("spec", {}))
    if not spec.get("concurrencyPolicy"):
        spec["concurrencyPolicy"] = "Allow"
    for member, value in (
        ("suspend", False),
        ("successfulJobsHistoryLimit", 3),
        ("failedJobsHistoryLimit", 1),
    ):
        if spec.get(member) is None:
            spec[member] = value
