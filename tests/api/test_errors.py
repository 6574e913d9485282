"""Bodies that are wrong, and how that is told."""

from __future__ import annotations

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


async def send(cluster, body, path=MAPS):
    return await cluster.http.post(path, content=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("body", ["", "x", "[]", '"text"', "{", '{"metadata": {"name": "a"'])
async def test_bodies_that_are_no_object(cluster, fails, body):
    """400 BadRequest without details."""
    status = fails(await send(cluster, body), 400, "BadRequest")
    assert "details" not in status


@pytest.mark.parametrize("body", ["{}", "null"])
async def test_empty_objects(cluster, fails, body):
    """An object without a name is invalid, not unreadable."""
    status = fails(await send(cluster, body), 422, "Invalid")
    assert "name or generateName is required" in status["message"]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "Pod"},
        {"apiVersion": "v2"},
        {"apiVersion": "apps/v1"},
        {"data": ["x"]},
        {"data": {"k": 1}},
        {"metadata": "a"},
        {"metadata": {"name": 5}},
        {"immutable": "yes"},
    ],
)
async def test_members_of_the_wrong_type(cluster, config_map, fails, change):
    """400 BadRequest."""
    fails(await cluster.post(MAPS, {**config_map("a"), **change}), 400, "BadRequest")


async def test_all_that_is_invalid_is_told(cluster, pod):
    """Every wrong field has a cause with reason, message and path; the message has them all."""
    body = pod("p", restartPolicy="Sometimes", dnsPolicy="None")
    body["spec"]["containers"].append({"name": "c"})
    answer = await cluster.post(PODS, body)
    status = answer.json()
    assert (answer.status_code, status["reason"]) == (422, "Invalid")
    assert {"name": "p", "kind": "Pod"}.items() <= status["details"].items()
    causes = {(cause["reason"], cause["field"]) for cause in status["details"]["causes"]}
    assert causes >= {
        ("FieldValueDuplicate", "spec.containers[1].name"),
        ("FieldValueRequired", "spec.containers[1].image"),
        ("FieldValueNotSupported", "spec.restartPolicy"),
    }
    assert status["message"].startswith('Pod "p" is invalid: [')
    for cause in status["details"]["causes"]:
        assert f"{cause['field']}: {cause['message']}" in status["message"]


async def test_invalid_object_of_a_group(cluster, deployment, fails):
    """The group stands in message and details."""
    body = deployment("web")
    body["spec"]["selector"]["matchLabels"] = {"app": "other"}
    status = fails(await cluster.post(DEPLOYMENTS, body), 422, "Invalid")
    assert status["message"].startswith(
        'Deployment.apps "web" is invalid: spec.template.metadata.labels: Invalid value: '
    )
    assert status["message"].endswith("`selector` does not match template `labels`")
    assert status["details"]["group"] == "apps"


async def test_immutable_fields(cluster, deployment, fails):
    """A selector never changes."""
    body = await cluster.create(DEPLOYMENTS, deployment("web"))
    body["spec"]["selector"]["matchLabels"]["more"] = "x"
    body["spec"]["template"]["metadata"]["labels"]["more"] = "x"
    status = fails(await cluster.put(f"{DEPLOYMENTS}/web", body), 422, "Invalid")
    [cause] = status["details"]["causes"]
    assert cause["field"] == "spec.selector"
    assert cause["message"].endswith("field is immutable")


async def test_immutable_config_map(cluster, config_map, fails):
    """Data of an immutable ConfigMap stays, labels may change, immutability does not end."""
    await cluster.create(MAPS, {**config_map("a", data={"k": "1"}), "immutable": True})
    path = f"{MAPS}/a"
    fails(await cluster.patch("merge", path, {"data": {"k": "2"}}), 422, "Invalid")
    fails(await cluster.patch("merge", path, {"immutable": None}), 422, "Invalid")
    labels = {"metadata": {"labels": {"a": "b"}}}
    assert (await cluster.patch("merge", path, labels)).status_code == 200


async def test_too_large(cluster, config_map, fails):
    """3 MiB of request are too large for the server, 1 MiB of data for a ConfigMap."""
    huge = config_map("a", data={"k": "x" * (3 * 1024 * 1024)})
    answer = await cluster.post(MAPS, huge)
    fails(answer, 413, "RequestEntityTooLarge")
    large = config_map("a", data={"k": "x" * (1024 * 1024)})
    large["data"]["l"] = "x"
    status = fails(await cluster.post(MAPS, large), 422, "Invalid")
    assert [cause["reason"] for cause in status["details"]["causes"]] == ["FieldValueTooLong"]


async def test_deeply_nested_bodies(cluster):
    """A body of brackets is refused, the server goes on."""
    answer = await send(cluster, '{"metadata":' * 100_000)
    assert answer.status_code == 400
    assert (await cluster.get("/livez")).text == "ok"


@pytest.mark.parametrize("name", ["%", "a%2Fb", "a b", "%00"])
async def test_odd_names_in_paths(cluster, name):
    """They are answered as any other name or as nonsense, never with a failure of the server."""
    answer = await cluster.http.get(f"{MAPS}/{name.replace('%', '%25')}")
    assert answer.status_code in {400, 404}
