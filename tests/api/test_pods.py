"""Pods: defaults, what may change, binding, eviction and their other subresources."""

from __future__ import annotations

import pytest

PODS = "/api/v1/namespaces/default/pods"
BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"


async def test_defaults(cluster, pod):
    """A small pod comes back with what every pod has."""
    created = await cluster.create(PODS, pod("p"))
    spec = created["spec"]
    assert spec["containers"] == [
        {
            "name": "c",
            "image": "busybox",
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "Always",
        }
    ]
    assert (spec["restartPolicy"], spec["dnsPolicy"], spec["schedulerName"]) == (
        "Always",
        "ClusterFirst",
        "default-scheduler",
    )
    assert (spec["terminationGracePeriodSeconds"], spec["enableServiceLinks"]) == (30, True)
    assert created["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert created["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    ("resources", "qos"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        (
            {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "0.5"}},
            "Burstable",
        ),
    ],
)
async def test_quality_of_service(cluster, pod, resources, qos):
    """The class follows from requests and limits, which default to each other."""
    body = pod("p")
    body["spec"]["containers"][0]["resources"] = resources
    created = await cluster.create(PODS, body)
    assert created["status"]["qosClass"] == qos
    if qos == "Guaranteed":
        assert created["spec"]["containers"][0]["resources"]["requests"] == resources["limits"]


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("a", "Always"),
        ("a:latest", "Always"),
        ("a:1", "IfNotPresent"),
        ("reg:5000/a", "Always"),
        ("a@sha256:" + "0" * 64, "IfNotPresent"),
    ],
)
async def test_pull_policy_follows_the_tag(cluster, pod, image, policy):
    """Without a tag or with latest it is Always."""
    body = pod("p")
    body["spec"]["containers"][0]["image"] = image
    created = await cluster.create(PODS, body)
    assert created["spec"]["containers"][0]["imagePullPolicy"] == policy


async def test_what_may_change(cluster, pod, fails):
    """The image may, the command may not."""
    await cluster.create(PODS, pod("p"))
    image = {"spec": {"containers": [{"name": "c", "image": "other"}]}}
    assert (await cluster.patch("strategic", f"{PODS}/p", image)).status_code == 200
    command = {"spec": {"containers": [{"name": "c", "command": ["sh"]}]}}
    status = fails(await cluster.patch("strategic", f"{PODS}/p", command), 422, "Invalid")
    assert "pod updates may not change fields other than" in status["message"]


async def test_binding(cluster, pod, fails):
    """A scheduler binds a pod once."""
    await cluster.create(PODS, pod("p"))
    binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n1"}}
    done = await cluster.create(f"{PODS}/p/binding", binding)
    assert (done["kind"], done["status"]) == ("Status", "Success")
    bound = await cluster.read(f"{PODS}/p")
    assert bound["spec"]["nodeName"] == "n1"
    assert [(c["type"], c["status"]) for c in bound["status"]["conditions"]] == [
        ("PodScheduled", "True")
    ]
    strict = await cluster.post(f"{PODS}/p/binding?fieldValidation=Strict", {**binding, "extra": 1})
    fails(strict, 400, "BadRequest")
    binding["target"]["name"] = "n2"
    fails(await cluster.post(f"{PODS}/p/binding", binding), 409, "Conflict")


async def test_eviction_asks_the_budget(cluster, pod, fails):
    """A running pod whose budget allows no disruption stays; when it does, it goes."""
    await cluster.create(PODS, pod("p", {"app": "a"}, nodeName="n"))
    ready = {"type": "Ready", "status": "True"}
    status = {"status": {"phase": "Running", "conditions": [ready]}}
    await cluster.patch("merge", f"{PODS}/p/status", status)
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "a"}}}
    await cluster.create(BUDGETS, {"metadata": {"name": "b"}, "spec": spec})

    async def budget(allowed):
        status = {
            "observedGeneration": 1,
            "disruptionsAllowed": allowed,
            "currentHealthy": 1,
            "desiredHealthy": 1,
            "expectedPods": 1,
        }
        answer = await cluster.patch("merge", f"{BUDGETS}/b/status", {"status": status})
        assert answer.status_code == 200

    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    await budget(0)
    refused = fails(await cluster.post(f"{PODS}/p/eviction", eviction), 429, "TooManyRequests")
    assert refused["details"]["causes"][0]["reason"] == "DisruptionBudget"
    await budget(1)
    assert (await cluster.create(f"{PODS}/p/eviction", eviction))["status"] == "Success"
    assert "deletionTimestamp" in (await cluster.read(f"{PODS}/p"))["metadata"]
    assert (await cluster.read(f"{BUDGETS}/b"))["status"]["disruptionsAllowed"] == 0


async def test_ephemeral_containers_have_their_own_path(cluster, pod, fails):
    """They are added through the subresource and cannot be changed or removed."""
    await cluster.create(PODS, pod("p"))
    added = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "busybox"}]}}
    main = await cluster.patch("strategic", f"{PODS}/p", added)
    fails(main, 422, "Invalid")
    path = f"{PODS}/p/ephemeralcontainers"
    through = await cluster.patch("strategic", path, added)
    [container] = through.json()["spec"]["ephemeralContainers"]
    assert container["imagePullPolicy"] == "Always"
    gone = {"spec": {"ephemeralContainers": None}}
    fails(await cluster.patch("merge", path, gone), 422, "Invalid")


async def test_resize_changes_resources_only(cluster, pod):
    """Resources change through /resize and nothing else does there."""
    body = pod("p")
    body["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1"}}
    await cluster.create(PODS, body)
    change = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "2"}}}]},
    }
    resized = await cluster.patch("strategic", f"{PODS}/p/resize", change)
    assert resized.status_code == 200, resized.text
    assert resized.json()["spec"]["containers"][0]["resources"] == {"requests": {"cpu": "2"}}
    assert "labels" not in resized.json()["metadata"]
