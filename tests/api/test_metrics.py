"""The document /metrics."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
# The server makes none of these by itself.
SECRETS = "/api/v1/namespaces/default/secrets"


@pytest.fixture
def scrape(cluster):
    """Read the metrics: (name, labels) -> value, labels as a sorted tuple."""

    async def read():
        answer = await cluster.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    return read


def found(metrics, name, **labels):
    """The values of a metric whose labels include these."""
    wanted = set(labels.items())
    return [
        value for (each, given), value in metrics.items() if each == name and wanted <= {*given}
    ]


async def test_requests_are_counted_by_what_they_are(cluster, scrape, config_map):
    """Verb, scope, resource and code, as kube-apiserver labels them."""
    await cluster.create(CONFIG_MAPS, config_map("a"))
    await cluster.post(CONFIG_MAPS, config_map("b"), dryRun="All")
    await cluster.post(CONFIG_MAPS, config_map("a"))
    await cluster.read(CONFIG_MAPS)
    await cluster.read("/api/v1/configmaps")
    await cluster.apply(CONFIG_MAPS + "/a", config_map("a", data={"k": "v"}))
    await cluster.patch("merge", CONFIG_MAPS + "/a", {"data": {"k": "w"}})
    await cluster.delete(CONFIG_MAPS)
    async with cluster.watch(CONFIG_MAPS) as watch:
        assert watch.status == 200
    metrics = await scrape()
    counted = [
        {"verb": "POST", "code": "201", "dry_run": "", "scope": "resource"},
        {"verb": "POST", "code": "201", "dry_run": "All"},
        {"verb": "POST", "code": "409"},
        {"verb": "LIST", "scope": "namespace"},
        {"verb": "LIST", "scope": "cluster"},
        {"verb": "APPLY"},
        {"verb": "PATCH"},
        {"verb": "DELETECOLLECTION"},
        {"verb": "WATCH"},
    ]
    for each in counted:
        labels = {**each, "resource": "configmaps", "component": "apiserver"}
        assert sum(found(metrics, "apiserver_request_total", **labels)) == 1, labels
    labels = {"verb": "POST", "resource": "configmaps", "le": "+Inf", "dry_run": ""}
    assert found(metrics, "apiserver_request_duration_seconds_bucket", **labels) == [2]


async def test_clients_cannot_make_series_up(cluster, scrape):
    """Paths of what is not served are counted together."""
    for number in range(20):
        await cluster.get(f"/apis/made.up/v{number}/things{number}")
        await cluster.get(f"/api/v1/namespaces/default/pods/p/sub{number}")
        await cluster.http.request(f"VERB{number}", "/api/v1/pods")
    before = await scrape()
    assert sum(found(before, "apiserver_request_total", verb="GET", code="404")) == 40
    assert not found(before, "apiserver_request_total", resource="things1")
    assert not found(before, "apiserver_request_total", subresource="sub1")
    assert sum(found(before, "apiserver_request_total", verb="OTHER")) == 20


async def test_objects_storage_and_caches_are_shown(cluster, scrape):
    """How many there are, how long writes took and what the cache holds."""
    for name in ("a", "b", "c"):
        body = {"metadata": {"name": name}, "data": {"k": "eHh4" * 250}}
        await cluster.create(SECRETS, body)
    await cluster.delete(SECRETS + "/c")
    async with cluster.watch(SECRETS):
        metrics = await scrape()
    assert found(metrics, "apiserver_storage_objects", resource="secrets") == [2]
    labels = {"group": "", "resource": "secrets"}
    assert found(metrics, "etcd_request_duration_seconds_count", operation="create", **labels) == [
        3
    ]
    assert found(metrics, "etcd_requests_total", operation="delete", **labels) == [1]
    assert found(metrics, "apiserver_watch_cache_events_received_total", **labels) == [4]
    assert found(metrics, "apiserver_registered_watchers", **labels) == [1]
    [revision] = found(metrics, "apiserver_watch_cache_resource_version", **labels)
    assert revision == int((await cluster.read(SECRETS))["metadata"]["resourceVersion"])
    [size] = found(metrics, "kapi_watch_cache_object_bytes", **labels)
    assert 1000 < size < 3000
    assert found(metrics, "process_resident_memory_bytes")[0] > 1e7


async def test_commits_of_the_embedded_store_are_shown(start_cluster, tmp_path, config_map):
    """How many transactions shared one."""
    cluster = await start_cluster(data_dir=tmp_path, ephemeral=False)
    await cluster.create(CONFIG_MAPS, config_map("a"))
    text = (await cluster.get("/metrics")).text
    assert 'kapi_storage_commit_batch_size_bucket{le="1.0"}' in text or (
        'kapi_storage_commit_batch_size_bucket{le="1"}' in text
    )


async def test_metrics_are_not_for_everybody(cluster):
    """Without credentials they are refused, and only GET reads them."""
    answer = await cluster.http.get("/metrics", headers={"Authorization": ""})
    assert answer.status_code in {401, 403}
    assert (await cluster.post("/metrics", {})).status_code == 405
