"""Table columns of the ``batch`` kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.labels import format_label_selector
from kapi.apis.apps.columns import CONTAINERS, IMAGES, container_cells
from kapi.registry.duration import age, human_duration, parse_time
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["CRON_JOB", "JOB"]

_BATCH = "io.k8s.api.batch.v1"
_SELECTOR = Column("Selector", priority=1, describes=f"{_BATCH}.JobSpec.selector")
# The conditions that name the state of a job, the most telling first.
_FINAL = ("Complete", "Failed")
_PASSING = ("Suspended", "FailureTarget", "SuccessCriteriaMet")


def _job_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    return [
        meta.get("name", ""),
        _state(meta, status),
        _completions(spec, status),
        _duration(status, now),
        age(meta.get("creationTimestamp"), now),
        *container_cells(spec.get("template") or {}),
        format_label_selector(spec.get("selector")),
    ]


def _state(meta: JSONObject, status: JSONObject) -> str:
    true = {
        condition.get("type")
        for condition in status.get("conditions") or ()
        if condition.get("status") == "True"
    }
    for condition in _FINAL:
        if condition in true:
            return condition
    if meta.get("deletionTimestamp"):
        return "Terminating"
    for condition in _PASSING:
        if condition in true:
            return condition
    return "Running"


def _completions(spec: JSONObject, status: JSONObject) -> str:
    succeeded = status.get("succeeded", 0)
    if spec.get("completions") is not None:
        return f"{succeeded}/{spec['completions']}"
    parallelism = spec.get("parallelism") or 0
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(status: JSONObject, now: float) -> str:
    start, end = status.get("startTime"), status.get("completionTime")
    if not start:
        return ""
    return human_duration((parse_time(end) if end else now) - parse_time(start))


JOB = Columns(
    (
        NAME,
        Column("Status", description="Status of the job."),
        Column("Completions", describes=f"{_BATCH}.JobStatus.succeeded"),
        Column("Duration", description="Time required to complete the job."),
        AGE,
        CONTAINERS,
        IMAGES,
        _SELECTOR,
    ),
    _job_cells,
)


def _cron_job_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    job_spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    last = status.get("lastScheduleTime")
    suspend = spec.get("suspend")
    return [
        meta.get("name", ""),
        spec.get("schedule", ""),
        "<none>" if spec.get("timeZone") is None else spec["timeZone"],
        "<unset>" if suspend is None else str(suspend),
        len(status.get("active") or ()),
        age(last, now) if last else "<none>",
        age(meta.get("creationTimestamp"), now),
        *container_cells(job_spec.get("template") or {}),
        format_label_selector(job_spec.get("selector")),
    ]


CRON_JOB = Columns(
    (
        NAME,
        Column("Schedule", describes=f"{_BATCH}.CronJobSpec.schedule"),
        Column("Timezone", describes=f"{_BATCH}.CronJobSpec.timeZone"),
        Column("Suspend", "boolean", describes=f"{_BATCH}.CronJobSpec.suspend"),
        Column("Active", "integer", describes=f"{_BATCH}.CronJobStatus.active"),
        Column("Last Schedule", describes=f"{_BATCH}.CronJobStatus.lastScheduleTime"),
        AGE,
        CONTAINERS,
        IMAGES,
        _SELECTOR,
    ),
    _cron_job_cells,
)
