"""Rules of metadata: what the server sets, what clients may, generated names, finalizers."""

from __future__ import annotations

import re

import pytest
from minimal_objects import minimal_object

MAPS = "/api/v1/namespaces/default/configmaps"
UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


async def test_server_sets_what_clients_cannot(cluster, config_map):
    """uid, creationTimestamp and the rest given in a creation are ignored."""
    given = {
        "uid": "mine",
        "creationTimestamp": "2001-01-01T00:00:00Z",
        "deletionTimestamp": "2001-01-01T00:00:00Z",
        "deletionGracePeriodSeconds": 5,
        "selfLink": "/x",
    }
    meta = (await cluster.create(MAPS, config_map("a", **given)))["metadata"]
    assert UID.fullmatch(meta["uid"])
    assert meta["creationTimestamp"] > "2020"
    assert not {"deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"} & meta.keys()


async def test_empty_members_disappear(cluster):
    """Empty maps, lists and nulls are as if they were not there."""
    meta = {"name": "a", "labels": {}, "annotations": None, "finalizers": []}
    created = await cluster.create(MAPS, {"metadata": meta, "data": {}})
    assert not {"labels", "annotations", "finalizers"} & created["metadata"].keys()
    assert "data" not in created


async def test_changes_of_immutable_metadata(cluster, config_map, fails):
    """Another uid is a conflict in PUT and invalid in a patch; the creation time stays."""
    created = await cluster.create(MAPS, config_map("a"))
    other = {**created["metadata"], "uid": "11111111-1111-4111-8111-111111111111"}
    fails(await cluster.put(f"{MAPS}/a", {**created, "metadata": other}), 409, "Conflict")
    patch = {"metadata": {"uid": "11111111-1111-4111-8111-111111111111"}}
    status = fails(await cluster.patch("merge", f"{MAPS}/a", patch), 422, "Invalid")
    assert "field is immutable" in status["message"]
    patch = {"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z"}}
    answer = await cluster.patch("merge", f"{MAPS}/a", patch)
    assert answer.json()["metadata"] == created["metadata"]


async def test_other_name_or_namespace_in_the_body(cluster, config_map, fails):
    """The body must agree with the path."""
    await cluster.create(MAPS, config_map("a"))
    fails(
        await cluster.put(f"{MAPS}/a", config_map("b")),
        400,
        "BadRequest",
        "the name of the object (b) does not match the name on the URL (a)",
    )
    fails(
        await cluster.post(MAPS, config_map("c", namespace="other")),
        400,
        "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request",
    )


@pytest.mark.parametrize(
    "name", ["Upper", "under_score", "-a", "a-", "a..b", "x" * 254, "a/b", "ü", ""]
)
async def test_names_that_are_none(cluster, fails, config_map, name):
    """A name must be a lower-case DNS subdomain."""
    status = fails(await cluster.post(MAPS, config_map(name)), 422, "Invalid")
    assert status["details"]["causes"][0]["field"] == "metadata.name"


async def test_generated_names(cluster):
    """A generateName gets five characters of its own; long ones are cut so that it fits."""
    names = {
        (await cluster.create(MAPS, {"metadata": {"generateName": "job-"}}))["metadata"]["name"]
        for _ in range(30)
    }
    assert len(names) == 30
    assert all(re.fullmatch("job-[bcdfghjklmnpqrstvwxz2456789]{5}", name) for name in names)
    long = await cluster.create(MAPS, {"metadata": {"generateName": "x" * 100}})
    assert len(long["metadata"]["name"]) == 63
    both = await cluster.create(MAPS, {"metadata": {"generateName": "y-", "name": "given"}})
    assert both["metadata"]["name"] == "given"


async def test_name_that_is_taken(cluster, config_map, fails):
    """409 AlreadyExists; with generateName the client may try again."""
    await cluster.create(MAPS, config_map("a"))
    status = fails(
        await cluster.post(MAPS, config_map("a")),
        409,
        "AlreadyExists",
        'configmaps "a" already exists',
    )
    assert status["details"] == {"name": "a", "kind": "configmaps"}
    again = await cluster.post(MAPS, config_map("a", generateName="a-"))
    assert fails(again, 409, "AlreadyExists")["details"]["retryAfterSeconds"] == 1


async def test_version_of_a_new_object(cluster, config_map, fails):
    """An object to be created has no version yet."""
    fails(
        await cluster.post(MAPS, config_map("a", resourceVersion="5")),
        500,
        None,
        "resourceVersion should not be set on objects to be created",
    )
    await cluster.create(MAPS, config_map("a", resourceVersion="0"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("labels", {"a b": "c"}),
        ("labels", {"a": "-"}),
        ("labels", {"a": "x" * 64}),
        ("labels", {"Example.com/a": "b"}),
        ("annotations", {"a b": "c"}),
        ("annotations", {"a": "x" * (256 * 1024)}),
        ("finalizers", ["nodomain"]),
        ("finalizers", ["orphan", "foregroundDeletion"]),
        ("ownerReferences", [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": ""}]),
        (
            "ownerReferences",
            [
                {"apiVersion": "v1", "kind": "Pod", "name": n, "uid": n, "controller": True}
                for n in "ab"
            ],
        ),
    ],
)
async def test_metadata_that_is_not_allowed(cluster, fails, config_map, field, value):
    """Labels, annotations, finalizers and owners have rules; the cause names the member."""
    status = fails(await cluster.post(MAPS, config_map("a", **{field: value})), 422, "Invalid")
    assert status["details"]["causes"][0]["field"].startswith(f"metadata.{field}")


async def test_finalizers_hold_an_object(cluster, config_map, fails):
    """It is marked, takes no new finalizer, and goes when the last one is removed."""
    path = f"{MAPS}/a"
    created = await cluster.create(MAPS, config_map("a", finalizers=["x.io/1", "x.io/2"]))
    marked = (await cluster.delete(path)).json()
    assert marked["kind"] == "ConfigMap"
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 0
    assert marked["metadata"]["deletionTimestamp"] >= created["metadata"]["creationTimestamp"]
    assert (await cluster.delete(path)).json()["metadata"] == marked["metadata"]

    def finalizers(*names):
        return {"metadata": {"finalizers": [*names]}}

    refused = await cluster.patch("merge", path, finalizers("x.io/1", "x.io/2", "x.io/3"))
    fails(refused, 422, "Invalid")
    status = fails(await cluster.post(MAPS, config_map("a")), 409, "AlreadyExists")
    assert status["message"] == 'object is being deleted: configmaps "a" already exists'
    assert (await cluster.patch("merge", path, finalizers("x.io/2"))).status_code == 200
    last = await cluster.patch("merge", path, finalizers())
    assert last.status_code == 200
    assert "finalizers" not in last.json()["metadata"]
    assert (await cluster.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")]
)
async def test_propagation_leaves_a_finalizer_for_the_garbage_collector(
    cluster, config_map, policy, finalizer
):
    """Foreground and Orphan mark the object and wait; the policies replace each other."""
    await cluster.create(MAPS, config_map("a"))
    marked = await cluster.delete(f"{MAPS}/a", propagationPolicy=policy)
    assert marked.json()["metadata"]["finalizers"] == [finalizer]
    other, expected = (
        ("Orphan", "orphan") if policy == "Foreground" else ("Foreground", "foregroundDeletion")
    )
    await cluster.delete(f"{MAPS}/a", {"propagationPolicy": other})
    assert (await cluster.read(f"{MAPS}/a"))["metadata"]["finalizers"] == [expected]


async def test_deletion_of_a_running_pod_is_graceful(cluster, pod):
    """A bound pod gets its grace period, which later deletions can only shorten."""
    pods = "/api/v1/namespaces/default/pods"
    await cluster.create(pods, pod("p", nodeName="n", terminationGracePeriodSeconds=20))
    marked = (await cluster.delete(f"{pods}/p")).json()
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 20
    assert marked["metadata"]["generation"] == 2
    longer = (await cluster.delete(f"{pods}/p", gracePeriodSeconds="100")).json()
    assert longer["metadata"]["deletionGracePeriodSeconds"] == 20
    shorter = (await cluster.delete(f"{pods}/p", gracePeriodSeconds="5")).json()
    assert shorter["metadata"]["deletionGracePeriodSeconds"] == 5
    await cluster.delete(f"{pods}/p", gracePeriodSeconds="0")
    assert (await cluster.get(f"{pods}/p")).status_code == 404


async def test_owners_given_twice_are_warned_about(cluster, config_map):
    """Equal owner references are accepted, with a Warning header."""
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}
    answer = await cluster.post(MAPS, config_map("a", ownerReferences=[owner, owner]))
    assert answer.status_code == 201
    assert "ownerReferences" in answer.headers["warning"]


@pytest.mark.parametrize(
    ("path", "group", "kind", "times"),
    [
        ("/api/v1/persistentvolumes", "", "PersistentVolume", (4, 3, 2)),
        ("/api/v1/namespaces/default/configmaps", "", "ConfigMap", (4, 2, 2)),
        ("/api/v1/namespaces/default/services", "", "Service", (3, 1, 1)),
        ("/api/v1/namespaces/default/limitranges", "", "LimitRange", (3, 2, 1)),
        (
            "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
            "policy",
            "PodDisruptionBudget",
            (2, 1, 0),
        ),
    ],
)
async def test_a_change_of_metadata_is_judged_as_often_as_the_kind_asks(
    cluster, path, group, kind, times
):
    """All kinds have rules in common, and each kind repeats those it needs (or none)."""
    body = {**minimal_object(group, "v1", kind), "metadata": {"name": "a"}}
    made = await cluster.create(path, body)
    made["metadata"].update(labels={"a": "-"}, finalizers=["plain", "-/x"])
    status = (await cluster.put(f"{path}/a", made)).json()
    fields = [cause["field"] for cause in status["details"]["causes"]]
    names = ("metadata.labels", "metadata.finalizers", "metadata.finalizers[0]")
    assert tuple(map(fields.count, names)) == times


async def test_a_status_that_leaves_the_metadata_alone(cluster):
    """What a status writer gives as labels and so on is neither judged nor stored."""
    path = "/apis/networking.k8s.io/v1/servicecidrs"
    body = minimal_object("networking.k8s.io", "v1", "ServiceCIDR")
    made = await cluster.create(path, {**body, "metadata": {"name": "a"}})
    labels = {"metadata": {"labels": {"a": "-"}}}
    kept = await cluster.patch("merge", f"{path}/a/status", labels)
    assert (kept.status_code, kept.json()["metadata"]) == (200, made["metadata"])
