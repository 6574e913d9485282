"""Validation of the status of a Job: counters do not fall, and a finished job stays finished.

Rules about one state are only applied when what they look at changed, so that a status that an
older server let pass can still be written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.field import FieldError
from kapi.apimachinery.gostruct import GoStruct
from kapi.apimachinery.intstr import nonnegative_members
from kapi.apis.batch.job_indexes import IndexesError, count_indexes, overlap
from kapi.registry.duration import parse_time

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_job_status"]

_UNCOUNTED = GoStruct(succeeded=("Succeeded", None, None), failed=("Failed", None, None))


class _State:
    """What the rules ask of a job's status."""

    __slots__ = ("finished", "status", "true")

    def __init__(self, job: JSONObject) -> None:
        self.status: JSONObject = job.get("status") or {}
        self.true = frozenset(
            condition.get("type", "")
            for condition in self.status.get("conditions") or ()
            if condition.get("status") == "True"
        )
        self.finished = "Complete" in self.true or "Failed" in self.true


class _Change:
    """A status and the one before."""

    __slots__ = ("new", "old")

    def __init__(self, obj: JSONObject, old: JSONObject) -> None:
        self.new = _State(obj)
        self.old = _State(old)

    def of(self, *members: str) -> bool:
        """Whether one of these members of the status changed."""
        new, old = self.new.status, self.old.status
        return any(new.get(member) != old.get(member) for member in members)

    def of_conditions(self, *types: str) -> bool:
        """Whether one of these conditions became true or ceased to be."""
        return any((name in self.new.true) != (name in self.old.true) for name in types)

    def of_finish(self) -> bool:
        """Whether the job finished, or went on again."""
        return self.new.finished != self.old.finished


def validate_job_status(obj: JSONObject, old: JSONObject, errors: ErrorList) -> None:
    """Check the new status and the step from the old one."""
    change = _Change(obj, old)
    status = change.new.status
    nonnegative_members(
        status, "status", ("active", "succeeded", "failed", "ready", "terminating"), errors
    )
    _validate_uncounted(status.get("uncountedTerminatedPods"), errors)
    _validate_conditions(change, errors)
    _validate_finished(obj, change, errors)
    _validate_indexes(obj, change, errors)
    _validate_criteria(change, errors)
    ready = status.get("ready")
    if change.of("ready", "active") and ready is not None and ready > status.get("active", 0):
        errors.invalid("status.ready", ready, "cannot set more ready pods than active")
    _validate_step(obj, change, errors)


def _refuse_conditions(detail: str, errors: ErrorList) -> None:
    errors.append(FieldError("FieldValueInvalid", "status.conditions", f"Invalid value: {detail}"))


def _validate_uncounted(uncounted: JSONObject | None, errors: ErrorList) -> None:
    """The uids of pods that are not counted yet, each once."""
    seen: set[str] = set()
    for member in ("succeeded", "failed") if uncounted else ():
        for index, uid in enumerate((uncounted or {}).get(member) or ()):
            path = f"status.uncountedTerminatedPods.{member}[{index}]"
            if not uid:
                errors.invalid(path, uid, "must not be empty")
            elif uid in seen:
                errors.duplicate(path, uid)
            else:
                seen.add(uid)


def _validate_conditions(change: _Change, errors: ErrorList) -> None:
    """Which conditions exclude each other, and what completes a job."""
    true, status = change.new.true, change.new.status
    if change.of_conditions("Complete", "Failed") and {"Complete", "Failed"} <= true:
        _refuse_conditions("cannot set Complete=True and Failed=true conditions", errors)
    if change.of_conditions("Complete", "FailureTarget") and {"Complete", "FailureTarget"} <= true:
        _refuse_conditions("cannot set Complete=True and FailureTarget=true conditions", errors)
    if change.of_conditions("Complete") or change.of("completionTime"):
        completed = status.get("completionTime")
        if completed is not None and "Complete" not in true:
            errors.invalid(
                "status.completionTime",
                completed,
                "cannot set completionTime when there is no Complete=True condition",
            )
        if completed is None and "Complete" in true:
            errors.required("status.completionTime", "completionTime is required for Complete jobs")
    if change.of("startTime", "completionTime"):
        started, completed = status.get("startTime"), status.get("completionTime")
        if started and completed and parse_time(completed) < parse_time(started):
            errors.invalid(
                "status.completionTime", completed, "completionTime cannot be set before startTime"
            )
    for final, before in (("Failed", "FailureTarget"), ("Complete", "SuccessCriteriaMet")):
        if change.of_conditions(final, before) and final in true and before not in true:
            _refuse_conditions(
                f"cannot set {final}=True condition without the {before}=true condition", errors
            )


def _validate_finished(obj: JSONObject, change: _Change, errors: ErrorList) -> None:
    """A finished job was started and leaves nothing running or uncounted."""
    if not change.new.finished:
        return
    status, finish = change.new.status, change.of_finish()
    active, terminating = status.get("active", 0), status.get("terminating") or 0
    if (finish or change.of("active")) and active > 0:
        errors.invalid("status.active", active, "active>0 is invalid for finished job")
    suspended_empty = "Suspended" in change.new.true and obj["spec"].get("completions") == 0
    started = status.get("startTime")
    if (finish or change.of("startTime")) and started is None and not suspended_empty:
        errors.required("status.startTime", "startTime is required for finished job")
    uncounted = status.get("uncountedTerminatedPods")
    if (
        (finish or change.of("uncountedTerminatedPods"))
        and uncounted
        and any(uncounted.get(member) for member in ("succeeded", "failed"))
    ):
        errors.invalid(
            "status.uncountedTerminatedPods",
            _UNCOUNTED.show(uncounted),
            "uncountedTerminatedPods needs to be empty for finished job",
        )
    if (finish or change.of("terminating")) and terminating > 0:
        errors.invalid(
            "status.terminating", terminating, "terminating>0 is invalid for finished job"
        )


def _validate_indexes(obj: JSONObject, change: _Change, errors: ErrorList) -> None:
    """Completed and failed indexes are sets of the job's indexes without a common one."""
    spec, status = obj["spec"], change.new.status
    sets = {member: status.get(member) for member in ("completedIndexes", "failedIndexes")}
    readable = spec.get("completions") is not None
    for member, text in sets.items():
        if not text or not change.of(member) or spec.get("completions") is None:
            continue
        try:
            count_indexes(text, spec["completions"])
        except IndexesError as error:
            readable = False
            errors.invalid(f"status.{member}", text, f"error parsing {member}: {error}")
    completed, failed = sets["completedIndexes"], sets["failedIndexes"]
    if change.of("completedIndexes") and completed and spec.get("completionMode") != "Indexed":
        errors.invalid(
            "status.completedIndexes",
            completed,
            "cannot set non-empty completedIndexes when non-indexed completion mode",
        )
    if (
        change.of("failedIndexes")
        and failed is not None
        and spec.get("backoffLimitPerIndex") is None
    ):
        errors.invalid(
            "status.failedIndexes",
            failed,
            "cannot set non-null failedIndexes when backoffLimitPerIndex is null",
        )
    if readable and completed and failed and change.of("completedIndexes", "failedIndexes"):
        _validate_disjoint(completed, failed, spec["completions"], errors)


def _validate_disjoint(completed: str, failed: str, completions: int, errors: ErrorList) -> None:
    try:
        common = overlap(failed, completed, completions)
    except IndexesError:  # an unreadable set that did not change
        return
    if common is not None:
        errors.invalid(
            "status.failedIndexes",
            failed,
            f"failedIndexes and completedIndexes overlap at index: {common}",
        )


def _validate_criteria(change: _Change, errors: ErrorList) -> None:
    """A job that met its success criteria does not fail."""
    true = change.new.true
    if "SuccessCriteriaMet" not in true:
        return
    if "Failed" in true and change.of_conditions("SuccessCriteriaMet", "Failed"):
        _refuse_conditions("cannot set Failed=True and SuccessCriteriaMet=true conditions", errors)
    if "FailureTarget" in true and change.of_conditions("SuccessCriteriaMet", "FailureTarget"):
        _refuse_conditions(
            "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions", errors
        )


def _validate_step(obj: JSONObject, change: _Change, errors: ErrorList) -> None:
    """What may not be taken back."""
    spec, status, old = obj["spec"], change.new.status, change.old.status
    resizable = spec.get("completionMode") == "Indexed" and (
        spec.get("completions") == spec.get("parallelism")
    )
    for condition in ("Failed", "Complete"):
        if condition in change.old.true and condition not in change.new.true:
            _refuse_conditions(f"cannot disable the terminal {condition}=True condition", errors)
    for condition in ("FailureTarget", "SuccessCriteriaMet"):
        if condition in change.old.true and condition not in change.new.true:
            _refuse_conditions(f"cannot disable the {condition}=True condition", errors)
    for counter, fixed in (("failed", True), ("succeeded", not resizable)):
        value = status.get(counter, 0)
        if fixed and value < old.get(counter, 0):
            errors.invalid(f"status.{counter}", value, f"cannot decrease the {counter} counter")
    _validate_times(spec, change, errors)


def _validate_times(spec: JSONObject, change: _Change, errors: ErrorList) -> None:
    """Times are set once; only suspending a job forgets when it started."""
    new, old = change.new.status, change.old.status
    if not spec.get("suspend") and old.get("startTime") and change.of("startTime"):
        if new.get("startTime") is None:
            errors.required("status.startTime", "startTime cannot be removed for unsuspended job")
        else:
            errors.invalid(
                "status.startTime",
                new["startTime"],
                "field is immutable for unsuspended job once set",
            )
    if old.get("completionTime") and new.get("completionTime") and change.of("completionTime"):
        errors.invalid(
            "status.completionTime", new["completionTime"], "field is immutable once set"
        )
