"""Which parameters a policy runs with, and what is wrong with a reference."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from kapi.admission.policy.params import ConfigurationError, find_params, param_resource

NAMESPACED = SimpleNamespace(
    storage=SimpleNamespace(group="", resource="configmaps"), namespaced=True, conversion=None
)
CLUSTER = SimpleNamespace(
    storage=SimpleNamespace(group="example.com", resource="limits"),
    namespaced=False,
    conversion=None,
)


def param(name, **labels):
    return {"metadata": {"name": name, "labels": labels}}


class Objects:
    """Implements Lookup over a dict by namespace."""

    def __init__(self, **namespaces):
        self._namespaces = namespaces

    async def get(self, _group, _resource, namespace, name):
        found = self._namespaces.get(namespace or "cluster", ())
        return next((obj for obj in found if obj["metadata"]["name"] == name), None)

    async def list(self, _group, _resource, namespace=""):
        return list(self._namespaces.get(namespace or "cluster", ()))


OBJECTS = Objects(
    ns=[param("a", x="1"), param("b", x="1"), param("c")], other=[param("a")], cluster=[param("k")]
)


def names(resource, ref, namespace="ns"):
    found = asyncio.run(find_params(OBJECTS, resource, ref, namespace))
    return [obj and obj["metadata"]["name"] for obj in found]


def test_no_parameters():
    """Without a kind or a reference a policy runs once, with null."""
    assert names(None, {"name": "a"}) == [None]
    assert names(NAMESPACED, None) == [None]


def test_references():
    """By name or selector, in the namespace of the request or another."""
    assert names(NAMESPACED, {"name": "a"}) == ["a"]
    assert names(NAMESPACED, {"selector": {"matchLabels": {"x": "1"}}}) == ["a", "b"]
    assert names(NAMESPACED, {"selector": {}, "namespace": "other"}) == ["a"]
    assert names(CLUSTER, {"name": "k"}) == ["k"]


def test_parameters_that_are_not_there():
    """The reference says whether that is a failure."""
    assert names(NAMESPACED, {"name": "z", "parameterNotFoundAction": "Allow"}) == []
    with pytest.raises(ConfigurationError, match="no params found for policy binding"):
        names(NAMESPACED, {"name": "z", "parameterNotFoundAction": "Deny"})


@pytest.mark.parametrize(
    ("resource", "ref", "namespace", "message"),
    [
        (NAMESPACED, {"name": "a"}, "", "matches cluster-scoped resources"),
        (CLUSTER, {"name": "k", "namespace": "ns"}, "ns", "must not be provided for a cluster-"),
    ],
)
def test_namespaces_that_cannot_be(resource, ref, namespace, message):
    """A namespaced parameter needs a namespace, one of the cluster has none."""
    with pytest.raises(ConfigurationError) as refused:
        names(resource, ref, namespace)
    assert str(refused.value).startswith("failed to configure binding: ")
    assert message in str(refused.value)


def test_kinds():
    """A kind that is not served is told with group and version."""
    versions = SimpleNamespace(of_kind=lambda version, _kind: CLUSTER if version == "v1" else None)
    assert param_resource(versions, None) is None
    assert param_resource(versions, {"apiVersion": "v1", "kind": "K"}) is CLUSTER
    with pytest.raises(ConfigurationError) as refused:
        param_resource(versions, {"apiVersion": "v2", "kind": "K"})
    assert str(refused.value) == (
        "failed to configure policy: failed to find resource referenced by paramKind: '/v2, Kind=K'"
    )
