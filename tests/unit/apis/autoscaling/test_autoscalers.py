"""HorizontalPodAutoscaler: defaults, validation, columns, and its two versions."""

from __future__ import annotations

import copy

import orjson
import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.autoscaling.columns import HORIZONTAL_POD_AUTOSCALER
from kapi.apis.autoscaling.conversion import v1_to_v2, v2_to_v1
from kapi.apis.autoscaling.defaults import default_v1, default_v2
from kapi.apis.autoscaling.validation import validate_autoscaler

PREFIX = "autoscaling.alpha.kubernetes.io/"
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}
METRICS = [
    {
        "type": "Resource",
        "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}},
    },
    {
        "type": "ContainerResource",
        "containerResource": {
            "name": "cpu",
            "container": "app",
            "target": {"type": "Utilization", "averageUtilization": 50},
        },
    },
    {
        "type": "Pods",
        "pods": {
            "metric": {"name": "rps"},
            "target": {"type": "AverageValue", "averageValue": "1"},
        },
    },
    {
        "type": "Object",
        "object": {
            "describedObject": {"kind": "Service", "name": "front", "apiVersion": "v1"},
            "metric": {"name": "hits"},
            "target": {"type": "Value", "value": "2k"},
        },
    },
    {
        "type": "External",
        "external": {
            "metric": {"name": "queue", "selector": {"matchLabels": {"q": "jobs"}}},
            "target": {"type": "AverageValue", "averageValue": "30"},
        },
    },
]
CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
}


def autoscaler(**spec):
    """A defaulted autoscaler at v2."""
    obj = {
        "metadata": {"name": "shop", "annotations": {"kept": "yes"}},
        "spec": {"scaleTargetRef": dict(TARGET), "maxReplicas": 5, **copy.deepcopy(spec)},
        "status": {"desiredReplicas": 0, "currentMetrics": None},
    }
    default_v2(obj)
    return obj


def problems(obj, old=None):
    """What is wrong."""
    errors = ErrorList()
    validate_autoscaler(obj, errors, old)
    return [str(error) for error in errors]


def test_a_behavior_for_one_direction_fills_both():
    """Each direction has its own defaults; members that are given stay."""
    behavior = autoscaler(behavior={"scaleDown": {"stabilizationWindowSeconds": 60}})["spec"][
        "behavior"
    ]
    assert behavior["scaleUp"]["policies"] == [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ]
    assert behavior["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert behavior["scaleDown"] == {
        "stabilizationWindowSeconds": 60,
        "selectPolicy": "Max",
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
    }


def test_v1_holds_other_metrics_in_an_annotation():
    """The use of the CPU has a member of its own, the rest is flattened into JSON."""
    old = v2_to_v1(autoscaler(metrics=[*METRICS, CPU]))
    assert old["spec"] == {
        "scaleTargetRef": TARGET,
        "maxReplicas": 5,
        "minReplicas": 1,
        "targetCPUUtilizationPercentage": 60,
    }
    assert old["status"] == {"desiredReplicas": 0, "currentReplicas": 0}
    assert orjson.loads(old["metadata"]["annotations"][f"{PREFIX}metrics"]) == [
        {"type": "Resource", "resource": {"name": "memory", "targetAverageValue": "1Gi"}},
        {
            "type": "ContainerResource",
            "containerResource": {
                "name": "cpu",
                "targetAverageUtilization": 50,
                "container": "app",
            },
        },
        {"type": "Pods", "pods": {"metricName": "rps", "targetAverageValue": "1"}},
        {
            "type": "Object",
            "object": {
                "target": {"kind": "Service", "name": "front", "apiVersion": "v1"},
                "metricName": "hits",
                "targetValue": "2k",
            },
        },
        {
            "type": "External",
            "external": {
                "metricName": "queue",
                "metricSelector": {"matchLabels": {"q": "jobs"}},
                "targetAverageValue": "30",
            },
        },
    ]


def test_a_round_trip_through_v1_loses_nothing():
    """Metrics, behavior, measurements and conditions come back as they were."""
    obj = autoscaler(metrics=[*METRICS, CPU], behavior={"scaleUp": {"selectPolicy": "Disabled"}})
    obj["status"] = {
        "desiredReplicas": 2,
        "currentReplicas": 1,
        "currentMetrics": [
            {
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "current": {"averageUtilization": 91, "averageValue": "455m"},
                },
            }
        ],
        "conditions": [{"type": "AbleToScale", "status": "True"}],
    }
    there = v2_to_v1(copy.deepcopy(obj))
    assert there["status"]["currentCPUUtilizationPercentage"] == 91
    assert v1_to_v2(there) == obj


def test_behavior_travels_with_its_go_names():
    """Every member is written, null when it is not set; any case is read."""
    obj = autoscaler(metrics=[CPU], behavior={"scaleUp": {}})
    text = v2_to_v1(obj)["metadata"]["annotations"][f"{PREFIX}behavior"]
    assert text.startswith('{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max",')
    assert '"ScaleDown":{"StabilizationWindowSeconds":null,' in text
    read = v1_to_v2(
        {"metadata": {"annotations": {f"{PREFIX}behavior": '{"scaleup":{"selectpolicy":"Min"}}'}}}
    )
    assert read["spec"]["behavior"] == {"scaleUp": {"selectPolicy": "Min"}}
    assert "annotations" not in read["metadata"]


def test_v1_without_metrics_scales_by_the_cpu():
    """The default is only added when neither the member nor the annotation has a metric."""
    obj = {"metadata": {}, "spec": {"scaleTargetRef": TARGET, "maxReplicas": 5}}
    default_v1(obj)
    metrics = v1_to_v2(copy.deepcopy(obj))["spec"]["metrics"]
    assert metrics[0]["resource"]["target"]["averageUtilization"] == 80
    held = orjson.dumps(
        [{"type": "Resource", "resource": {"name": "memory", "targetAverageValue": "1024Mi"}}]
    ).decode()
    obj["metadata"]["annotations"] = {f"{PREFIX}metrics": held}
    assert v1_to_v2(obj)["spec"]["metrics"] == [METRICS[0]]


@pytest.mark.parametrize("text", ["{", "3", "[3]", '{"a":1}'])
def test_annotations_that_cannot_be_read_are_dropped(text):
    """They are the server's to write, so they never stay in the hub form."""
    read = v1_to_v2({"metadata": {"annotations": {f"{PREFIX}metrics": text}}, "spec": {}})
    assert read["metadata"] == {}
    assert len(read["spec"]["metrics"]) == 1


def test_bounds_of_the_size():
    """A missing maximum is below any minimum as well."""
    obj = autoscaler()
    del obj["spec"]["maxReplicas"]
    assert problems(obj) == [
        "spec.maxReplicas: Required value: must be set and greater than 0",
        "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`",
    ]


def test_the_target_names_its_group_unless_it_was_stored_without():
    """The core group has one scalable kind."""
    obj = autoscaler(scaleTargetRef={"kind": "Deployment", "name": "shop"})
    assert problems(obj) == [
        'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group'
    ]
    assert problems(obj, obj) == []
    controller = {"apiVersion": "v1", "kind": "ReplicationController", "name": "shop"}
    assert problems(autoscaler(scaleTargetRef=controller)) == []


def test_a_metric_has_the_source_of_its_type_only():
    """Only the first source that is there is looked into."""
    wrong = {**METRICS[2], "resource": {}}
    assert problems(autoscaler(metrics=[wrong])) == [
        "spec.metrics[0].resource: Forbidden: must populate the given metric source only"
    ]
    assert problems(autoscaler(metrics=[{"type": "Resource"}])) == [
        (
            "spec.metrics[0].resource: Required value: must populate information for the given "
            "metric source"
        )
    ]


def test_cells_show_the_first_two_metrics():
    """Measured and aimed-at amounts, and how many more there are."""
    obj = autoscaler(metrics=[CPU, *METRICS])
    obj["status"]["currentMetrics"] = [
        {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 91}}}
    ]
    assert HORIZONTAL_POD_AUTOSCALER.cells(obj, 0.0)[1:4] == [
        "Deployment/shop",
        "cpu: 91%/60%, memory: <unknown>/1Gi + 4 more...",
        "1",
    ]


def test_names_of_container_resources():
    """The resource is one that containers have, the container a DNS label."""
    source = {
        "name": "cpucpu",
        "container": "C",
        "target": {"type": "Utilization", "averageUtilization": 1},
    }
    metric = {"type": "ContainerResource", "containerResource": source}
    path = "spec.metrics[0].containerResource"
    assert [text.split(":")[0] for text in problems(autoscaler(metrics=[metric]))] == [
        f"{path}.name",
        f"{path}.name",
        f"{path}.container",
    ]


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (0, "spec.maxReplicas: Required value: must be set and greater than 0"),
        (-1, "spec.maxReplicas: Invalid value: -1: must be greater than or equal to 1"),
    ],
)
def test_the_most_replicas_are_at_least_one(most, expected):
    """A missing number is told apart from a negative one."""
    obj, errors = autoscaler(), ErrorList()
    obj["spec"]["maxReplicas"] = most
    validate_autoscaler(obj, errors, minor=36)
    assert str(errors[0]) == expected
