"""The status of a Job: what a finished job must have and what cannot be taken back."""

from __future__ import annotations

from kapi.apimachinery.field import ErrorList
from kapi.apis.batch.job_status_validation import validate_job_status

START, END = "2026-03-04T05:06:07Z", "2026-03-04T05:08:09Z"


def problems(new, old=None, **spec):
    """What is wrong with a step of the status."""
    errors = ErrorList()
    spec = {"completions": 3, "completionMode": "Indexed", **spec}
    validate_job_status({"spec": spec, "status": new}, {"status": old or {}}, errors)
    return [str(error) for error in errors]


def true(*types):
    """Conditions that are true."""
    return [{"type": kind, "status": "True"} for kind in types]


COMPLETE = {
    "startTime": START,
    "completionTime": END,
    "succeeded": 3,
    "conditions": true("SuccessCriteriaMet", "Complete"),
}


def test_a_complete_job_has_times_and_criteria_and_no_active_pods():
    """All that is missing is told at once."""
    assert problems({"active": 1, "conditions": true("Complete")}) == [
        "status.completionTime: Required value: completionTime is required for Complete jobs",
        (
            "status.conditions: Invalid value: cannot set Complete=True condition without the "
            "SuccessCriteriaMet=true condition"
        ),
        "status.active: Invalid value: 1: active>0 is invalid for finished job",
        "status.startTime: Required value: startTime is required for finished job",
    ]
    assert problems(COMPLETE) == []


def test_a_finished_job_stays_finished():
    """Its conditions cannot be withdrawn."""
    assert problems({**COMPLETE, "conditions": []}, COMPLETE) == [
        (
            f'status.completionTime: Invalid value: "{END}": cannot set completionTime when there '
            "is no Complete=True condition"
        ),
        "status.conditions: Invalid value: cannot disable the terminal Complete=True condition",
        "status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition",
    ]


def test_a_flaw_that_was_there_before_is_let_be():
    """A status written by an older server can still be written as long as the flaw stays."""
    flawed = {**COMPLETE, "active": 1}
    assert problems({**flawed, "ready": 0}, flawed) == []


def test_counters_do_not_fall():
    """Except for succeeded pods of a job that may shrink."""
    old = {"failed": 2, "succeeded": 2}
    assert problems({"failed": 1, "succeeded": 1}, old, parallelism=3) == [
        "status.failed: Invalid value: 1: cannot decrease the failed counter"
    ]
    assert problems({"failed": 2, "succeeded": 1}, old, parallelism=1) == [
        "status.succeeded: Invalid value: 1: cannot decrease the succeeded counter"
    ]


def test_the_start_is_only_forgotten_by_a_suspended_job():
    """A running job keeps the time when it started."""
    old = {"startTime": START}
    assert problems({}, old) == [
        "status.startTime: Required value: startTime cannot be removed for unsuspended job"
    ]
    assert problems({}, old, suspend=True) == []


def test_no_index_both_completes_and_fails():
    """Completed and failed indexes are disjoint sets of the job's indexes."""
    status = {"completedIndexes": "0-1", "failedIndexes": "1"}
    assert problems(status, backoffLimitPerIndex=1) == [
        (
            'status.failedIndexes: Invalid value: "1": failedIndexes and completedIndexes overlap '
            "at index: 1"
        )
    ]
    assert problems({"completedIndexes": "0,3"}) == [
        (
            'status.completedIndexes: Invalid value: "0,3": error parsing completedIndexes: too '
            'large index: "3"'
        )
    ]


def test_uids_of_uncounted_pods_are_unique():
    """A pod ended one way only."""
    uncounted = {"succeeded": ["a", ""], "failed": ["a"]}
    path = "status.uncountedTerminatedPods"
    assert problems({"uncountedTerminatedPods": uncounted}) == [
        f'{path}.succeeded[1]: Invalid value: "": must not be empty',
        f'{path}.failed[0]: Duplicate value: "a"',
    ]
