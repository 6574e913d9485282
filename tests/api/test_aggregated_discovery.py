"""Where groups and versions of other servers stand in discovery, available or not."""

from __future__ import annotations

import asyncio

API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
AGGREGATED = {"Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}


async def answers(cluster, path, status):
    """Wait until a path is answered with a status."""
    async with asyncio.timeout(10):
        while (await cluster.get(path)).status_code != status:
            await asyncio.sleep(0.01)


async def register(cluster, group, version, group_priority, version_priority):
    """An APIService of another server, which need not be there."""
    spec = {
        "group": group,
        "version": version,
        "groupPriorityMinimum": group_priority,
        "versionPriority": version_priority,
        "insecureSkipTLSVerify": True,
        "service": {"namespace": "default", "name": "nobody"},
    }
    await cluster.create(API_SERVICES, {"metadata": {"name": f"{version}.{group}"}, "spec": spec})
    await answers(cluster, f"/apis/{group}/{version}", 503)


async def groups(cluster):
    """Names of all groups, as both forms of discovery tell them."""
    plain = (await cluster.get("/apis")).json()["groups"]
    aggregated = (await cluster.http.get("/apis", headers=AGGREGATED)).json()["items"]
    names = [each["name"] for each in plain]
    assert names == [each["metadata"]["name"] for each in aggregated]
    return names


async def versions(cluster, group):
    """Versions of a group, the preferred one first."""
    found = (await cluster.get(f"/apis/{group}")).json()
    names = [each["version"] for each in found["versions"]]
    assert found["preferredVersion"]["version"] == names[0]
    return names


async def test_groups_stand_by_their_highest_priority(cluster):
    """Of several versions of a group the highest priority counts; equal ones stand by name."""
    await register(cluster, "low.example.com", "v1", 10, 10)
    await register(cluster, "b.example.com", "v1", 15000, 10)
    await register(cluster, "a.example.com", "v1", 15000, 10)
    await register(cluster, "high.example.com", "v1", 5, 10)
    await register(cluster, "high.example.com", "v2", 20000, 10)
    names = await groups(cluster)
    assert names[:3] == ["apiregistration.k8s.io", "high.example.com", "apps"]
    assert names[-1] == "low.example.com"
    assert names.index("a.example.com") + 1 == names.index("b.example.com")


async def test_versions_stand_by_priority_then_by_name(cluster):
    """With equal priorities, released versions come first and the newest of them before all."""
    for version, priority in [("v1beta1", 10), ("v2", 10), ("v10", 10), ("v1", 30), ("other", 10)]:
        await register(cluster, "x.example.com", version, 1000, priority)
    assert await versions(cluster, "x.example.com") == ["v1", "v10", "v2", "v1beta1", "other"]


async def test_a_version_beside_those_of_this_server(cluster):
    """A group may have versions here and elsewhere; those elsewhere do not hide these."""
    await register(cluster, "batch", "v9", 17400, 100)
    assert await versions(cluster, "batch") == ["v9", "v1"]
    assert (await cluster.get("/apis/batch/v1")).status_code == 200
    answer = await cluster.get("/apis/batch/v9")
    assert (answer.status_code, answer.text) == (503, "service unavailable\n")


async def test_a_version_of_this_server_that_another_one_takes_over(cluster):
    """The APIService decides who answers, and gives the version back when it is gone."""
    path = f"{API_SERVICES}/v1.batch"
    service = {"namespace": "default", "name": "nobody"}
    body = {"spec": {"service": service, "insecureSkipTLSVerify": True}}
    assert (await cluster.patch("merge", path, body)).status_code == 200
    jobs = "/apis/batch/v1/namespaces/default/jobs"
    await answers(cluster, jobs, 503)
    body = {"spec": {"service": None, "insecureSkipTLSVerify": None}}
    assert (await cluster.patch("merge", path, body)).status_code == 200
    await answers(cluster, jobs, 200)
