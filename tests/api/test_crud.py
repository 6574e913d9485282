"""Create, read, update and delete; versions and preconditions of writes."""

from __future__ import annotations

import asyncio

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


async def test_life_of_an_object(cluster, config_map):
    """Created with 201, read back byte for byte, replaced, deleted with a Status, then gone."""
    created = await cluster.create(MAPS, config_map("a", data={"k": "1"}))
    assert created["metadata"]["namespace"] == "default"
    first = await cluster.get(f"{MAPS}/a")
    assert first.json() == created
    replaced = await cluster.put(f"{MAPS}/a", config_map("a", data={"k": "2"}))
    assert replaced.status_code == 200
    for name in ("uid", "creationTimestamp"):
        assert replaced.json()["metadata"][name] == created["metadata"][name]
    versions = [int(x["metadata"]["resourceVersion"]) for x in (created, replaced.json())]
    assert versions[0] < versions[1]
    gone = await cluster.delete(f"{MAPS}/a")
    assert gone.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": "a", "kind": "configmaps", "uid": created["metadata"]["uid"]},
    }
    assert (await cluster.get(f"{MAPS}/a")).status_code == 404


async def test_some_kinds_answer_deletion_with_the_object(cluster):
    """A ServiceAccount is answered with itself, not with a Status."""
    path = "/api/v1/namespaces/default/serviceaccounts"
    await cluster.create(path, {"metadata": {"name": "bot"}})
    gone = await cluster.delete(f"{path}/bot")
    assert (gone.status_code, gone.json()["kind"]) == (200, "ServiceAccount")


async def test_kind_and_version_may_be_left_to_the_path(cluster):
    """POST and PUT take them from the URL."""
    created = await cluster.create(MAPS, {"metadata": {"name": "a"}})
    assert (created["apiVersion"], created["kind"]) == ("v1", "ConfigMap")
    assert (await cluster.put(f"{MAPS}/a", {"metadata": {"name": "a"}})).status_code == 200


async def test_write_without_change_keeps_the_version(cluster, deployment):
    """PUT and patches that change nothing leave resourceVersion and generation as they are."""
    created = await cluster.create(DEPLOYMENTS, deployment("web"))
    path = f"{DEPLOYMENTS}/web"
    for answer in (
        await cluster.put(path, created),
        await cluster.patch("merge", path, {}),
        await cluster.patch("json", path, []),
        await cluster.patch("strategic", path, {"spec": {"replicas": 1}}),
    ):
        assert answer.json()["metadata"] == created["metadata"]


async def test_stale_version_is_a_conflict(cluster, config_map, fails):
    """Of two writers with the same version the second is told to read again."""
    read = await cluster.create(MAPS, config_map("a"))
    assert (await cluster.put(f"{MAPS}/a", {**read, "data": {"by": "one"}})).status_code == 200
    late = await cluster.put(f"{MAPS}/a", {**read, "data": {"by": "two"}})
    status = fails(
        late,
        409,
        "Conflict",
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please '
        "apply your changes to the latest version and try again",
    )
    assert status["details"] == {"name": "a", "kind": "configmaps"}
    assert (await cluster.read(f"{MAPS}/a"))["data"] == {"by": "one"}


@pytest.mark.parametrize("version", [None, "", "0"])
async def test_put_without_a_version_is_unconditional(cluster, config_map, version):
    """Most kinds are then overwritten whatever their version is."""
    await cluster.create(MAPS, config_map("a"))
    body = config_map("a", data={"k": "v"})
    if version is not None:
        body["metadata"]["resourceVersion"] = version
    assert (await cluster.put(f"{MAPS}/a", body)).status_code == 200


async def test_some_kinds_need_a_version_in_put(cluster, fails):
    """A Lease cannot be overwritten unseen."""
    path = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    await cluster.create(path, {"metadata": {"name": "a"}, "spec": {"holderIdentity": "x"}})
    answer = await cluster.put(f"{path}/a", {"metadata": {"name": "a"}})
    status = fails(answer, 422, "Invalid")
    assert "must be specified for an update" in status["message"]


async def test_put_of_a_missing_object(cluster, config_map, fails):
    """A Lease is created, a ConfigMap is not."""
    leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    created = await cluster.put(f"{leases}/new", {"metadata": {"name": "new"}})
    assert created.status_code == 201
    answer = await cluster.put(f"{MAPS}/new", config_map("new"))
    fails(answer, 404, "NotFound", 'configmaps "new" not found')


async def test_precondition_of_a_patch(cluster, config_map, fails):
    """A resourceVersion inside a patch must be the current one."""
    read = await cluster.create(MAPS, config_map("a"))
    old = read["metadata"]["resourceVersion"]
    body = {"metadata": {"resourceVersion": old}, "data": {"k": "1"}}
    assert (await cluster.patch("merge", f"{MAPS}/a", body)).status_code == 200
    body["data"]["k"] = "2"
    fails(await cluster.patch("merge", f"{MAPS}/a", body), 409, "Conflict")


@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
async def test_preconditions_of_a_deletion(cluster, config_map, fails, field):
    """A deletion that names another uid or version does not happen."""
    read = await cluster.create(MAPS, config_map("a"))
    wrong = await cluster.delete(f"{MAPS}/a", {"preconditions": {field: "12345"}})
    fails(wrong, 409, "Conflict")
    right = {"preconditions": {field: read["metadata"][field]}}
    assert (await cluster.delete(f"{MAPS}/a", right)).status_code == 200


async def test_concurrent_increments_are_all_counted(cluster, config_map):
    """Read, change and write with retries never loses an update."""
    await cluster.create(MAPS, config_map("n", data={"n": "0"}))

    async def increment():
        while True:
            read = await cluster.read(f"{MAPS}/n")
            read["data"]["n"] = str(int(read["data"]["n"]) + 1)
            answer = await cluster.put(f"{MAPS}/n", read)
            if answer.status_code == 200:
                return
            assert answer.status_code == 409
            await asyncio.sleep(0)

    await asyncio.gather(*(increment() for _ in range(20)))
    assert (await cluster.read(f"{MAPS}/n"))["data"]["n"] == "20"


async def test_concurrent_patches_all_land(cluster, config_map):
    """Patches without a version are applied again to what is current, none fails."""
    await cluster.create(MAPS, config_map("n"))
    answers = await asyncio.gather(
        *(cluster.patch("merge", f"{MAPS}/n", {"data": {f"k{i}": "v"}}) for i in range(20))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len((await cluster.read(f"{MAPS}/n"))["data"]) == 20


async def test_collection_is_deleted_by_selector(cluster, config_map):
    """Only what is selected goes, and the answer lists it."""
    for name, color in (("a", "red"), ("b", "blue"), ("c", "red")):
        await cluster.create(MAPS, config_map(name, {"color": color}))
    gone = await cluster.delete(MAPS, labelSelector="color=red")
    assert gone.json()["kind"] == "ConfigMapList"
    assert [item["metadata"]["name"] for item in gone.json()["items"]] == ["a", "c"]
    left = await cluster.read(MAPS)
    assert [item["metadata"]["name"] for item in left["items"]] == ["b"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", MAPS),
        ("PATCH", MAPS),
        ("POST", f"{MAPS}/a"),
        ("POST", "/api/v1/configmaps"),
        ("DELETE", "/api/v1/namespaces"),
        ("HEAD", MAPS),
        ("OPTIONS", MAPS),
        ("POST", "/api/v1"),
        ("POST", "/api"),
    ],
)
async def test_verbs_that_a_path_does_not_have(cluster, method, path):
    """405 with reason MethodNotAllowed."""
    answer = await cluster.http.request(method, path, headers={"Content-Type": "application/json"})
    assert answer.status_code == 405
    if method != "HEAD":
        assert (answer.json()["reason"], answer.json()["details"]) == ("MethodNotAllowed", {})


async def test_generation_counts_changes_of_the_spec_only(cluster, deployment):
    """Labels and status do not count, the spec does."""
    path = f"{DEPLOYMENTS}/web"
    await cluster.create(DEPLOYMENTS, deployment("web"))
    await cluster.patch("merge", path, {"metadata": {"labels": {"a": "b"}}})
    status = {"status": {"replicas": 7}, "spec": {"replicas": 9}}
    answer = await cluster.patch("merge", f"{path}/status", status)
    assert answer.json()["metadata"]["generation"] == 1
    assert (answer.json()["spec"]["replicas"], answer.json()["status"]["replicas"]) == (1, 7)
    answer = await cluster.patch("merge", path, {"spec": {"replicas": 2}, "status": {}})
    assert answer.json()["metadata"]["generation"] == 2
    assert answer.json()["status"]["replicas"] == 7


async def test_scale_is_a_view_of_the_object(cluster, deployment):
    """Writing the scale changes the replicas of the Deployment and its version."""
    created = await cluster.create(DEPLOYMENTS, deployment("web", replicas=3))
    scale = await cluster.read(f"{DEPLOYMENTS}/web/scale")
    assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == (
        "Scale",
        {"replicas": 3},
        "app=web",
    )
    assert scale["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]
    scale["spec"]["replicas"] = 8
    assert (await cluster.put(f"{DEPLOYMENTS}/web/scale", scale)).json()["spec"]["replicas"] == 8
    assert (await cluster.read(f"{DEPLOYMENTS}/web"))["spec"]["replicas"] == 8
    assert (await cluster.put(f"{DEPLOYMENTS}/web/scale", scale)).status_code == 409


async def test_one_of_many_wins(cluster, config_map):
    """Of equal creations, stale updates and deletions at the same time one succeeds each."""
    created = await asyncio.gather(
        *(cluster.post(MAPS, config_map("a", data={"by": str(n)})) for n in range(20))
    )
    assert sorted(answer.status_code for answer in created) == [201] + [409] * 19
    [winner] = [answer.json() for answer in created if answer.status_code == 201]
    assert await cluster.read(f"{MAPS}/a") == winner
    updated = await asyncio.gather(
        *(cluster.put(f"{MAPS}/a", {**winner, "data": {"by": f"u{n}"}}) for n in range(20))
    )
    assert sorted(answer.status_code for answer in updated) == [200] + [409] * 19
    deleted = await asyncio.gather(*(cluster.delete(f"{MAPS}/a") for _ in range(20)))
    assert sorted(answer.status_code for answer in deleted) == [200] + [404] * 19


async def test_created_again_is_another_object(cluster, config_map):
    """Deleted and created with the same name it has another uid and a newer version."""
    first = (await cluster.create(MAPS, config_map("a")))["metadata"]
    await cluster.delete(f"{MAPS}/a")
    second = (await cluster.create(MAPS, config_map("a")))["metadata"]
    assert first["uid"] != second["uid"]
    assert int(first["resourceVersion"]) < int(second["resourceVersion"])
    stale = {"metadata": {"name": "a", "uid": first["uid"]}}
    assert (await cluster.put(f"{MAPS}/a", stale)).status_code == 409


ROLES = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles"


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        ("None", 'parsing "None": invalid syntax'),
        ("9" * 20, f'parsing "{"9" * 20}": value out of range'),
    ],
)
async def test_versions_that_are_no_numbers(cluster, version, problem):
    """Neither an update nor a creation by PUT takes them."""
    body = {"metadata": {"name": "a", "resourceVersion": version}}
    creation = await cluster.put(f"{ROLES}/a", body)
    assert (creation.status_code, creation.json()["message"]) == (
        500,
        f"strconv.ParseUint: {problem}",
    )
    await cluster.create(ROLES, {"metadata": {"name": "a"}})
    change = await cluster.put(f"{ROLES}/a", body)
    assert change.json()["message"] == f"strconv.ParseUint: {problem}"


async def test_a_missing_object_is_missing_whatever_its_uid(cluster, fails):
    """The uid is only compared where PUT could create."""
    body = {"metadata": {"name": "a", "uid": "x"}}
    fails(await cluster.put(f"{MAPS}/a", body), 404, "NotFound")
    fails(await cluster.put(f"{ROLES}/a", body), 409, "Conflict")


async def test_the_status_of_a_missing_service_makes_the_service(cluster):
    """PUT creates there as on the service itself, without an address."""
    path = "/api/v1/namespaces/default/services/front"
    body = {"metadata": {"name": "front"}, "spec": {"ports": [{"port": 80}]}}
    created = await cluster.put(f"{path}/status", body)
    assert created.status_code == 201
    assert "clusterIP" not in (await cluster.read(path))["spec"]
    assert (await cluster.delete(path)).status_code == 200


async def test_versions_with_too_many_digits(cluster, config_map):
    """A new object may have one, which says nothing; a change and a read may not."""
    long = "9" * 5000
    for name, version in (("a", long), ("b", "²")):
        await cluster.create(MAPS, config_map(name, resourceVersion=version))
    refused = await cluster.put(f"{MAPS}/a", config_map("a", resourceVersion=long))
    assert refused.status_code == 500
    assert refused.json()["message"].endswith("value out of range")
    read = await cluster.get(f"{MAPS}/a?resourceVersion={long}")
    assert read.json()["message"].endswith("value out of range")
    listed = await cluster.get(f"{MAPS}?limit={long}")
    assert (listed.status_code, listed.json()["reason"]) == (400, "BadRequest")
