"""What objects use of a quota."""

from __future__ import annotations

import pytest

from kapi.apimachinery.types import GroupResource
from kapi.apis.core.resource_usage import matches_scopes, missing_resources, usage_of

PODS = GroupResource("", "pods")
SERVICES = GroupResource("", "services")
CLAIMS = GroupResource("", "persistentvolumeclaims")


def texts(resource, obj):
    """The use as text."""
    return {name: str(amount) for name, amount in usage_of(resource, obj).items()}


def test_pod():
    """Requests of containers are added, init containers count as a maximum."""

    def container(name, cpu, **more):
        return {"name": name, "resources": {"requests": {"cpu": cpu, **more}}}

    spec = {
        "initContainers": [container("i", "3")],
        "containers": [container("a", "1"), container("b", "500m", **{"example.com/gpu": "2"})],
        "overhead": {"cpu": "100m"},
    }
    assert texts(PODS, {"spec": spec}) == {
        "count/pods": "1",
        "pods": "1",
        "cpu": "3100m",
        "requests.cpu": "3100m",
        "requests.example.com/gpu": "2",
    }
    ended = {"spec": spec, "status": {"phase": "Failed"}}
    assert texts(PODS, ended) == {"count/pods": "1"}


@pytest.mark.parametrize(
    ("spec", "ports", "balancers"),
    [
        ({"type": "ClusterIP"}, None, None),
        ({"type": "NodePort"}, "2", None),
        ({"type": "LoadBalancer"}, "2", "1"),
        ({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False}, None, "1"),
    ],
)
def test_service(spec, ports, balancers):
    """Node ports are counted by port, where they are allocated."""
    used = texts(SERVICES, {"spec": {"ports": [{"port": 80}, {"port": 81}], **spec}})
    assert used["services"] == used["count/services"] == "1"
    assert used.get("services.nodeports") == ports
    assert used.get("services.loadbalancers") == balancers


def test_claim():
    """Storage is counted in all and by class."""
    requests = {"requests": {"storage": "2Gi"}}
    claim = {"metadata": {}, "spec": {"storageClassName": "fast", "resources": requests}}
    assert texts(CLAIMS, claim) == {
        "count/persistentvolumeclaims": "1",
        "persistentvolumeclaims": "1",
        "fast.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
        "requests.storage": "2Gi",
        "fast.storageclass.storage.k8s.io/requests.storage": "2Gi",
    }


def test_other_kinds():
    """Everything can be counted by its name and group."""
    assert texts(GroupResource("apps", "deployments"), {}) == {"count/deployments.apps": "1"}


def test_missing_resources():
    """Only cpu and memory are compulsory; the pod as a whole may say them."""
    containers = [{"name": "b"}, {"name": "a", "resources": {"requests": {"cpu": "1"}}}]
    limited = ["requests.cpu", "limits.memory", "requests.ephemeral-storage", "pods"]
    assert missing_resources({"containers": containers}, limited) == (
        "limits.memory for: a,b; requests.cpu for: b"
    )
    whole = {"containers": containers, "resources": {"limits": {"memory": "1Gi"}}}
    assert missing_resources(whole, limited) == "requests.cpu for: b"


@pytest.mark.parametrize(
    ("quota", "pod", "matches"),
    [
        ({}, {}, True),
        ({"scopes": ["BestEffort"]}, {}, True),
        ({"scopes": ["NotBestEffort"]}, {}, False),
        ({"scopes": ["Terminating"]}, {"activeDeadlineSeconds": 5}, True),
        ({"scopes": ["NotTerminating", "BestEffort"]}, {"activeDeadlineSeconds": 5}, False),
        ({"scopes": ["PriorityClass"]}, {"priorityClassName": "high"}, True),
        ({"scopes": ["PriorityClass"]}, {}, False),
    ],
)
def test_scopes(quota, pod, matches):
    """A pod is limited when it is in every scope of the quota."""
    obj = {"metadata": {}, "spec": {"containers": [{"name": "c"}], **pod}}
    assert matches_scopes(PODS, {"spec": quota}, obj) is matches


@pytest.mark.parametrize(
    ("operator", "values", "name", "matches"),
    [
        ("In", ["high"], "high", True),
        ("In", ["high"], "", False),
        ("NotIn", ["high"], "low", True),
        ("NotIn", ["high"], "high", False),
        ("DoesNotExist", None, "", True),
        ("Exists", None, "", False),
    ],
)
def test_priority_class_selector(operator, values, name, matches):
    """Scope selectors choose priority classes."""
    expression = {"scopeName": "PriorityClass", "operator": operator, "values": values}
    quota = {"spec": {"scopeSelector": {"matchExpressions": [expression]}}}
    pod = {"metadata": {}, "spec": {"containers": [], "priorityClassName": name}}
    assert matches_scopes(PODS, quota, pod) is matches
