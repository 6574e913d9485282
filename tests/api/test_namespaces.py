"""Namespaces: what every cluster has, and how a namespace ends."""

from __future__ import annotations

import pytest

NAMESPACES = "/api/v1/namespaces"


async def test_what_every_cluster_has(cluster):
    """Four namespaces, active and labelled with their names."""
    listed = (await cluster.read(NAMESPACES))["items"]
    names = ["default", "kube-node-lease", "kube-public", "kube-system"]
    assert [item["metadata"]["name"] for item in listed] == names
    for item in listed:
        assert item["status"] == {"phase": "Active"}
        assert item["metadata"]["labels"] == {
            "kubernetes.io/metadata.name": item["metadata"]["name"]
        }


async def test_label_with_the_name_stays(cluster):
    """It is put back by every write."""
    await cluster.create(NAMESPACES, {"metadata": {"name": "a"}})
    answer = await cluster.patch("merge", f"{NAMESPACES}/a", {"metadata": {"labels": None}})
    assert answer.json()["metadata"]["labels"] == {"kubernetes.io/metadata.name": "a"}


async def test_deletion_goes_through_terminating(cluster, config_map, fails):
    """It is marked, takes no new objects, and ends when its last finalizer is given up."""
    await cluster.create(NAMESPACES, {"metadata": {"name": "a"}})
    maps = f"{NAMESPACES}/a/configmaps"
    await cluster.create(maps, config_map("before"))
    marked = (await cluster.delete(f"{NAMESPACES}/a")).json()
    assert (marked["status"]["phase"], marked["spec"]) == (
        "Terminating",
        {"finalizers": ["kubernetes"]},
    )
    status = fails(await cluster.post(maps, config_map("after")), 403, "Forbidden")
    assert status["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    changed = await cluster.patch("merge", f"{maps}/before", {"data": {"k": "v"}})
    assert changed.status_code == 200
    assert (await cluster.delete(f"{maps}/before")).status_code == 200
    empty = {**marked, "spec": {"finalizers": []}}
    answer = await cluster.put(f"{NAMESPACES}/a/finalize", empty)
    assert answer.status_code == 200
    assert (await cluster.get(f"{NAMESPACES}/a")).status_code == 404


async def test_finalizers_of_the_spec_have_their_own_path(cluster):
    """PUT of the namespace leaves them alone."""
    created = await cluster.create(NAMESPACES, {"metadata": {"name": "a"}})
    answer = await cluster.put(f"{NAMESPACES}/a", {**created, "spec": {"finalizers": []}})
    assert answer.json()["spec"] == {"finalizers": ["kubernetes"]}


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
async def test_some_namespaces_stay(cluster, fails, name):
    """Nobody deletes them."""
    fails(await cluster.delete(f"{NAMESPACES}/{name}"), 403, "Forbidden")
