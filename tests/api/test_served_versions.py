"""Thirteen minor versions: what each serves, and versions of a kind as views of one object."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kapi.server.options import MAXIMUM_MINOR, MINIMUM_MINOR, OptionsError

sys.path.insert(0, str(Path(__file__).parent))

from minimal_objects import minimal_object

MINORS = range(MINIMUM_MINOR, MAXIMUM_MINOR + 1)
TABLE = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
# Namespaces are removed by a controller.
STAYS = {"namespaces"}


def collection(resource):
    base = f"/apis/{resource.api_version}" if resource.group else f"/api/{resource.version}"
    scope = "/namespaces/default" if resource.namespaced else ""
    return f"{base}{scope}/{resource.resource}"


async def live_and_die(cluster, minor, resource, views):
    """Create an object, see it through every version of its kind, change it, delete it."""
    obj = minimal_object(resource.group, resource.version, resource.kind, minor)
    answer = await cluster.post(collection(resource), obj, fieldValidation="Strict")
    assert answer.status_code == 201, (resource.api_version, resource.kind, answer.text)
    name = obj["metadata"]["name"]
    for view in views:
        path = f"{collection(view)}/{name}"
        shown = await cluster.read(path)
        assert (shown["apiVersion"], shown["kind"]) == (view.api_version, view.kind)
        table = (await cluster.get(path, headers=TABLE)).json()
        assert (table["kind"], len(table["rows"])) == ("Table", 1)
        changed = {"metadata": {"labels": {"seen": view.version}}}
        patched = await cluster.patch("merge", path, changed)
        assert patched.status_code == 200, (view.api_version, view.kind, patched.text)
        if "status" in view.subresources:
            assert (await cluster.get(f"{path}/status")).status_code == 200, view
    last = f"{collection(views[-1])}/{name}"
    gone = await cluster.delete(last, gracePeriodSeconds=0, propagationPolicy="Background")
    assert gone.status_code in {200, 202}, (last, gone.text)
    if resource.resource not in STAYS:
        await cluster.patch("merge", last, {"metadata": {"finalizers": None}})
        assert (await cluster.get(f"{collection(resource)}/{name}")).status_code == 404, last


@pytest.mark.parametrize("minor", MINORS)
async def test_every_kind_at_every_version(start_cluster, minor):
    """Whatever can be created can be read as an object and as a Table, changed and deleted."""
    cluster = await start_cluster(
        kubernetes_minor=minor,
        runtime_config={"api/all": True},
        disabled_admission_plugins=("ServiceAccount",),
        controllers=(),
    )
    by_storage = {}
    for resource in cluster.server.api.catalogue.all():
        if "create" in resource.verbs and "get" in resource.verbs:
            by_storage.setdefault(resource.storage, []).append(resource)
    for views in by_storage.values():
        for resource in views:
            await live_and_die(cluster, minor, resource, views)


@pytest.mark.parametrize("minor", [25, 29, 33, 37])
async def test_version_document(start_cluster, minor):
    """It names the minor version, and what is emulated since that is told."""
    cluster = await start_cluster(kubernetes_minor=minor)
    document = await cluster.read("/version")
    assert (document["major"], document["minor"]) == ("1", str(minor))
    assert document["gitVersion"].startswith(f"v1.{minor}.")
    told = {name for name in document if name.startswith(("emulation", "minCompatibility"))}
    assert len(told) == (4 if minor >= 33 else 0)


async def test_a_removed_version_is_not_found_and_a_deprecated_one_warns(start_cluster):
    """1.25 still serves autoscaling/v2beta2, and says when it ends."""
    path = "/apis/autoscaling/v2beta2/namespaces/default/horizontalpodautoscalers"
    old = await start_cluster(kubernetes_minor=25)
    answer = await old.get(path)
    assert answer.status_code == 200
    assert answer.headers["warning"] == (
        '299 - "autoscaling/v2beta2 HorizontalPodAutoscaler is deprecated in v1.23+, '
        'unavailable in v1.26+; use autoscaling/v2 HorizontalPodAutoscaler"'
    )
    new = await start_cluster(kubernetes_minor=26)
    assert (await new.get(path)).status_code == 404


async def test_a_watch_of_another_version_shows_that_version(start_cluster):
    """What is written as v1 is seen as v2, and as one event of core for both event groups."""
    cluster = await start_cluster()
    versions = "/apis/autoscaling/{}/namespaces/default/horizontalpodautoscalers"
    async with cluster.watch(versions.format("v2")) as watch:
        autoscaler = minimal_object("autoscaling", "v1", "HorizontalPodAutoscaler")
        autoscaler["spec"]["targetCPUUtilizationPercentage"] = 70
        await cluster.create(versions.format("v1"), autoscaler)
        kind, seen = await watch.event()
    assert (kind, seen["apiVersion"]) == ("ADDED", "autoscaling/v2")
    target = seen["spec"]["metrics"][0]["resource"]["target"]
    assert target == {"type": "Utilization", "averageUtilization": 70}
    async with cluster.watch("/api/v1/namespaces/default/events") as watch:
        event = minimal_object("events.k8s.io", "v1", "Event")
        await cluster.create("/apis/events.k8s.io/v1/namespaces/default/events", event)
        _, seen = await watch.event()
    assert seen["reportingComponent"] == "example.com/c"
    gone = await cluster.delete("/api/v1/namespaces/default/events/a")
    assert gone.status_code == 200
    path = "/apis/events.k8s.io/v1/namespaces/default/events/a"
    assert (await cluster.get(path)).status_code == 404


async def test_runtime_config_switches_apis_off_and_on(start_cluster):
    """What is off is in no document; what is on is served like anything else."""
    cluster = await start_cluster(
        runtime_config={"batch/v1/cronjobs": False, "policy/v1": False, "api/beta": True}
    )
    jobs = await cluster.read("/apis/batch/v1")
    assert {entry["name"] for entry in jobs["resources"]} == {"jobs", "jobs/status"}
    assert (await cluster.get("/apis/batch/v1/cronjobs")).status_code == 404
    assert (await cluster.get("/apis/policy")).status_code == 404
    groups = {group["name"]: group for group in (await cluster.read("/apis"))["groups"]}
    assert "policy" not in groups
    versions = [entry["version"] for entry in groups["resource.k8s.io"]["versions"]]
    assert versions == ["v1", "v1beta2", "v1beta1"]
    documents = (await cluster.read("/openapi/v3"))["paths"]
    assert "apis/policy/v1" not in documents
    assert "apis/resource.k8s.io/v1beta2" in documents
    swagger = await cluster.read("/openapi/v2")
    assert not [path for path in swagger["paths"] if "cronjobs" in path]


async def test_runtime_config_without_the_core_group(start_cluster):
    """A server can do without Pods and Namespaces."""
    cluster = await start_cluster(runtime_config={"v1": False})
    assert (await cluster.read("/api"))["versions"] == []
    assert (await cluster.read("/apis/scheduling.k8s.io/v1/priorityclasses"))["items"]


async def test_runtime_config_that_names_nothing_stops_the_start(start_cluster):
    """The flag is named in the message."""
    with pytest.raises(OptionsError, match=r"--runtime-config: unknown api groups example\.com"):
        await start_cluster(runtime_config={"example.com/v1": True})


async def test_a_newer_version_reads_what_an_older_one_stored(start_cluster, tmp_path):
    """Objects and their versions outlive an upgrade, and what is switched off stays stored."""
    stored = {"data_dir": tmp_path, "ephemeral": False}
    beta = {"resource.k8s.io/v1beta1": True}
    old = await start_cluster(**stored, kubernetes_minor=32, runtime_config=beta)
    claim = minimal_object("resource.k8s.io", "v1beta1", "ResourceClaim")
    path = "/apis/resource.k8s.io/{}/namespaces/default/resourceclaims"
    await old.create(path.format("v1beta1"), claim)
    await old.server.stop()
    off = await start_cluster(**stored, kubernetes_minor=33)
    assert (await off.get(path.format("v1beta1"))).status_code == 404
    await off.server.stop()
    new = await start_cluster(**stored, kubernetes_minor=34)
    read = await new.read(path.format("v1") + "/a")
    request = read["spec"]["devices"]["requests"][0]
    assert request["exactly"]["deviceClassName"] == "class.example.com"


async def test_names_of_services_before_they_were_relaxed(start_cluster, fails):
    """They begin with a letter up to 1.35."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "1st"},
        "spec": {"ports": [{"port": 80}]},
    }
    path = "/api/v1/namespaces/default/services"
    old = await start_cluster(kubernetes_minor=35)
    status = fails(await old.post(path, service), 422, "Invalid")
    assert "a DNS-1035 label must consist of" in status["message"]
    new = await start_cluster(kubernetes_minor=36)
    assert (await new.post(path, service)).status_code == 201
