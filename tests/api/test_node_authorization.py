"""The mode Node in force: what kubelets reach, from one request to the next."""

from __future__ import annotations

import pytest

from kapi.apimachinery.types import GroupResource

NODE = {"Impersonate-User": "system:node:n1", "Impersonate-Group": "system:nodes"}
CORE = "/api/v1/namespaces/default"
VOLUMES = "/api/v1/persistentvolumes"
SECRET = {"volumes": [{"name": "s", "secret": {"secretName": "s1"}}], "nodeName": "n1"}
CLAIM = {
    "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "d1"}}],
    "nodeName": "n1",
}


def _pod(name, **spec):
    containers = [{"name": "c", "image": "registry.example/app:1"}]
    return {"metadata": {"name": name}, "spec": {"containers": containers, **spec}}


def _volume(name, **source):
    return {
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "claimRef": {"namespace": "default", "name": "d1"},
            **source,
        },
    }


@pytest.fixture
def node_gets(cluster):
    """A function: the code with which the kubelet of n1 gets a path."""

    async def get(path, **parameters):
        answer = await cluster.get(path, headers=NODE, **parameters)
        return answer.status_code

    return get


async def test_rights_come_and_go_with_pods(cluster, node_gets, fails):
    """The request after the write of a pod sees what the pod refers to, or does not any more."""
    path = f"{CORE}/secrets/s1"
    fails(
        await cluster.get(path, headers=NODE),
        403,
        "Forbidden",
        'secrets "s1" is forbidden: User "system:node:n1" cannot get resource "secrets" in API '
        'group "" in the namespace "default": no relationship found between node \'n1\' and this '
        "object",
    )
    await cluster.create(f"{CORE}/pods", _pod("p", **SECRET))
    await cluster.create(f"{CORE}/pods", _pod("later", volumes=SECRET["volumes"]))
    assert await node_gets(path) == 404
    assert await node_gets(f"{CORE}/secrets/s2") == 403
    assert await node_gets(f"{CORE}/secrets", fieldSelector="metadata.name=s1") == 200
    await cluster.http.delete(f"{CORE}/pods/p", params={"gracePeriodSeconds": 0})
    assert await node_gets(path) == 403
    binding = {"metadata": {"name": "later"}, "target": {"kind": "Node", "name": "n1"}}
    assert (await cluster.post(f"{CORE}/pods/later/binding", binding)).status_code == 201
    assert await node_gets(path) == 404
    assert await node_gets(f"{CORE}/pods/later") == 200


async def test_volumes_behind_claims(cluster, node_gets):
    """With a claim come its volume and the secrets that mounting it takes."""
    await cluster.create(f"{CORE}/pods", _pod("p", **CLAIM))
    secret = "/api/v1/namespaces/elsewhere/secrets/v1"
    assert await node_gets(secret) == 403
    reference = {"name": "v1", "namespace": "elsewhere"}
    csi = {"driver": "d", "volumeHandle": "h", "nodeStageSecretRef": reference}
    await cluster.create(VOLUMES, _volume("v1", csi=csi))
    await cluster.create(VOLUMES, _volume("v2", hostPath={"path": "/x"}))
    assert await node_gets(secret) == 404
    assert await node_gets(f"{VOLUMES}/v1") == await node_gets(f"{VOLUMES}/v2") == 200
    await cluster.http.patch(
        f"{VOLUMES}/v1",
        json={"metadata": {"finalizers": None}},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    await cluster.http.delete(f"{VOLUMES}/v1")
    assert await node_gets(secret) == await node_gets(f"{VOLUMES}/v1") == 403


async def test_what_was_there_before_the_first_question(cluster, node_gets):
    """Pods and volumes of before count; pods that kubelets show give no rights."""
    mirror = _pod("mirror", nodeName="n1", volumes=[{"name": "s", "secret": {"secretName": "m"}}])
    mirror["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    await cluster.create(f"{CORE}/pods", mirror)
    await cluster.create(f"{CORE}/pods", _pod("p", **CLAIM))
    azure = {"secretName": "azure", "shareName": "x"}
    await cluster.create(VOLUMES, _volume("v1", azureFile=azure))
    assert await node_gets(f"{CORE}/secrets/azure") == 404
    assert await node_gets(f"{CORE}/secrets/m") == 403
    assert await node_gets(f"{CORE}/pods/mirror") == 200


async def test_more_changes_than_are_remembered(cluster, node_gets):
    """Also after changes that the watch cache has forgotten already."""
    assert await node_gets(f"{CORE}/secrets/s1") == 403
    await cluster.create(f"{CORE}/pods", _pod("p", **SECRET))
    await cluster.create(f"{CORE}/pods", _pod("q"))
    history = cluster.server.api.stores[GroupResource("", "pods")].storage.cacher._history
    history._max_changes = 1
    await cluster.create(f"{CORE}/pods", _pod("r"))
    assert history.floor > 0
    assert await node_gets(f"{CORE}/secrets/s1") == 404


async def test_reviews(cluster):
    """SubjectAccessReviews about nodes are answered alike, the first one and with selectors."""
    await cluster.create(f"{CORE}/pods", _pod("p", **SECRET))
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    user = {"user": "system:node:n1", "groups": ["system:nodes"]}

    async def ask(**attributes):
        review = {"spec": {**user, "resourceAttributes": attributes}}
        return (await cluster.post(path, review)).json()["status"]

    secret = {"verb": "get", "resource": "secrets", "namespace": "default"}
    assert await ask(**secret, name="s1") == {"allowed": True}
    assert await ask(**secret) == {"allowed": False, "reason": "No Object name found"}
    own = {"key": "spec.nodeName", "operator": "In", "values": ["n1"]}
    for selector in ({"requirements": [own]}, {"rawSelector": "spec.nodeName=n1"}):
        answer = await ask(verb="list", resource="pods", fieldSelector=selector)
        assert answer == {"allowed": True}
    other = {**own, "operator": "NotIn"}
    answer = await ask(verb="list", resource="pods", fieldSelector={"requirements": [other]})
    assert not answer["allowed"]


async def test_before_selectors(start_cluster):
    """In 1.31 kubelets read all pods and nodes."""
    server = await start_cluster(kubernetes_minor=31)
    assert (await server.get("/api/v1/pods", headers=NODE)).status_code == 200
    assert (await server.get("/api/v1/nodes", headers=NODE)).status_code == 200
    assert (await server.get(f"{CORE}/secrets", headers=NODE)).status_code == 403


RESTRICTED = {
    "metadata": {"name": "n1", "labels": {"node-restriction.kubernetes.io/a": "b"}},
}


async def test_node_restriction_is_off_by_default(cluster, fails):
    """The authorizer alone lets kubelets write any node."""
    assert "NodeRestriction" not in cluster.server.api.admission.names
    answer = await cluster.post("/api/v1/nodes", RESTRICTED, headers=NODE)
    assert answer.status_code == 201


async def test_node_restriction(start_cluster, fails):
    """Asked for, it stands between service accounts and taints, and refuses before validation."""
    server = await start_cluster(enabled_admission_plugins=("NodeRestriction",))
    assert server.server.api.admission.names[2:4] == ["NodeRestriction", "TaintNodesByCondition"]
    fails(
        await server.post("/api/v1/nodes", RESTRICTED, headers=NODE),
        403,
        "Forbidden",
        'nodes "n1" is forbidden: node "n1" is not allowed to set the following labels: '
        "node-restriction.kubernetes.io/a",
    )
    other = await server.post("/api/v1/nodes", {"metadata": {"name": "n2"}}, headers=NODE)
    fails(other, 403, "Forbidden")
    node = await server.create("/api/v1/nodes", {"metadata": {"name": "n1"}})
    mirror = _pod("m", nodeName="n1")
    owner = {"apiVersion": "v1", "kind": "Node", "name": "n1", "controller": True}
    mirror["metadata"].update(
        annotations={"kubernetes.io/config.mirror": "x"},
        ownerReferences=[{**owner, "uid": node["metadata"]["uid"]}],
    )
    answer = await server.post(f"{CORE}/pods", mirror, headers=NODE)
    assert answer.status_code == 201, answer.text
    await server.create(f"{CORE}/pods", _pod("other", nodeName="n2"))
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "other"}}
    fails(
        await server.post(f"{CORE}/pods/other/eviction", eviction, headers=NODE),
        403,
        "Forbidden",
        'pods "other" is forbidden: node n1 can only evict pods with spec.nodeName set to itself',
    )
    assert (await server.http.delete(f"{CORE}/pods/m", headers=NODE)).status_code == 200
    fails(await server.http.delete(f"{CORE}/pods/other", headers=NODE), 403, "Forbidden")
