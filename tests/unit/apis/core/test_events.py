"""Event in both of its versions."""

from __future__ import annotations

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.core.event_strategy import EVENT_COLUMNS, EventStrategy, NewEventStrategy
from kapi.apis.events.conversion import event_from_core, event_to_core
from kapi.registry.context import RequestContext, UserInfo


def context():
    return RequestContext(UserInfo("admin"), "ns", "e", 1_772_600_767.0, 36)


def new_event(**members):
    return {
        "metadata": {"name": "e", "namespace": "ns"},
        "eventTime": "2026-01-02T03:04:05.000006Z",
        "reportingController": "example.com/agent",
        "reportingInstance": "agent-0",
        "action": "Pulling",
        "reason": "Pulled",
        "regarding": {"kind": "Pod", "name": "web", "namespace": "ns"},
        "note": "image pulled",
        "type": "Normal",
        "deprecatedSource": {},
        "deprecatedFirstTimestamp": None,
        "deprecatedLastTimestamp": None,
        **members,
    }


def errors_of(strategy, obj, old=None):
    errors = ErrorList()
    if old is None:
        strategy.validate(context(), obj, errors)
    else:
        strategy.validate_update(context(), obj, old, errors)
    return [str(error) for error in errors]


def test_conversion_there_and_back():
    """Nothing is lost between the versions."""
    event = new_event(series={"count": 2, "lastObservedTime": "2026-01-02T03:05:00.000000Z"})
    core = event_to_core(dict(event))
    assert core["involvedObject"] == event["regarding"]
    assert core["message"] == "image pulled"
    assert core["reportingComponent"] == "example.com/agent"
    assert event_from_core(core) == event


def test_core_event_without_new_fields():
    """Each version writes its own members that are always there."""
    core = {"metadata": {"name": "e"}, "involvedObject": {}, "reason": "x", "eventTime": None}
    assert event_from_core(core) == {
        "metadata": {"name": "e"},
        "eventTime": None,
        "reason": "x",
        "regarding": {},
        "deprecatedSource": {},
        "deprecatedFirstTimestamp": None,
        "deprecatedLastTimestamp": None,
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"eventTime": None}, ["eventTime: Required value"]),
        ({"action": ""}, ["action: Required value"]),
        ({"type": "Loud"}, ['type: Invalid value: "": has invalid value: Loud']),
        ({"note": "x" * 1025}, ['message: Invalid value: "": can have at most 1024 characters']),
        ({"deprecatedCount": 1}, ['count: Invalid value: "": needs to be unset']),
        (
            {"series": {"count": 1}},
            [
                'series.count: Invalid value: "": should be at least 2',
                "series.lastObservedTime: Required value",
            ],
        ),
        (
            {"regarding": {"kind": "Node", "name": "n"}},
            ['involvedObject.namespace: Invalid value: "": does not match event.namespace'],
        ),
    ],
)
def test_new_events_are_complete(change, expected):
    """events.k8s.io clients write every field, and errors name the core fields."""
    assert errors_of(NewEventStrategy(), event_to_core(new_event(**change))) == expected


def test_core_events_are_nearly_free():
    """An old-style event must only live where its object does."""
    obj = {
        "metadata": {"name": "E_1", "namespace": "ns"},
        "involvedObject": {"namespace": "other"},
        "type": "Loud",
    }
    assert errors_of(EventStrategy(), obj) == [
        'involvedObject.namespace: Invalid value: "other": does not match event.namespace'
    ]
    assert EventStrategy().validate_name("E_1", prefix=False) == []
    assert NewEventStrategy().validate_name("E_1", prefix=False) != []


def test_new_events_change_in_their_series_only():
    """A changed reason is told twice; a core client may change it."""
    old = event_to_core(new_event())
    changed = event_to_core(new_event(reason="Other"))
    message = 'reason: Invalid value: "Other": field is immutable'
    assert errors_of(NewEventStrategy(), changed, old) == [message, message]
    assert errors_of(EventStrategy(), changed, old) == []
    series = {"count": 2, "lastObservedTime": "2026-01-02T03:05:00.000000Z"}
    assert errors_of(NewEventStrategy(), event_to_core(new_event(series=series)), old) == []


def test_field_labels_by_version():
    """Both versions select by the same values under their own names."""
    core = event_to_core(new_event())
    old_labels, new_labels = (
        EventStrategy().field_labels(core),
        NewEventStrategy().field_labels(core),
    )
    assert old_labels["involvedObject.name"] == new_labels["regarding.name"] == "web"
    assert old_labels["source"] == new_labels["reportingController"] == "example.com/agent"


def test_table_row():
    """A series tells count and time; the reporter stands for the source."""
    core = event_to_core(
        new_event(
            note=" pulled\n",
            series={"count": 3, "lastObservedTime": "2026-01-02T03:05:05.000000Z"},
        )
    )
    assert EVENT_COLUMNS.cells(core, 1767323165.0) == [
        "60s",
        "Normal",
        "Pulled",
        "pod/web",
        "",
        "example.com/agent, agent-0",
        "pulled",
        "119s",
        3,
        "e",
    ]
