"""kr8s, by its synchronous interface: built-in kinds and classes made for custom resources."""

from __future__ import annotations

import threading

import kr8s
import pytest
from cafe_definition import define_cafes
from kr8s._async_utils import Portal
from kr8s.objects import ConfigMap, Deployment, new_class
from kubectl import Kubectl

from kapi.testing import Server

Cafe = new_class(
    kind="Cafe", version="example.com/v1", namespaced=True, scalable=True, scalable_spec="tables"
)


@pytest.fixture(scope="module")
def old_server(home):
    """A server of the newest Kubernetes that this client knows."""
    with Server("--kubernetes-version=1.35", "--controllers=none") as server:
        define_cafes(Kubectl(server.kubeconfig, "default", home))
        yield server


@pytest.fixture
def api(old_server, home, request):
    """A client in a namespace of the test's own, its connections closed afterwards."""
    namespace = request.node.name.replace("_", "-")
    Kubectl(old_server.kubeconfig, "default", home)("create", "namespace", namespace)
    client = kr8s.api(kubeconfig=str(old_server.kubeconfig), namespace=namespace)
    yield client
    Portal().call(client._session.aclose)


def cafe(api, name, **spec):
    meta = {"name": name, "namespace": api.namespace}
    return Cafe({"metadata": meta, "spec": spec}, api=api)


def test_the_server(api):
    """Version, resources, who we are."""
    assert api.version()["major"] == "1"
    kinds = {resource["kind"] for resource in api.api_resources()}
    assert {"Pod", "Deployment", "Cafe", "CustomResourceDefinition"} <= kinds
    assert api.whoami() == "kubernetes-admin"


def test_custom_objects(api):
    """Create, refresh, patch, label, scale, watch, wait, delete."""
    blue = cafe(api, "blue", street="Main")
    assert not blue.exists()
    blue.create()
    assert blue.exists()
    assert blue.spec.tables == 4
    blue.patch({"spec": {"street": "Side"}})
    assert blue.spec.street == "Side"
    blue.patch([{"op": "replace", "path": "/spec/street", "value": "High"}], type="json")
    blue.label({"style": "old"})
    blue.annotate(note="yes")
    blue.patch({"status": {"tables": 1, "conditions": []}}, subresource="status")
    assert blue.status.tables == 1
    blue.scale(9)
    assert blue.replicas == 9
    found = [each.name for each in api.get("cafes.example.com", label_selector={"style": "old"})]
    assert found == ["blue"]
    assert Cafe.get("blue", namespace=api.namespace, api=api).spec.street == "High"
    assert [each.name for each in Cafe.list(namespace=api.namespace, api=api)] == ["blue"]
    ready = [{"type": "Ready", "status": "True"}]
    worker = threading.Timer(
        0.3, lambda: blue.patch({"status": {"conditions": ready}}, subresource="status")
    )
    worker.start()
    cafe_again = Cafe.get("blue", namespace=api.namespace, api=api)
    cafe_again.wait("condition=Ready", timeout=20)
    worker.join()
    blue.delete()
    blue.wait("delete", timeout=20)
    with pytest.raises(kr8s.NotFoundError):
        Cafe.get("blue", namespace=api.namespace, api=api)


def test_classes_made_by_looking(api):
    """``get`` finds the class of a kind that nobody declared."""
    cafe(api, "red").create()
    (red,) = api.get("cafes", "red")
    assert (red.kind, red.version, red.spec.tables) == ("Cafe", "example.com/v1", 4)
    red.delete()


def test_watch(api):
    """Events of one namespace."""
    events = api.watch("cafes.example.com")
    cafe(api, "a").create()
    kind, seen = next(events)
    assert (kind, seen.name) == ("ADDED", "a")
    seen.patch({"spec": {"tables": 1}})
    kind, seen = next(events)
    assert (kind, seen.spec.tables) == ("MODIFIED", 1)
    seen.delete()
    assert next(events)[0] == "DELETED"
    events.close()


def test_owners(api):
    """A child adopted by a custom object."""
    owner = cafe(api, "owner")
    owner.create()
    child = ConfigMap({"metadata": {"name": "child", "namespace": api.namespace}}, api=api)
    child.create()
    owner.adopt(child)
    child.refresh()
    (reference,) = child.metadata.ownerReferences
    assert (reference.kind, reference.uid) == ("Cafe", owner.metadata.uid)
    child.delete()
    owner.delete()


def test_built_in_objects(api):
    """A Deployment scaled; what is refused is a ServerError with the Status."""
    labels = {"app": "web"}
    web = Deployment(
        {
            "metadata": {"name": "web", "namespace": api.namespace},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "web", "image": "nginx:1"}]},
                },
            },
        },
        api=api,
    )
    web.create()
    with pytest.raises(kr8s.ServerError, match="Invalid value"):
        web.patch({"spec": {"replicas": -1}})
    web.delete()
    with pytest.raises(kr8s.ServerError, match="tables in body should be greater"):
        cafe(api, "small", tables=-1).create()
