"""What a file allows only where a quota covers it."""

from __future__ import annotations

import json

import pytest

PODS = "/api/v1/namespaces/default/pods"
QUOTAS = "/api/v1/namespaces/default/resourcequotas"
LIMITED = [
    {"resource": "pods", "matchContains": ["cpu"]},
    {
        "resource": "pods",
        "matchScopes": [{"scopeName": "PriorityClass", "operator": "In", "values": ["gold"]}],
    },
]


@pytest.fixture
async def limited(start_cluster, tmp_path):
    """A server that limits CPU and a priority class."""
    configuration = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "ResourceQuotaConfiguration",
        "limitedResources": LIMITED,
    }
    document = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [{"name": "ResourceQuota", "configuration": configuration}],
    }
    path = tmp_path / "admission.yaml"
    path.write_text(json.dumps(document))
    cluster = await start_cluster(admission_control_config_file=path)
    await cluster.create(
        "/apis/scheduling.k8s.io/v1/priorityclasses", {"metadata": {"name": "gold"}, "value": 7}
    )
    return cluster


async def quota(cluster, name, hard, **spec):
    """A quota that a controller has looked at."""
    await cluster.create(QUOTAS, {"metadata": {"name": name}, "spec": {"hard": hard, **spec}})
    status = {"status": {"hard": hard, "used": dict.fromkeys(hard, "0")}}
    answer = await cluster.patch("merge", f"{QUOTAS}/{name}/status", status)
    assert answer.status_code == 200


async def test_resources_need_a_quota(limited, pod, fails):
    """Any quota that counts the resource is enough; pods that use none need none."""
    greedy = pod("p")
    greedy["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1"}}
    status = fails(await limited.post(PODS, greedy), 403, "Forbidden")
    assert status["message"] == (
        'pods "p" is forbidden: insufficient quota to consume: cpu,requests.cpu'
    )
    assert (await limited.post(PODS, pod("modest"))).status_code == 201
    await quota(limited, "q", {"cpu": "2", "requests.cpu": "2"})
    assert (await limited.post(PODS, greedy)).status_code == 201


async def test_scopes_need_a_quota(limited, pod, fails):
    """A quota of the same scope that takes the object in is enough."""
    golden = pod("p", priorityClassName="gold")
    text = "insufficient quota to match these scopes: [{PriorityClass In [gold]}]"
    fails(await limited.post(PODS, golden), 500, None, text)
    other = {"scopeName": "PriorityClass", "operator": "In", "values": ["silver"]}
    await quota(limited, "other", {"pods": "9"}, scopeSelector={"matchExpressions": [other]})
    fails(await limited.post(PODS, golden), 500, None, text)
    scope = {"scopeName": "PriorityClass", "operator": "In", "values": ["gold"]}
    await quota(limited, "gold", {"pods": "9"}, scopeSelector={"matchExpressions": [scope]})
    assert (await limited.post(PODS, golden)).status_code == 201
