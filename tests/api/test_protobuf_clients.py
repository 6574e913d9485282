"""A client that insists on protobuf: every verb on every built-in kind, options, errors."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from minimal_objects import minimal_object

import protobuf_client as pb

MAPS = "/api/v1/namespaces/default/configmaps"
ACCEPT = {"Accept": pb.MEDIA_TYPE}
SEND = {**ACCEPT, "Content-Type": pb.MEDIA_TYPE}
VERBS = {"create", "delete", "get", "list", "update", "watch"}


async def request(cluster, method, path, content=b"", **parameters):
    """A request whose body and answer are protobuf; the answer's envelope."""
    answer = await cluster.http.request(
        method, path, content=content, params=parameters, headers=SEND if content else ACCEPT
    )
    assert answer.headers["content-type"] == pb.MEDIA_TYPE, answer.text
    return answer.status_code, pb.unwrap(answer.content)


async def events(watch):
    """The next events of a protobuf watch as (type, kind, message)."""
    chunk = await watch._next_chunk()
    assert chunk is not None
    found, rest = pb.frames(chunk)
    assert rest == b""
    return [(event, *pb.unwrap(envelope)[1:]) for event, envelope in found]


def path_of(resource):
    """The collection of a resource."""
    root = f"/apis/{resource.group}" if resource.group else "/api"
    namespace = "/namespaces/default" if resource.namespaced else ""
    return f"{root}/{resource.version}{namespace}/{resource.resource}"


async def every_verb(cluster, resource):
    """Create by JSON, read, delete, create again from what was read, update, list and watch."""
    obj = minimal_object(resource.group, resource.version, resource.kind)
    if resource.kind == "Job":  # a generated selector has the uid of the Job in it
        obj["spec"] |= {"manualSelector": True, "selector": {"matchLabels": {"app": "a"}}}
        obj["spec"]["template"]["metadata"] = {"labels": {"app": "a"}}
    path, name = path_of(resource), obj["metadata"]["name"]
    created = await cluster.create(path, obj)
    status, (api_version, kind, message) = await request(cluster, "GET", f"{path}/{name}")
    assert (status, api_version, kind) == (200, resource.api_version, resource.kind)
    start = created["metadata"]["resourceVersion"]
    async with cluster.watch(path, headers=ACCEPT, resourceVersion=start) as watch:
        assert watch.headers["content-type"] == f"{pb.MEDIA_TYPE};stream=watch"
        options = pb.wrap("v1", "DeleteOptions", b"\x08\x00\x22\x0aBackground")
        status, _ = await request(cluster, "DELETE", f"{path}/{name}", options)
        assert status in {200, 202}
        gone = (await cluster.get(f"{path}/{name}")).status_code == 404
        new = name if gone else "other"
        unborn = pb.with_metadata(message, drop={pb.UID, pb.RESOURCE_VERSION}, new_name=new)
        body = pb.wrap(resource.api_version, resource.kind, unborn)
        status, (_, kind, born) = await request(cluster, "POST", path, body)
        assert (status, kind) == (201, resource.kind), born
        current, status = born, 409
        while status == 409:  # controllers write as well
            labelled = pb.with_metadata(current, label="changed")
            body = pb.wrap(resource.api_version, resource.kind, labelled)
            status, (_, kind, changed) = await request(cluster, "PUT", f"{path}/{new}", body)
            _, (_, _, current) = await request(cluster, "GET", f"{path}/{new}")
        assert (status, kind) == (200, resource.kind), changed
        seen = []
        while ("MODIFIED", resource.kind, changed) not in seen:
            seen += await events(watch)
        assert ("ADDED", resource.kind, born) in seen
    status, (_, kind, listed) = await request(cluster, "GET", path)
    assert (status, kind) == (200, f"{resource.kind}List")
    named = [item for item in pb.values(listed, 2) if pb.name(item) == new]
    assert len(named) == 1
    # The server itself may have set the status of these meanwhile.
    own = {"apiservices", "customresourcedefinitions", "flowschemas"}
    assert named == [changed] or resource.resource in own
    after = await cluster.read(f"{path}/{new}")
    for member in created.keys() - {"metadata", "status"}:
        assert after[member] == created[member], member
    await cluster.delete(f"{path}/{new}", gracePeriodSeconds="0")


async def test_every_verb_on_every_kind(start_cluster):
    """Whatever is served can be used with protobuf alone."""
    cluster = await start_cluster(runtime_config={"api/all": True})
    done = 0
    for resource in list(cluster.server.api.catalogue.all()):
        if VERBS.issubset(resource.verbs):
            await asyncio.wait_for(every_verb(cluster, resource), 10)
            done += 1
    assert done > 60


async def test_status_is_protobuf(cluster):
    """An error comes as a Status message."""
    status, (api_version, kind, message) = await request(cluster, "GET", f"{MAPS}/none")
    assert (status, api_version, kind) == (404, "v1", "Status")
    assert pb.values(message, 3) == [b'configmaps "none" not found']
    assert pb.values(message, 6) == [404]


async def test_metadata_only(cluster, config_map):
    """PartialObjectMetadata and its lists have messages, Tables have none."""
    await cluster.create(MAPS, config_map("a"))
    as_kind = "{};as={};g=meta.k8s.io;v=v1"
    partial = {"Accept": as_kind.format(pb.MEDIA_TYPE, "PartialObjectMetadata")}
    answer = await cluster.get(f"{MAPS}/a", headers=partial)
    assert pb.unwrap(answer.content)[:2] == ("meta.k8s.io/v1", "PartialObjectMetadata")
    lists = {"Accept": as_kind.format(pb.MEDIA_TYPE, "PartialObjectMetadataList")}
    answer = await cluster.get(MAPS, headers=lists)
    _, _, message = pb.unwrap(answer.content)
    assert "a" in [pb.name(item) for item in pb.values(message, 2)]
    table = {"Accept": as_kind.format(pb.MEDIA_TYPE, "Table")}
    assert (await cluster.get(MAPS, headers=table)).status_code == 406
    table["Accept"] += "," + as_kind.format("application/json", "Table")
    assert (await cluster.get(MAPS, headers=table)).json()["kind"] == "Table"


@pytest.mark.parametrize("path", ["/api", "/apis", "/apis/apps", "/apis/apps/v1", "/api/v1"])
async def test_discovery(cluster, path):
    """Discovery documents have messages."""
    answer = await cluster.get(path, headers=ACCEPT)
    assert answer.status_code == 200
    assert pb.unwrap(answer.content)[1].startswith("API")


async def test_bookmarks_and_errors_of_watches(cluster, config_map):
    """Bookmarks are empty objects of the kind, errors are Status messages."""
    await cluster.create(MAPS, config_map("a"))
    options = {"sendInitialEvents": "true", "allowWatchBookmarks": "true"}
    options["resourceVersionMatch"] = "NotOlderThan"
    async with cluster.watch(MAPS, headers=ACCEPT, **options) as watch:
        found = []
        while not found or found[-1][0] != "BOOKMARK":
            found += await events(watch)
        assert found[-1][1] == "ConfigMap"
        assert b"k8s.io/initial-events-end" in found[-1][2]
    async with cluster.watch(MAPS, headers=ACCEPT, resourceVersion="1") as watch:
        event, kind, message = (await events(watch))[0]
    assert (event, kind, pb.values(message, 6)) in [("ERROR", "Status", [410]), (event, kind, [])]


async def test_patches_are_refused(cluster, config_map):
    """No patch is protobuf."""
    await cluster.create(MAPS, config_map("a"))
    answer = await cluster.http.patch(f"{MAPS}/a", content=b"k8s\0", headers=SEND)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "content",
    [b"", b"k8s", b"{}", b"k8s\0", b"k8s\0\x0a", b"k8s\0\x12\x7f", b"k8s\0" + b"\xff" * 20],
)
async def test_broken_bodies(cluster, content):
    """What is no message of the kind is 400 and a Status."""
    for method, path in (("POST", MAPS), ("PUT", f"{MAPS}/a")):
        answer = await cluster.http.request(method, path, content=content, headers=SEND)
        expected = (422, 400) if content == b"k8s\0" else (400,)
        assert answer.status_code in expected, answer.content
        assert pb.unwrap(answer.content)[1] == "Status"


async def test_custom_resources_have_no_messages(cluster):
    """They are 406 and 415 in protobuf; a client that takes JSON as well gets it."""
    definition = minimal_object("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    await cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    spec = definition["spec"]
    root = f"/apis/{spec['group']}/{spec['versions'][0]['name']}"
    path = f"{root}/{spec['names']['plural']}"
    if spec["scope"] == "Namespaced":
        path = f"{root}/namespaces/default/{spec['names']['plural']}"
    for _ in range(50):
        if (await cluster.get(path)).status_code == 200:
            break
        await asyncio.sleep(0.02)
    assert (await cluster.get(path, headers=ACCEPT)).status_code == 406
    both = {"Accept": f"{pb.MEDIA_TYPE},application/json"}
    assert (await cluster.get(path, headers=both)).json()["items"] == []
    partial = f"{pb.MEDIA_TYPE};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    answer = await cluster.get(path, headers={"Accept": partial})
    assert pb.unwrap(answer.content)[1] == "PartialObjectMetadataList"
    content = pb.wrap(f"{spec['group']}/v1", spec["names"]["kind"], b"")
    headers = {"Content-Type": pb.MEDIA_TYPE}
    assert (await cluster.http.post(path, content=content, headers=headers)).status_code == 415


async def test_wrong_kind(cluster):
    """A message of another kind is told by its envelope."""
    content = pb.wrap("v1", "Secret", b"")
    answer = await cluster.http.post(MAPS, content=content, headers={**SEND, "Accept": "*/*"})
    assert answer.status_code == 400
    assert "Secret" in answer.json()["message"]


async def test_protobuf_in_the_store(start_cluster, config_map, tmp_path):
    """What was stored as protobuf is there after a restart, beside what was stored as JSON."""
    options = {"ephemeral": False, "data_dir": Path(tmp_path)}
    cluster = await start_cluster(**options)
    await cluster.create(MAPS, config_map("json", data={"k": "1"}))
    await cluster.server.stop()
    cluster = await start_cluster(**options, storage_media_type=pb.MEDIA_TYPE)
    await cluster.create(MAPS, config_map("protobuf", data={"k": "2"}))
    await cluster.server.stop()
    cluster = await start_cluster(**options)
    items = (await cluster.read(MAPS))["items"]
    found = {item["metadata"]["name"]: item["data"]["k"] for item in items if "data" in item}
    assert found.items() >= {"json": "1", "protobuf": "2"}.items()
