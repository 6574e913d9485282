"""lightkube: typed built-in objects, and custom resources of generic and created classes."""

from __future__ import annotations

import threading

import pytest
from lightkube import Client, KubeConfig
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import (
    create_namespaced_resource,
    load_in_cluster_generic_resources,
)
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap
from lightkube.types import PatchType

Cafe = create_namespaced_resource("example.com", "v1", "Cafe", "cafes")


@pytest.fixture
def cafes(cafe_server, new_namespace):
    """A client in a namespace of the test's own."""
    settings = KubeConfig.from_file(cafe_server.kubeconfig)
    with Client(config=settings, namespace=new_namespace(), field_manager="tests") as client:
        yield client


def cafe(name, **spec):
    return Cafe(metadata=ObjectMeta(name=name), spec=spec)


def test_custom_objects(cafes):
    """Create, get, list, patch, replace, status, apply, delete."""
    made = cafes.create(cafe("a", street="Main"))
    assert made.spec == {"street": "Main", "tables": 4}
    assert cafes.get(Cafe, "a").to_dict() == made.to_dict()
    patched = cafes.patch(Cafe, "a", {"spec": {"tables": 5}}, patch_type=PatchType.MERGE)
    assert patched.spec["tables"] == 5
    patched.spec["tables"] = 6
    assert cafes.replace(patched).spec["tables"] == 6
    told = cafes.patch(Cafe.Status, "a", {"status": {"tables": 6}}, patch_type=PatchType.MERGE)
    assert told.status == {"tables": 6}
    body = Cafe(
        apiVersion="example.com/v1",
        kind="Cafe",
        metadata=ObjectMeta(name="b"),
        spec={"dishes": [{"name": "soup"}]},
    )
    assert cafes.apply(body).metadata.managedFields[0].operation == "Apply"
    assert [each.metadata.name for each in cafes.list(Cafe)] == ["a", "b"]
    cafes.delete(Cafe, "a")
    cafes.deletecollection(Cafe)
    assert list(cafes.list(Cafe)) == []


def test_watch(cafes):
    """Events from where a list ended."""
    worker = threading.Timer(0.3, lambda: cafes.create(cafe("a")))
    worker.start()
    for kind, seen in cafes.watch(Cafe, server_timeout=20):
        assert (kind, seen.metadata.name) == ("ADDED", "a")
        break
    worker.join()


def test_resources_of_the_cluster(cafes):
    """All definitions are listed and become classes."""
    load_in_cluster_generic_resources(cafes)
    with pytest.raises(ApiError) as refused:
        cafes.create(cafe("a", tables="many"))
    assert (refused.value.status.code, refused.value.status.reason) == (422, "Invalid")
    assert refused.value.status.details.causes[0].field == "spec.tables"


def test_built_in_objects(cafes):
    """A ConfigMap, typed."""
    made = cafes.create(ConfigMap(metadata=ObjectMeta(name="a"), data={"k": "1"}))
    made.data = {"k": "2"}
    assert cafes.replace(made).data == {"k": "2"}
    cafes.delete(ConfigMap, "a")
