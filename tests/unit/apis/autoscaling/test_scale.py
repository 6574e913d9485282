"""Scale: reading the size of a workload and writing it."""

from __future__ import annotations

from kapi.apimachinery.field import ErrorList
from kapi.apis.autoscaling.scale import read_scale, validate_scale, write_scale

META = {
    "name": "web",
    "namespace": "ns",
    "uid": "u",
    "resourceVersion": "7",
    "creationTimestamp": "2026-03-04T05:06:07Z",
}


def test_a_scale_has_the_identity_of_its_object_and_the_selector_as_text():
    """Labels and the like of the object are not shown."""
    obj = {
        "metadata": {**META, "labels": {"a": "b"}, "generation": 2},
        "spec": {
            "replicas": 3,
            "selector": {
                "matchLabels": {"b": "1", "a": "2"},
                "matchExpressions": [{"key": "c", "operator": "Exists"}],
            },
        },
        "status": {"replicas": 2},
    }
    assert read_scale("apps", "deployments", obj) == {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": META,
        "spec": {"replicas": 3},
        "status": {"replicas": 2, "selector": "a=2,b=1,c"},
    }


def test_zero_replicas_are_not_written():
    """A controller without replicas has an empty spec; its selector is a plain map."""
    obj = {"metadata": META, "spec": {"replicas": 0, "selector": {"a": "b"}}}
    scale = read_scale("", "replicationcontrollers", obj)
    assert scale["spec"] == {}
    assert scale["status"] == {"replicas": 0, "selector": "a=b"}


def test_writing_a_scale_leaves_the_stored_object_alone():
    """The copy has the size and the version that was asked for, all else is shared."""
    obj = {"metadata": META, "spec": {"replicas": 1, "paused": True}}
    scaled = write_scale(obj, {"metadata": {"resourceVersion": "5"}, "spec": {"replicas": 4}})
    assert scaled["spec"] == {"replicas": 4, "paused": True}
    assert scaled["metadata"]["resourceVersion"] == "5"
    assert obj == {"metadata": META, "spec": {"replicas": 1, "paused": True}}


def test_a_size_is_not_negative():
    """The error stands at the scale's own path."""
    errors = ErrorList()
    validate_scale({"spec": {"replicas": -1}}, errors)
    assert [str(error) for error in errors] == [
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    ]
