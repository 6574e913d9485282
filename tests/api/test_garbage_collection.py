"""Garbage collection: what happens to dependents, under each way to delete their owner."""

from __future__ import annotations

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"


def reference(owner, *, blocks=True):
    """An owner reference to a ConfigMap."""
    meta = owner["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": meta["name"],
        "uid": meta["uid"],
        "blockOwnerDeletion": blocks,
    }


async def chain(cluster, config_map, length=5):
    """ConfigMaps c0, c1, ... each owned by the one before."""
    objects = [await cluster.create(MAPS, config_map("c0"))]
    for index in range(1, length):
        owned = config_map(f"c{index}", ownerReferences=[reference(objects[-1])])
        objects.append(await cluster.create(MAPS, owned))
    await cluster.settled()
    return objects


async def names(cluster):
    """The chain's objects that are left."""
    listed = (await cluster.read(MAPS))["items"]
    found = [item["metadata"]["name"] for item in listed]
    return [name for name in found if name != "kube-root-ca.crt"]


@pytest.mark.parametrize("policy", ["Background", "Foreground"])
async def test_chain_goes_with_its_first_owner(whole_cluster, config_map, policy):
    """Five deep, nothing stays."""
    await chain(whole_cluster, config_map)
    await whole_cluster.delete(f"{MAPS}/c0", propagationPolicy=policy)
    await whole_cluster.settled()
    assert await names(whole_cluster) == []


async def test_foreground_deletes_the_owner_last(whole_cluster, config_map):
    """A watcher sees the chain go from its end."""
    await chain(whole_cluster, config_map)
    version = (await whole_cluster.read(MAPS))["metadata"]["resourceVersion"]
    async with whole_cluster.watch(MAPS, resourceVersion=version) as watch:
        await whole_cluster.delete(f"{MAPS}/c0", propagationPolicy="Foreground")
        deleted = []
        while len(deleted) < 5:
            kind, obj = await watch.event()
            if kind == "DELETED":
                deleted.append(obj["metadata"]["name"])
    assert deleted == ["c4", "c3", "c2", "c1", "c0"]


async def test_orphans_lose_their_reference(whole_cluster, config_map):
    """The owner goes, its dependents stay, and those of the dependents are not touched."""
    objects = await chain(whole_cluster, config_map, 3)
    await whole_cluster.delete(f"{MAPS}/c0", propagationPolicy="Orphan")
    await whole_cluster.settled()
    assert await names(whole_cluster) == ["c1", "c2"]
    assert "ownerReferences" not in (await whole_cluster.read(f"{MAPS}/c1"))["metadata"]
    last = await whole_cluster.read(f"{MAPS}/c2")
    assert last["metadata"]["ownerReferences"] == [reference(objects[1])]


async def test_blocking_dependent_holds_its_owner(whole_cluster, config_map):
    """Until its own finalizer is taken off; one that does not block holds nothing."""
    owner = await whole_cluster.create(MAPS, config_map("owner"))
    finalizers = ["example.com/hold"]
    for name, blocks in (("held", True), ("loose", False)):
        meta = {"ownerReferences": [reference(owner, blocks=blocks)], "finalizers": finalizers}
        await whole_cluster.create(MAPS, config_map(name, **meta))
    await whole_cluster.delete(f"{MAPS}/owner", propagationPolicy="Foreground")
    await whole_cluster.settled()
    assert await names(whole_cluster) == ["held", "loose", "owner"]
    await whole_cluster.patch("merge", f"{MAPS}/held", {"metadata": {"finalizers": None}})
    await whole_cluster.settled()
    assert await names(whole_cluster) == ["loose"]


async def test_second_owner_keeps_the_dependent(whole_cluster, config_map):
    """Only the reference to the owner that is gone is taken off."""
    first = await whole_cluster.create(MAPS, config_map("first"))
    second = await whole_cluster.create(MAPS, config_map("second"))
    owners = [reference(first), reference(second)]
    await whole_cluster.create(MAPS, config_map("dependent", ownerReferences=owners))
    await whole_cluster.delete(f"{MAPS}/first")
    await whole_cluster.settled()
    dependent = await whole_cluster.read(f"{MAPS}/dependent")
    assert dependent["metadata"]["ownerReferences"] == [reference(second)]


@pytest.mark.parametrize("uid", ["another", None])
async def test_owner_that_is_not_there(whole_cluster, config_map, uid):
    """An object that names an owner of another uid, or one in another namespace, goes."""
    kube_system = MAPS.replace("default", "kube-system")
    there = await whole_cluster.create(MAPS if uid else kube_system, config_map("owner"))
    wrong = {**reference(there), "uid": uid or there["metadata"]["uid"]}
    await whole_cluster.create(MAPS, config_map("dependent", ownerReferences=[wrong]))
    await whole_cluster.settled()
    assert "dependent" not in await names(whole_cluster)


async def test_unresolvable_owners_change_nothing(whole_cluster, config_map):
    """Neither a kind that nobody serves nor a namespaced owner of a cluster-scoped object."""
    strange = {"apiVersion": "example.com/v1", "kind": "Thing", "name": "t", "uid": "1"}
    await whole_cluster.create(MAPS, config_map("dependent", ownerReferences=[strange]))
    owner = await whole_cluster.create(MAPS, config_map("owner"))
    role = {"metadata": {"name": "r", "ownerReferences": [reference(owner)]}}
    roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    await whole_cluster.create(roles, role)
    await whole_cluster.delete(f"{MAPS}/owner")
    assert await names(whole_cluster) == ["dependent"]
    assert (await whole_cluster.get(f"{roles}/r")).status_code == 200


async def test_circle_of_owners_ends_in_foreground(whole_cluster, config_map):
    """Two objects that own each other do not wait for each other for ever."""
    first = await whole_cluster.create(MAPS, config_map("first"))
    owned = config_map("second", ownerReferences=[reference(first)])
    second = await whole_cluster.create(MAPS, owned)
    change = {"metadata": {"ownerReferences": [reference(second)]}}
    await whole_cluster.patch("merge", f"{MAPS}/first", change)
    await whole_cluster.delete(f"{MAPS}/first", propagationPolicy="Foreground")
    await whole_cluster.settled()
    assert await names(whole_cluster) == []
