"""The condition Dangling of FlowSchemas."""

from __future__ import annotations

from kapi.controllers.flow_schema_status_controller import dangling_condition


def _schema(*conditions):
    spec = {"priorityLevelConfiguration": {"name": "slow"}}
    return {"spec": spec, "status": {"conditions": [*conditions]}}


def test_condition_tells_whether_the_level_exists():
    """It is true and says so while there is no such priority level."""
    found = dangling_condition(_schema(), exists=True, now="t1")
    assert found == {
        "type": "Dangling",
        "status": "False",
        "lastTransitionTime": "t1",
        "reason": "Found",
        "message": "This FlowSchema references the PriorityLevelConfiguration object named "
        '"slow" and it exists',
    }
    missing = dangling_condition(_schema(found), exists=False, now="t2")
    assert (missing["status"], missing["reason"]) == ("True", "NotFound")
    assert missing["lastTransitionTime"] == "t2"
    assert missing["message"].endswith('"slow" but there is no such object')


def test_condition_that_is_right_stays():
    """Nothing is written again; another text alone keeps the time."""
    found = dangling_condition(_schema(), exists=True, now="t1")
    assert dangling_condition(_schema(found), exists=True, now="t2") is None
    changed = dangling_condition(_schema({**found, "message": "?"}), exists=True, now="t2")
    assert changed == found
