"""Validation of CronJob."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.intstr import nonnegative_members
from kapi.apis.apps.template_validation import in_order
from kapi.apis.batch.cron_schedule import ScheduleError, check_schedule, check_time_zone
from kapi.apis.batch.job_validation import validate_job_spec

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_cron_job"]

# The controller appends a time of eleven characters to name a job, whose name is a label.
_MAX_NAME = 52


def validate_cron_job(obj: JSONObject, errors: ErrorList, old: JSONObject | None = None) -> None:
    """Check the spec, and the length of a new name."""
    spec: JSONObject = obj["spec"]
    old_spec: JSONObject | None = old["spec"] if old is not None else None
    _validate_schedule(spec, old_spec, errors)
    nonnegative_members(spec, "spec", ("startingDeadlineSeconds",), errors)
    if old_spec is None or spec.get("timeZone") != old_spec.get("timeZone"):
        _validate_time_zone(spec.get("timeZone"), errors)
    policy = spec.get("concurrencyPolicy")
    if not policy:
        errors.required("spec.concurrencyPolicy")
    elif policy not in ("Allow", "Forbid", "Replace"):
        errors.not_supported("spec.concurrencyPolicy", policy, ("Allow", "Forbid", "Replace"))
    _validate_job_template(spec, old_spec, errors)
    nonnegative_members(
        spec, "spec", ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"), errors
    )
    name = obj["metadata"].get("name", "")
    if old is None and len(name) > _MAX_NAME:
        errors.invalid("metadata.name", name, f"must be no more than {_MAX_NAME} characters")


def _validate_schedule(spec: JSONObject, old_spec: JSONObject | None, errors: ErrorList) -> None:
    """A schedule that names a time zone itself is only let be when one was stored before."""
    schedule = spec.get("schedule", "")
    if not schedule:
        errors.required("spec.schedule")
        return
    try:
        check_schedule(schedule)
    except ScheduleError as error:
        errors.invalid("spec.schedule", schedule, str(error))
    if "TZ" in schedule:
        if old_spec is None or "TZ" not in old_spec.get("schedule", ""):
            errors.invalid(
                "spec.schedule",
                schedule,
                "cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
            )
        elif spec.get("timeZone") is not None:
            errors.invalid(
                "spec.schedule",
                schedule,
                "cannot use both timeZone field and TZ or CRON_TZ in schedule",
            )


def _validate_time_zone(zone: str | None, errors: ErrorList) -> None:
    if zone is None:
        return
    if not zone:
        errors.invalid("spec.timeZone", zone, "timeZone must be nil or non-empty string")
    elif zone.lower() == "local":
        errors.invalid(
            "spec.timeZone",
            zone,
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
        )
    elif problem := check_time_zone(zone):
        errors.invalid("spec.timeZone", zone, problem)


def _validate_job_template(
    spec: JSONObject, old_spec: JSONObject | None, errors: ErrorList
) -> None:
    """The spec of the jobs; their selector is always generated."""
    path = "spec.jobTemplate.spec"
    job_spec: JSONObject = spec["jobTemplate"].get("spec") or {}
    old_job_spec = old_spec["jobTemplate"].get("spec") if old_spec is not None else None
    validate_job_spec(job_spec, path, errors, old_job_spec)
    if job_spec.get("selector") is not None:
        errors.invalid(
            f"{path}.selector", in_order(job_spec["selector"]), "`selector` will be auto-generated"
        )
    if job_spec.get("manualSelector"):
        errors.not_supported(f"{path}.manualSelector", True, ("nil", "false"))
