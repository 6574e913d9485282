"""The namespace controller: a terminating namespace is emptied, told about, and let go."""

from __future__ import annotations

NAMESPACE = "/api/v1/namespaces/a"
MAPS = f"{NAMESPACE}/configmaps"
HELD = (
    "Some content in the namespace has finalizers remaining: "
    "example.com/hold in 2 resource instances"
)
OBJECTS = (
    ("/api/v1/namespaces/a/secrets", {}),
    ("/api/v1/namespaces/a/services", {"spec": {"ports": [{"port": 80}]}}),
    ("/apis/coordination.k8s.io/v1/namespaces/a/leases", {}),
    ("/apis/rbac.authorization.k8s.io/v1/namespaces/a/roles", {}),
    ("/apis/networking.k8s.io/v1/namespaces/a/networkpolicies", {}),
    ("/apis/policy/v1/namespaces/a/poddisruptionbudgets", {"spec": {"minAvailable": 1}}),
)


async def test_everything_in_it_goes(whole_cluster, config_map, pod, deployment):
    """Objects of many kinds are gone with the namespace."""
    await whole_cluster.create("/api/v1/namespaces", {"metadata": {"name": "a"}})
    await whole_cluster.create(MAPS, config_map("m"))
    await whole_cluster.create(f"{NAMESPACE}/pods", pod("p"))
    await whole_cluster.create("/apis/apps/v1/namespaces/a/deployments", deployment("d"))
    for path, content in OBJECTS:
        await whole_cluster.create(path, {"metadata": {"name": "x"}, **content})
    await whole_cluster.delete(NAMESPACE)
    await whole_cluster.settled()
    assert (await whole_cluster.get(NAMESPACE)).status_code == 404
    for path, _ in (*OBJECTS, (MAPS, {}), (f"{NAMESPACE}/pods", {})):
        assert (await whole_cluster.read(path))["items"] == []


async def test_finalizers_hold_it_and_are_told(whole_cluster, config_map):
    """The conditions say what is left; the last object's removal ends the namespace."""
    await whole_cluster.create("/api/v1/namespaces", {"metadata": {"name": "a"}})
    for name in ("m", "n"):
        await whole_cluster.create(MAPS, config_map(name, finalizers=["example.com/hold"]))
    await whole_cluster.delete(NAMESPACE)
    await whole_cluster.settled()
    status = (await whole_cluster.read(NAMESPACE))["status"]
    told = {c["type"]: (c["status"], c["reason"], c["message"]) for c in status["conditions"]}
    assert told == {
        "NamespaceDeletionDiscoveryFailure": (
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        "NamespaceDeletionGroupVersionParsingFailure": (
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        "NamespaceDeletionContentFailure": (
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        "NamespaceContentRemaining": (
            "True",
            "SomeResourcesRemain",
            "Some resources are remaining: configmaps. has 2 resource instances",
        ),
        "NamespaceFinalizersRemaining": (
            "True",
            "SomeFinalizersRemain",
            HELD,
        ),
    }
    for name in ("m", "n"):
        await whole_cluster.patch("merge", f"{MAPS}/{name}", {"metadata": {"finalizers": None}})
    await whole_cluster.settled()
    assert (await whole_cluster.get(NAMESPACE)).status_code == 404


async def test_finalizers_of_others_stay(whole_cluster):
    """Only the finalizer of Kubernetes is given up; who added another one decides."""
    spec = {"finalizers": ["example.com/mine"]}
    await whole_cluster.create("/api/v1/namespaces", {"metadata": {"name": "a"}, "spec": spec})
    await whole_cluster.delete(NAMESPACE)
    await whole_cluster.settled()
    assert (await whole_cluster.read(NAMESPACE))["spec"] == {"finalizers": ["example.com/mine"]}


async def test_own_part_of_every_namespace(whole_cluster):
    """The default account and the CA are made with a namespace, and again when deleted."""
    await whole_cluster.create("/api/v1/namespaces", {"metadata": {"name": "a"}})
    await whole_cluster.settled()
    paths = (f"{NAMESPACE}/serviceaccounts/default", f"{MAPS}/kube-root-ca.crt")
    for path in paths:
        before = (await whole_cluster.read(path))["metadata"]["uid"]
        await whole_cluster.delete(path)
        await whole_cluster.settled()
        assert (await whole_cluster.read(path))["metadata"]["uid"] != before
    await whole_cluster.patch("merge", paths[1], {"data": {"ca.crt": "spoiled"}})
    await whole_cluster.settled()
    assert (await whole_cluster.read(paths[1]))["data"] == {"ca.crt": "the CA\n"}


async def test_claims_wait_for_their_pods(whole_cluster, pod):
    """A claim that a pod on a node mounts stays until the pod is gone."""
    claims = "/api/v1/namespaces/default/persistentvolumeclaims"
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    for name in ("used", "free"):
        await whole_cluster.create(claims, {"metadata": {"name": name}, "spec": spec})
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": "used"}}
    pods = "/api/v1/namespaces/default/pods"
    await whole_cluster.create(pods, pod("p", nodeName="n", volumes=[volume]))
    for name in ("used", "free"):
        await whole_cluster.delete(f"{claims}/{name}")
    await whole_cluster.settled()
    listed = (await whole_cluster.read(claims))["items"]
    assert [item["metadata"]["name"] for item in listed] == ["used"]
    await whole_cluster.delete(f"{pods}/p", gracePeriodSeconds=0)
    await whole_cluster.settled()
    assert (await whole_cluster.read(claims))["items"] == []
