"""Resource quotas: what is counted, refused, and given back."""

from __future__ import annotations

QUOTAS = "/api/v1/namespaces/default/resourcequotas"
PODS = "/api/v1/namespaces/default/pods"
SERVICES = "/api/v1/namespaces/default/services"


async def limit(cluster, **hard):
    """A quota that is in force."""
    await cluster.create(QUOTAS, {"metadata": {"name": "q"}, "spec": {"hard": hard}})
    await cluster.settled()


async def used(cluster):
    """What the quota says is used."""
    return (await cluster.read(f"{QUOTAS}/q"))["status"]["used"]


async def test_count_of_pods(whole_cluster, pod, fails):
    """What is there counts, one more is refused, a removed one gives its place back."""
    await whole_cluster.create(PODS, pod("before"))
    await limit(whole_cluster, pods="2")
    assert await used(whole_cluster) == {"pods": "1"}
    await whole_cluster.create(PODS, pod("a"))
    assert await used(whole_cluster) == {"pods": "2"}
    status = fails(await whole_cluster.post(PODS, pod("b")), 403, "Forbidden")
    assert status["message"] == (
        'pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2'
    )
    await whole_cluster.delete(f"{PODS}/a")
    await whole_cluster.settled()
    assert await used(whole_cluster) == {"pods": "1"}


async def test_pod_that_has_ended_uses_nothing(whole_cluster, pod):
    """It is still an object, but no pod that runs."""
    await limit(whole_cluster, **{"pods": "1", "count/pods": "5"})
    await whole_cluster.create(PODS, pod("a"))
    ended = {"status": {"phase": "Succeeded"}}
    await whole_cluster.patch("merge", f"{PODS}/a/status", ended)
    await whole_cluster.settled()
    assert await used(whole_cluster) == {"pods": "0", "count/pods": "1"}


async def test_change_of_a_service(whole_cluster, fails):
    """A service that gets a node port uses one more, and gives it back."""
    await limit(whole_cluster, **{"services.nodeports": "1"})
    spec = {"ports": [{"port": 80}]}
    for name in ("a", "b"):
        await whole_cluster.create(SERVICES, {"metadata": {"name": name}, "spec": spec})
    grow, shrink = {"spec": {"type": "NodePort"}}, {"spec": {"type": "ClusterIP"}}
    assert (await whole_cluster.patch("merge", f"{SERVICES}/a", grow)).status_code == 200
    fails(await whole_cluster.patch("merge", f"{SERVICES}/b", grow), 403, "Forbidden")
    await whole_cluster.patch("merge", f"{SERVICES}/a", shrink)
    await whole_cluster.settled()
    assert (await whole_cluster.patch("merge", f"{SERVICES}/b", grow)).status_code == 200


async def test_containers_must_say_what_they_want(whole_cluster, pod, fails):
    """A quota on cpu obliges every container to request some."""
    await limit(whole_cluster, **{"requests.cpu": "1"})
    status = fails(await whole_cluster.post(PODS, pod("a")), 403, "Forbidden")
    why = "failed quota: q: must specify requests.cpu for: c"
    assert status["message"] == f'pods "a" is forbidden: {why}'
