"""FlowSchema and PriorityLevelConfiguration."""

from __future__ import annotations

import copy

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.flowcontrol.conversion import shares_from_hub, shares_to_hub
from kapi.apis.flowcontrol.defaults import default_flow_schema, default_priority_level
from kapi.apis.flowcontrol.flow_schema_validation import validate_flow_schema
from kapi.apis.flowcontrol.mandatory import FLOW_SCHEMAS, PRIORITY_LEVELS
from kapi.apis.flowcontrol.priority_level_validation import validate_priority_level

RESOURCES = {"verbs": ["get"], "apiGroups": [""], "resources": ["nodes"], "clusterScope": True}
SUBJECT = {"kind": "User", "user": {"name": "ann"}}


def schema(rule=None, name="s", **spec):
    obj = {"metadata": {"name": name}, "spec": spec}
    spec.setdefault("priorityLevelConfiguration", {"name": "low"})
    if rule is not None:
        spec["rules"] = [{"subjects": [SUBJECT], **rule}]
    default_flow_schema(obj)
    return obj


def level(name="l", **spec):
    obj = {"metadata": {"name": name}, "spec": copy.deepcopy(spec)}
    default_priority_level(obj)
    return obj


def queuing(**members):
    response = {"type": "Queue", "queuing": members}
    return level(type="Limited", limited={"limitResponse": response})


def errors_of(validate, obj):
    errors = ErrorList()
    validate(obj, errors)
    return [str(error) for error in errors]


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({}, "spec.rules[0]"),
        ({"resourceRules": [{**RESOURCES, "clusterScope": False}]}, "namespaces"),
        ({"resourceRules": [{**RESOURCES, "verbs": ["*", "get"]}]}, "verbs"),
        ({"resourceRules": [{**RESOURCES, "verbs": ["fly"]}]}, "verbs"),
        ({"nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["/*/a"]}]}, "URLs[0]"),
    ],
)
def test_a_rule_says_whom_and_what(rule, path):
    """Each thing that is missing or wrong is one error."""
    (error,) = errors_of(validate_flow_schema, schema(rule))
    assert error.partition(":")[0].endswith(path)
    assert errors_of(validate_flow_schema, schema({"resourceRules": [RESOURCES]})) == []


def test_a_subject_has_the_member_of_its_kind_only():
    """What is missing comes before what is too much."""
    subject = {"kind": "Group", "user": {"name": "ann"}}
    obj = schema({"subjects": [subject], "resourceRules": [RESOURCES]})
    assert errors_of(validate_flow_schema, obj) == [
        (
            "spec.rules[0].subjects[0].group: Required value: group is required when subject "
            "kind is 'Group'"
        ),
        (
            "spec.rules[0].subjects[0].user: Forbidden: user is forbidden when subject kind is not "
            "'User'"
        ),
    ]


def test_the_first_precedence_is_for_exempt():
    """Everything else starts at two."""
    obj = schema(matchingPrecedence=1)
    assert "only the schema named 'exempt'" in errors_of(validate_flow_schema, obj)[0]


def test_mandatory_objects_are_fixed():
    """As they are they pass; the shares of exempt are free."""
    for name, spec in FLOW_SCHEMAS.items():
        obj = {"metadata": {"name": name}, "spec": copy.deepcopy(spec)}
        assert errors_of(validate_flow_schema, obj) == []
        obj["spec"]["matchingPrecedence"] += 7
        assert f"spec of '{name}' must equal" in errors_of(validate_flow_schema, obj)[-1]
    for name, spec in PRIORITY_LEVELS.items():
        assert errors_of(validate_priority_level, level(name, **spec)) == []
    assert errors_of(validate_priority_level, level("exempt", type="Exempt")) == []
    changed = level("catch-all", **PRIORITY_LEVELS["catch-all"])
    changed["spec"]["limited"]["nominalConcurrencyShares"] = 9
    assert len(errors_of(validate_priority_level, changed)) == 1


def test_levels_have_shares_and_queues_by_default():
    """An empty queue configuration is filled; zero shares are kept."""
    limited = queuing()["spec"]["limited"]
    assert limited["nominalConcurrencyShares"] == 30
    assert limited["limitResponse"]["queuing"] == {
        "queues": 64,
        "handSize": 8,
        "queueLengthLimit": 50,
    }


def test_a_hand_fits_its_deck_and_one_hash():
    """Too many bits are refused, as is a hand larger than the deck."""
    assert errors_of(validate_priority_level, queuing(queues=64, handSize=8)) == []
    (large,) = errors_of(validate_priority_level, queuing(queues=4, handSize=8))
    assert large.endswith("should not be greater than queues (4)")
    (deep,) = errors_of(validate_priority_level, queuing(queues=1000, handSize=8))
    assert "required entropy bits of deckSize 1000 and handSize 8" in deep


def test_early_versions_call_shares_otherwise():
    """There and back leaves the object as it was."""
    early = {"spec": {"type": "Limited", "limited": {"assuredConcurrencyShares": 5}}}
    hub = shares_to_hub(early)
    assert hub["spec"]["limited"] == {"nominalConcurrencyShares": 5}
    assert shares_from_hub(hub) == early
