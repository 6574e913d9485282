"""Objects are written in the order in which Go declares the members of their structs."""

from __future__ import annotations

from kapi.apimachinery.scheme.scheme import Scheme


def test_members_in_declared_order() -> None:
    """Structs have an order of their own, at times not that of their numbers; maps are sorted."""
    scheme = Scheme.load(36)
    pod = {
        "spec": {
            "schedulerName": "s",
            "containers": [{"imagePullPolicy": "Always", "image": "i", "name": "c"}],
            "initContainers": [],
            "volumes": [{"hostPath": {"path": "/"}, "name": "v"}],
        },
        "metadata": {
            "managedFields": [{"time": "t", "manager": "m", "apiVersion": "v1"}],
            "labels": {"b": "1", "a": "2"},
            "ownerReferences": [{"uid": "u", "name": "n", "kind": "k", "apiVersion": "v"}],
            "name": "p",
        },
        "unknown": 1,
        "apiVersion": "v1",
        "kind": "Pod",
    }
    ordered = scheme.in_declared_order(scheme.named("io.k8s.api.core.v1.Pod"), pod)
    assert ordered == pod
    assert [*ordered] == ["kind", "apiVersion", "metadata", "spec", "unknown"]
    meta, spec = ordered["metadata"], ordered["spec"]
    assert [*meta] == ["name", "labels", "ownerReferences", "managedFields"]
    assert [*meta["labels"]] == ["a", "b"]
    assert [*meta["ownerReferences"][0]] == ["apiVersion", "kind", "name", "uid"]
    assert [*meta["managedFields"][0]] == ["manager", "apiVersion", "time"]
    assert [*spec] == ["volumes", "initContainers", "containers", "schedulerName"]
    assert [*spec["volumes"][0]] == ["name", "hostPath"]
    assert [*spec["containers"][0]] == ["name", "image", "imagePullPolicy"]
