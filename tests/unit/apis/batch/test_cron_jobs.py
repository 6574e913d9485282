"""CronJob: schedules, time zones, defaults."""

from __future__ import annotations

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.batch.cron_job_validation import validate_cron_job
from kapi.apis.batch.cron_schedule import ScheduleError, check_schedule
from kapi.apis.batch.defaults import default_cron_job


def cron_job(name="nightly", **spec):
    """A defaulted cron job."""
    pod = {"containers": [{"name": "app", "image": "i:1"}], "restartPolicy": "OnFailure"}
    obj = {
        "metadata": {"name": name},
        "spec": {
            "schedule": "10 2 * * *",
            "jobTemplate": {"metadata": {}, "spec": {"template": {"metadata": {}, "spec": pod}}},
            **spec,
        },
    }
    default_cron_job(obj)
    return obj


def problems(obj, old=None):
    """What is wrong."""
    errors = ErrorList()
    validate_cron_job(obj, errors, old)
    return [str(error) for error in errors]


@pytest.mark.parametrize(
    "schedule",
    [
        "*/15 8-18 * * MON-FRI",
        "0 0 1,15 jan-mar ?",
        "5/10 * * * sun",
        "@hourly",
        "@every 1h30m",
        "TZ=UTC 0 0 * * *",
        "CRON_TZ=UTC @daily",
    ],
)
def test_schedules_that_can_be_read(schedule):
    """Ranges, steps, names and descriptors, with a time zone in front."""
    check_schedule(schedule)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("every day", "expected exactly 5 fields, found 2: [every day]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("30-10 * * * *", "beginning of range (30) beyond end of range (10): 30-10"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("*/2/3 * * * *", "too many slashes: */2/3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        (
            "x * * * *",
            'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax',
        ),
        ("@often", "unrecognized descriptor: @often"),
        ("@every day", 'failed to parse duration @every day: time: invalid duration "day"'),
        ("TZ=Mars/X * * * * *", "provided bad location Mars/X: unknown time zone Mars/X"),
    ],
)
def test_schedules_that_cannot_be_read(schedule, message):
    """The message names the part that is wrong."""
    with pytest.raises(ScheduleError) as caught:
        check_schedule(schedule)
    assert str(caught.value) == message


def test_a_time_zone_in_the_schedule_must_have_been_there_before():
    """New cron jobs name their time zone in its own member."""
    zoned = cron_job(schedule="TZ=UTC 0 0 * * *")
    assert problems(zoned) == [
        (
            'spec.schedule: Invalid value: "TZ=UTC 0 0 * * *": cannot use TZ or CRON_TZ in '
            "schedule, use timeZone field instead"
        )
    ]
    assert problems(zoned, zoned) == []


@pytest.mark.parametrize(
    ("zone", "message"),
    [
        ("", "timeZone must be nil or non-empty string"),
        (
            "local",
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
        ),
        ("Mars/Olympus", "unknown time zone Mars/Olympus"),
        ("../etc/passwd", "time: invalid location name"),
    ],
)
def test_time_zones_are_named_as_in_the_database(zone, message):
    """The zone of the server itself is no zone that a client can rely on."""
    assert problems(cron_job(timeZone=zone)) == [
        f'spec.timeZone: Invalid value: "{zone}": {message}'
    ]


def test_the_job_template_gets_no_defaults_of_a_job():
    """Only its pods are defaulted, so that a job made of it can tell what was given."""
    spec = cron_job()["spec"]
    assert set(spec["jobTemplate"]["spec"]) == {"template"}
    assert (spec["concurrencyPolicy"], spec["suspend"]) == ("Allow", False)
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 1)


def test_a_new_name_leaves_room_for_the_time():
    """Names of the jobs are made of it; a name that is stored already stays."""
    long = cron_job(name="c" * 53)
    assert problems(long) == [
        f'metadata.name: Invalid value: "{"c" * 53}": must be no more than 52 characters'
    ]
    assert problems(long, long) == []
