"""The official Python client with custom resources, which it knows from discovery alone."""

from __future__ import annotations

import threading

import pytest
from kubernetes import client, config, dynamic, watch
from kubernetes.dynamic.exceptions import (
    ConflictError,
    NotFoundError,
    UnprocessibleEntityError,
)


@pytest.fixture
def api(cafe_server):
    """A connection, closed when the test ends."""
    with config.new_client_from_config(str(cafe_server.kubeconfig)) as connected:
        yield connected


@pytest.fixture
def cafes(api):
    """The resource as discovery has it."""
    found = dynamic.DynamicClient(api).resources
    return found.get(api_version="example.com/v1", kind="Cafe")


@pytest.fixture
def namespace(new_namespace):
    """A namespace of the test's own."""
    return new_namespace()


def cafe(name, **spec):
    meta = {"name": name, "labels": {"app": name}}
    return {"apiVersion": "example.com/v1", "kind": "Cafe", "metadata": meta, "spec": spec}


def test_what_discovery_says(cafes):
    """Names, scope, verbs, subresources."""
    assert (cafes.name, cafes.singular_name, cafes.namespaced) == ("cafes", "cafe", True)
    assert cafes.short_names == ["cf"]
    assert set(cafes.subresources) == {"status", "scale"}


def test_objects_from_creation_to_deletion(cafes, namespace):
    """Create, get, list by label, replace, both patches, status, scale, delete."""
    made = cafes.create(body=cafe("a", street="Main"), namespace=namespace)
    assert (made.spec.tables, made.metadata.generation) == (4, 1)
    assert cafes.get(name="a", namespace=namespace).to_dict() == made.to_dict()
    cafes.create(body=cafe("b"), namespace=namespace)
    listed = cafes.get(namespace=namespace, label_selector="app=a")
    assert [item.metadata.name for item in listed.items] == ["a"]
    body = made.to_dict()
    body["spec"]["tables"] = 6
    assert cafes.replace(body=body, namespace=namespace).metadata.generation == 2
    with pytest.raises(ConflictError):
        cafes.replace(body=body, namespace=namespace)
    merge = {"content_type": "application/merge-patch+json", "namespace": namespace, "name": "a"}
    assert cafes.patch(body={"spec": {"street": None}}, **merge).spec.street is None
    operations = [{"op": "replace", "path": "/spec/tables", "value": 2}]
    merge["content_type"] = "application/json-patch+json"
    assert cafes.patch(body=operations, **merge).spec.tables == 2
    merge["content_type"] = "application/merge-patch+json"
    told = cafes.status.patch(body={"status": {"tables": 1}, "spec": {"tables": 9}}, **merge)
    assert (told.status.tables, told.spec.tables) == (1, 2)
    scaled = cafes.scale.patch(body={"spec": {"replicas": 8}}, **merge)
    assert (scaled.kind, scaled.spec.replicas, scaled.status.replicas) == ("Scale", 8, 1)
    cafes.delete(name="a", namespace=namespace)
    with pytest.raises(NotFoundError):
        cafes.get(name="a", namespace=namespace)
    cafes.delete(namespace=namespace, label_selector="app=b")
    assert cafes.get(namespace=namespace).items == []


def test_what_is_refused_can_be_read(cafes, namespace):
    """The exception has the Status with the field."""
    with pytest.raises(UnprocessibleEntityError) as refused:
        cafes.create(body=cafe("a", tables=-1), namespace=namespace)
    assert '"field":"spec.tables"' in refused.value.body


def test_apply_by_two_managers(cafes, namespace):
    """Each owns a dish; what both want is a conflict, unless forced."""

    def apply(manager, **more):
        dishes = [{"name": manager, "price": "5.00"}]
        return cafes.server_side_apply(
            body={**cafe("a", dishes=dishes), **more},
            name="a",
            namespace=namespace,
            field_manager=manager,
        )

    apply("soup")
    both = apply("cake")
    assert [dish.name for dish in both.spec.dishes] == ["soup", "cake"]
    owners = {entry.manager: entry.operation for entry in both.metadata.managedFields}
    assert owners == {"soup": "Apply", "cake": "Apply"}
    body = cafe("a", dishes=[{"name": "soup", "price": 7}])
    target = {"name": "a", "namespace": namespace, "field_manager": "cake"}
    with pytest.raises(ConflictError):
        cafes.server_side_apply(body=body, **target)
    forced = cafes.server_side_apply(body=body, force_conflicts=True, **target)
    assert [dish.to_dict() for dish in forced.spec.dishes] == [{"name": "soup", "price": 7}]


def test_watch(cafes, namespace):
    """Events as they come, from where a list ended."""
    start = cafes.get(namespace=namespace).metadata.resourceVersion

    def work():
        cafes.create(body=cafe("a"), namespace=namespace)
        cafes.patch(
            body={"spec": {"tables": 5}},
            name="a",
            namespace=namespace,
            content_type="application/merge-patch+json",
        )
        cafes.delete(name="a", namespace=namespace)

    worker = threading.Thread(target=work)
    worker.start()
    seen = []
    watcher = watch.Watch()
    for event in cafes.watch(
        namespace=namespace, resource_version=start, timeout=20, watcher=watcher
    ):
        seen.append((event["type"], event["object"].spec.tables))
        if event["type"] == "DELETED":
            watcher.stop()
    worker.join()
    assert seen == [("ADDED", 4), ("MODIFIED", 5), ("DELETED", 5)]


def test_typed_api_of_custom_objects(api, namespace):
    """CustomObjectsApi, as operators of many years use it."""
    custom = client.CustomObjectsApi(api)
    place = {"group": "example.com", "version": "v1", "namespace": namespace, "plural": "cafes"}
    custom.create_namespaced_custom_object(body=cafe("a", tables=3), **place)
    patched = custom.patch_namespaced_custom_object(name="a", body={"spec": {"tables": 4}}, **place)
    assert patched["spec"] == {"tables": 4}
    status = custom.patch_namespaced_custom_object_status(
        name="a", body={"status": {"tables": 4}}, **place
    )
    assert status["status"] == {"tables": 4}
    scale = custom.get_namespaced_custom_object_scale(name="a", **place)
    assert scale["spec"] == {"replicas": 4}
    assert [
        item["metadata"]["name"] for item in custom.list_namespaced_custom_object(**place)["items"]
    ] == ["a"]
    custom.delete_namespaced_custom_object(name="a", **place)
    assert custom.list_namespaced_custom_object(**place)["items"] == []
