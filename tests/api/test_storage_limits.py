"""The limits of the store, as clients meet them: large objects and a full disk."""

from __future__ import annotations

import asyncio

from kapi.server.options import ServerOptions
from kapi.server.server import APIServer

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


async def test_a_full_disk_refuses_writes_and_serves_reads(start_cluster, tmp_path, config_map):
    """Writers get a 507 that says so; nothing acknowledged is lost, also not over a restart."""
    cluster = await start_cluster(data_dir=tmp_path, ephemeral=False, controllers=())
    await cluster.create(CONFIG_MAPS, config_map("kept", data={"k": "before"}))
    connection = cluster.server._engine._writer._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 30}")
    writes = (
        cluster.post(CONFIG_MAPS, config_map(f"c{n}", data={"k": "x" * 20_000})) for n in range(40)
    )
    answers = [await write for write in writes]
    stored = [answer.json()["metadata"]["name"] for answer in answers if answer.is_success]
    refused = [answer for answer in answers if not answer.is_success]
    assert refused
    for answer in refused:
        status = answer.json()
        assert answer.status_code == status["code"] == 507
        assert status["message"].startswith("the storage is full: no space is left on the disk")
    patched = await cluster.patch("merge", f"{CONFIG_MAPS}/kept", {"data": {"k": "y" * 200_000}})
    assert patched.status_code == 507
    assert (await cluster.read(f"{CONFIG_MAPS}/kept"))["data"] == {"k": "before"}
    found = (await cluster.read(CONFIG_MAPS))["items"]
    assert [item["metadata"]["name"] for item in found] == sorted([*stored, "kept"])
    # The disk has room again.
    connection.execute("PRAGMA max_page_count = 1000000")
    await cluster.create(CONFIG_MAPS, config_map("later", data={"k": "x" * 100_000}))
    await cluster.server.stop()
    again = APIServer(ServerOptions(data_dir=tmp_path, controllers=()))
    await again.start()
    store = next(s for r, s in again.api.stores.items() if r.resource == "configmaps")
    assert await store.storage.count("/registry/configmaps/default/") == len(found) + 1
    await again.stop()


async def test_an_object_beyond_etcds_limit_is_refused(cluster):
    """1.5 MiB is what etcd takes; a custom resource has no smaller limit of its own."""
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "blobs.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "blobs", "kind": "Blob"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {"text": {"type": "string"}},
                        }
                    },
                }
            ],
        },
    }
    await cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    path = "/apis/example.com/v1/namespaces/default/blobs"
    blob = {"apiVersion": "example.com/v1", "kind": "Blob", "metadata": {"name": "a"}}
    await cluster.create(path, {**blob, "text": "x" * 1_500_000})
    blob["metadata"] = {"name": "b"}
    answer = await cluster.post(path, {**blob, "text": "x" * 1_600_000})
    assert answer.status_code == 500
    assert answer.json()["message"] == "etcdserver: request is too large"
    answer = await cluster.post(path, {**blob, "text": "x" * 3_200_000})
    assert answer.status_code == 413


async def test_many_writers_on_a_full_disk_all_get_an_answer(start_cluster, tmp_path, config_map):
    """Writes that waited for one commit fail together, and none hangs."""
    cluster = await start_cluster(data_dir=tmp_path, ephemeral=False, controllers=())
    connection = cluster.server._engine._writer._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 5}")
    async with asyncio.timeout(20):
        answers = await asyncio.gather(
            *(
                cluster.post(CONFIG_MAPS, config_map(f"c{n}", data={"k": "x" * 9000}))
                for n in range(50)
            )
        )
    assert {answer.status_code for answer in answers} <= {201, 507}
    names = [answer.json()["metadata"]["name"] for answer in answers if answer.is_success]
    found = [item["metadata"]["name"] for item in (await cluster.read(CONFIG_MAPS))["items"]]
    assert sorted(names) == found
