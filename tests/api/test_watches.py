"""Watches: where they start, what selectors make of changes, bookmarks, and how they end."""

from __future__ import annotations

import pytest

from kapi.apimachinery.types import GroupResource

MAPS = "/api/v1/namespaces/default/configmaps"
ALL_MAPS = "/api/v1/configmaps"
END = {"k8s.io/initial-events-end": "true"}


async def version(cluster):
    """The version of the newest state."""
    return (await cluster.read(MAPS))["metadata"]["resourceVersion"]


@pytest.mark.parametrize("start", [{}, {"resourceVersion": "0"}])
async def test_from_nothing_begins_with_what_exists(cluster, config_map, start):
    """Without a version, or with 0, existing objects come first in key order, then changes."""
    for name in ("b", "a"):
        await cluster.create(MAPS, config_map(name))
    async with cluster.watch(MAPS, **start) as watch:
        await cluster.create(MAPS, config_map("0"))
        assert await watch.changes(3) == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "0")]


async def test_from_a_version_brings_what_came_after_it(cluster, config_map):
    """Changes before the watch began and later ones come alike, each with its own version."""
    await cluster.create(MAPS, config_map("old"))
    start = await version(cluster)
    await cluster.create(MAPS, config_map("a", data={"k": "1"}))
    async with cluster.watch(MAPS, resourceVersion=start) as watch:
        await cluster.put(f"{MAPS}/a", config_map("a", data={"k": "2"}))
        await cluster.delete(f"{MAPS}/a")
        events = await watch.events(3)
    assert [(kind, obj["data"]["k"]) for kind, obj in events] == [
        ("ADDED", "1"),
        ("MODIFIED", "2"),
        ("DELETED", "2"),
    ]
    versions = [int(obj["metadata"]["resourceVersion"]) for _, obj in events]
    assert int(start) < versions[0] < versions[1] < versions[2]


async def test_event_is_what_the_writer_saw(cluster, config_map):
    """The object in an event equals the answer to the write."""
    async with cluster.watch(MAPS, resourceVersion=await version(cluster)) as watch:
        created = await cluster.create(MAPS, config_map("a", data={"k": "1"}))
        assert await watch.event() == ("ADDED", created)


async def test_writes_without_change_make_no_event(cluster, config_map):
    """Only what changed is told."""
    await cluster.create(MAPS, config_map("a"))
    async with cluster.watch(MAPS, resourceVersion=await version(cluster)) as watch:
        await cluster.put(f"{MAPS}/a", config_map("a"))
        await cluster.patch("merge", f"{MAPS}/a", {})
        await cluster.create(MAPS, config_map("dry"), dryRun="All")
        await cluster.create(MAPS, config_map("b"))
        assert await watch.changes(1) == [("ADDED", "b")]


async def test_scopes(cluster, config_map):
    """A namespace's watch does not hear of others, one of all namespaces does."""
    await cluster.create("/api/v1/namespaces", {"metadata": {"name": "other"}})
    start = await version(cluster)
    async with (
        cluster.watch(MAPS, resourceVersion=start) as here,
        cluster.watch(ALL_MAPS, resourceVersion=start) as everywhere,
    ):
        await cluster.create("/api/v1/namespaces/other/configmaps", config_map("there"))
        await cluster.create(MAPS, config_map("here"))
        assert await here.changes(1) == [("ADDED", "here")]
        assert await everywhere.changes(2) == [("ADDED", "there"), ("ADDED", "here")]


async def test_changes_of_labels_enter_and_leave_a_selector(cluster, config_map):
    """Entering is ADDED; leaving is DELETED with the last selected content and the new version."""
    await cluster.create(MAPS, config_map("a", {"color": "red"}))
    async with cluster.watch(
        MAPS, labelSelector="color=blue", resourceVersion=await version(cluster)
    ) as watch:
        await cluster.patch("merge", f"{MAPS}/a", {"data": {"unseen": "yes"}})
        await cluster.patch("merge", f"{MAPS}/a", {"metadata": {"labels": {"color": "blue"}}})
        await cluster.patch("merge", f"{MAPS}/a", {"data": {"seen": "yes"}})
        left = await cluster.patch(
            "merge", f"{MAPS}/a", {"metadata": {"labels": {"color": "green"}}}
        )
        await cluster.delete(f"{MAPS}/a")
        await cluster.create(MAPS, config_map("end", {"color": "blue"}))
        events = await watch.events(4)
    assert [kind for kind, _ in events] == ["ADDED", "MODIFIED", "DELETED", "ADDED"]
    deleted = events[2][1]
    assert deleted["metadata"]["labels"] == {"color": "blue"}
    new_version = left.json()["metadata"]["resourceVersion"]
    assert deleted["metadata"]["resourceVersion"] == new_version
    assert events[3][1]["metadata"]["name"] == "end"


async def test_field_selector_follows_fields(cluster, pod):
    """A pod leaves a watch on spec.nodeName= when it is bound."""
    pods = "/api/v1/namespaces/default/pods"
    await cluster.create(pods, pod("p"))
    async with cluster.watch(pods, fieldSelector="spec.nodeName=") as watch:
        binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}
        await cluster.create(f"{pods}/p/binding", binding)
        (first, _), (second, unbound) = await watch.events(2)
        assert (first, second) == ("ADDED", "DELETED")
        assert "nodeName" not in unbound["spec"]


async def test_one_object_by_name(cluster, config_map):
    """metadata.name selects one object; so does the path below /watch/."""
    old_path = MAPS.replace("/v1/", "/v1/watch/") + "/b"
    async with (
        cluster.watch(MAPS, fieldSelector="metadata.name=b") as by_field,
        cluster.watch(old_path) as by_path,
    ):
        for name in ("a", "b"):
            await cluster.create(MAPS, config_map(name))
        await cluster.delete(f"{MAPS}/b")
        for watch in (by_field, by_path):
            assert await watch.changes(2) == [("ADDED", "b"), ("DELETED", "b")]


async def test_too_old_a_version_is_an_error_event(cluster, config_map):
    """The answer is 200 and one ERROR event with a Status 410, then the watch ends."""
    await cluster.create(MAPS, config_map("a"))
    async with cluster.watch(MAPS, resourceVersion="1") as watch:
        assert watch.status == 200
        [(kind, status)] = await watch.rest()
    assert (kind, status["code"], status["reason"]) == ("ERROR", 410, "Expired")
    assert status["message"].startswith("too old resource version: 1 (")


async def test_streaming_list_ends_its_initial_events_with_a_bookmark(cluster, config_map):
    """With sendInitialEvents comes what exists, the annotated bookmark, then changes."""
    for name in ("a", "b"):
        await cluster.create(MAPS, config_map(name))
    now = await version(cluster)
    async with cluster.watch(
        MAPS,
        sendInitialEvents="true",
        resourceVersionMatch="NotOlderThan",
        allowWatchBookmarks="true",
    ) as watch:
        assert await watch.changes(2) == [("ADDED", "a"), ("ADDED", "b")]
        kind, bookmark = await watch.event()
        assert kind == "BOOKMARK"
        assert bookmark["metadata"] == {"resourceVersion": now, "annotations": END}
        await cluster.create(MAPS, config_map("c"))
        assert await watch.changes(1) == [("ADDED", "c")]


async def test_streaming_list_of_nothing(cluster):
    """The bookmark comes even where no object exists, and is an empty object of the kind."""
    async with cluster.watch(
        "/apis/apps/v1/deployments",
        sendInitialEvents="true",
        resourceVersionMatch="NotOlderThan",
        allowWatchBookmarks="true",
        labelSelector="a=b",
    ) as watch:
        kind, bookmark = await watch.event()
    assert (kind, bookmark["kind"], bookmark["apiVersion"]) == (
        "BOOKMARK",
        "Deployment",
        "apps/v1",
    )
    assert bookmark["metadata"]["annotations"] == END


async def test_no_initial_events(cluster, config_map):
    """sendInitialEvents=false brings only changes."""
    await cluster.create(MAPS, config_map("a"))
    async with cluster.watch(
        MAPS, sendInitialEvents="false", resourceVersionMatch="NotOlderThan"
    ) as watch:
        await cluster.create(MAPS, config_map("b"))
        assert await watch.changes(1) == [("ADDED", "b")]


@pytest.mark.parametrize(
    "parameters",
    [
        {"sendInitialEvents": "true"},
        {"sendInitialEvents": "true", "resourceVersionMatch": "Exact"},
        {"resourceVersionMatch": "NotOlderThan"},
    ],
)
async def test_initial_events_go_with_one_match(cluster, fails, parameters):
    """Initial events need resourceVersionMatch=NotOlderThan, which needs them in a watch."""
    answer = await cluster.get(MAPS, watch="true", timeoutSeconds="1", **parameters)
    fails(answer, 422, "Invalid")


async def test_bookmark_before_the_end(cluster, config_map):
    """A watch with bookmarks gets one shortly before its timeout; it tells how far it came."""
    now = await version(cluster)
    async with cluster.watch(
        MAPS, resourceVersion=now, allowWatchBookmarks="true", timeoutSeconds="3"
    ) as watch:
        await cluster.create("/api/v1/namespaces/default/secrets", {"metadata": {"name": "s"}})
        kind, bookmark = await watch.event()
        assert kind == "BOOKMARK"
        assert bookmark["kind"] == "ConfigMap"
        assert int(bookmark["metadata"]["resourceVersion"]) >= int(now)
        last = bookmark["metadata"]["resourceVersion"]
    async with cluster.watch(MAPS, resourceVersion=last) as watch:
        await cluster.create(MAPS, config_map("next"))
        assert await watch.changes(1) == [("ADDED", "next")]


async def test_timeout_ends_a_watch(cluster, config_map):
    """After timeoutSeconds the stream ends without an error."""
    await cluster.create(MAPS, config_map("a"))
    async with cluster.watch(MAPS, timeoutSeconds="1") as watch:
        assert [kind for kind, _ in await watch.rest()] == ["ADDED"]


async def test_removing_the_last_finalizer_is_one_deletion(cluster, config_map):
    """Marked is MODIFIED, the end of the last finalizer is DELETED and nothing else."""
    await cluster.create(MAPS, config_map("a", finalizers=["example.com/wait"]))
    async with cluster.watch(MAPS, resourceVersion=await version(cluster)) as watch:
        await cluster.delete(f"{MAPS}/a")
        await cluster.patch("merge", f"{MAPS}/a", {"metadata": {"finalizers": None}})
        await cluster.create(MAPS, config_map("b"))
        assert await watch.changes(3) == [("MODIFIED", "a"), ("DELETED", "a"), ("ADDED", "b")]


async def test_tables_in_events(cluster, config_map):
    """For kubectl get -w each event holds a Table of one row, columns only in the first."""
    await cluster.create(MAPS, config_map("a", data={"k": "v"}))
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    async with cluster.watch(MAPS, headers=accept) as watch:
        await cluster.delete(f"{MAPS}/a")
        (_, first), (kind, second) = await watch.events(2)
    assert [column["name"] for column in first["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert first["rows"][0]["cells"][:2] == ["a", 1]
    assert (kind, second["columnDefinitions"]) == ("DELETED", None)


async def test_metadata_in_events(cluster, config_map):
    """as=PartialObjectMetadata leaves the data out."""
    accept = {"Accept": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"}
    async with cluster.watch(MAPS, headers=accept) as watch:
        await cluster.create(MAPS, config_map("a", data={"k": "v"}))
        _, obj = await watch.event()
    assert (obj["kind"], obj["apiVersion"]) == ("PartialObjectMetadata", "meta.k8s.io/v1")
    assert "data" not in obj


async def test_every_version_of_a_kind_is_watched(cluster):
    """A write in one version is an event in the other, converted."""
    path = "/apis/autoscaling/{}/namespaces/default/horizontalpodautoscalers"
    spec = {
        "maxReplicas": 3,
        "scaleTargetRef": {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"},
        "targetCPUUtilizationPercentage": 50,
    }
    async with cluster.watch(path.format("v2")) as watch:
        await cluster.create(path.format("v1"), {"metadata": {"name": "web"}, "spec": spec})
        _, obj = await watch.event()
    assert obj["apiVersion"] == "autoscaling/v2"
    assert obj["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 50


async def test_watch_that_never_reads_is_ended_and_goes_on_from_where_it_was(cluster, config_map):
    """A client that cannot keep up gets the events in order and then the end, never a gap."""
    start = int(await version(cluster))
    async with cluster.watch(MAPS, resourceVersion=str(start), unread_chunks=1) as watch:
        await cluster.create(MAPS, config_map("n"))
        for number in range(1200):
            await cluster.patch("merge", f"{MAPS}/n", {"data": {"n": str(number)}})
        seen = [int(obj["metadata"]["resourceVersion"]) for _, obj in await watch.rest()]
    assert seen == list(range(start + 1, start + 1 + len(seen)))
    assert len(seen) < 1201
    async with cluster.watch(MAPS, resourceVersion=str(start + len(seen))) as resumed:
        _, obj = await resumed.event()
        assert int(obj["metadata"]["resourceVersion"]) == start + len(seen) + 1


async def test_stopping_the_server_ends_watches(start_cluster):
    """No watch keeps a server that stops."""
    cluster = await start_cluster()
    async with cluster.watch(MAPS) as watch:
        await cluster.server.stop()
        assert await watch.rest() == []


async def test_watch_whose_client_is_gone_leaves_nothing(cluster, config_map):
    """A disconnected client's watch takes no more events and is forgotten."""
    cacher = cluster.server.api.stores[GroupResource("", "configmaps")].storage.cacher
    async with cluster.watch(MAPS):
        await cluster.create(MAPS, config_map("a"))
        assert len(cacher._fanout) == 1
    assert len(cacher._fanout) == 0
