"""JSON Patch, JSON Merge Patch and strategic merge patch."""

from __future__ import annotations

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
WEB = f"{DEPLOYMENTS}/web"


@pytest.fixture
async def web(cluster, deployment):
    """A server with a Deployment."""
    await cluster.create(DEPLOYMENTS, deployment("web"))
    return cluster


def template(container):
    return {"spec": {"template": {"spec": {"containers": [container]}}}}


def containers(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["spec"]["template"]["spec"]["containers"]


async def test_json_patch_operations(cluster, config_map):
    """All six operations, in order; later ones see what earlier ones did."""
    await cluster.create(MAPS, config_map("a", {"keep": "1"}, {"a": "1", "b": "2"}))
    operations = [
        {"op": "test", "path": "/data/a", "value": "1"},
        {"op": "add", "path": "/data/c", "value": "3"},
        {"op": "copy", "from": "/data/c", "path": "/data/d"},
        {"op": "move", "from": "/data/a", "path": "/data/e"},
        {"op": "replace", "path": "/data/b", "value": "9"},
        {"op": "remove", "path": "/data/c"},
        {"op": "add", "path": "/metadata/labels/x~1y", "value": "z"},
    ]
    changed = (await cluster.patch("json", f"{MAPS}/a", operations)).json()
    assert changed["data"] == {"b": "9", "d": "3", "e": "1"}
    assert changed["metadata"]["labels"] == {"keep": "1", "x/y": "z"}


@pytest.mark.parametrize(
    "failing",
    [
        {"op": "test", "path": "/data/a", "value": "2"},
        {"op": "remove", "path": "/data/missing"},
        {"op": "add", "path": "/missing/deep/er", "value": 1},
        {"op": "leap", "path": "/data/a"},
    ],
)
async def test_json_patch_is_all_or_nothing(cluster, config_map, fails, failing):
    """One operation that fails, and nothing is changed."""
    before = await cluster.create(MAPS, config_map("a", data={"a": "1"}))
    operations = [{"op": "add", "path": "/data/b", "value": "2"}, failing]
    fails(
        await cluster.patch("json", f"{MAPS}/a", operations),
        422,
        "Invalid",
        "the server rejected our request due to an error in our request",
    )
    assert await cluster.read(f"{MAPS}/a") == before


async def test_merge_patch(web):
    """Maps merge, null removes and brings the default back, lists are replaced."""
    answer = await web.patch("merge", WEB, template({"name": "other", "image": "i"}))
    assert [c["name"] for c in containers(answer)] == ["other"]
    await web.patch("merge", WEB, {"spec": {"replicas": 5}})
    answer = await web.patch("merge", WEB, {"spec": {"replicas": None}})
    assert answer.json()["spec"]["replicas"] == 1


async def test_strategic_merge_by_key(web):
    """A container of the same name is merged, another is put in front."""
    answer = await web.patch("strategic", WEB, template({"name": "web", "image": "nginx:2"}))
    assert [(c["name"], c["image"]) for c in containers(answer)] == [("web", "nginx:2")]
    answer = await web.patch("strategic", WEB, template({"name": "side", "image": "i"}))
    assert [c["name"] for c in containers(answer)] == ["side", "web"]


async def test_strategic_directives(web):
    """$patch deletes and replaces, $retainKeys drops the other members, orders are kept."""
    await web.patch("strategic", WEB, template({"name": "side", "image": "i"}))
    ordered = {
        "spec": {
            "template": {
                "spec": {
                    "$setElementOrder/containers": [{"name": "web"}, {"name": "side"}],
                    "containers": [{"name": "side", "image": "j"}],
                }
            }
        }
    }
    answer = await web.patch("strategic", WEB, ordered)
    assert [c["name"] for c in containers(answer)] == ["web", "side"]
    answer = await web.patch("strategic", WEB, template({"name": "side", "$patch": "delete"}))
    assert [c["name"] for c in containers(answer)] == ["web"]
    strategy = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    answer = await web.patch("strategic", WEB, strategy)
    assert answer.json()["spec"]["strategy"] == {"type": "Recreate"}
    await web.patch("strategic", WEB, {"metadata": {"labels": {"other": "one"}}})
    labels = {"metadata": {"labels": {"$patch": "replace", "only": "this"}}}
    answer = await web.patch("strategic", WEB, labels)
    assert answer.json()["metadata"]["labels"] == {"only": "this"}


async def test_strategic_merge_of_service_ports(cluster):
    """Ports merge by their number, not by their place."""
    path = "/api/v1/namespaces/default/services"
    ports = [{"name": "a", "port": 80}, {"name": "b", "port": 81}]
    await cluster.create(path, {"metadata": {"name": "s"}, "spec": {"ports": ports}})
    patch = {"spec": {"ports": [{"port": 81, "targetPort": 8081}]}}
    answer = await cluster.patch("strategic", f"{path}/s", patch)
    found = {port["name"]: port["targetPort"] for port in answer.json()["spec"]["ports"]}
    assert found == {"a": 80, "b": 8081}


@pytest.mark.parametrize("kind", ["json", "merge", "strategic"])
async def test_patch_of_a_missing_object(cluster, fails, kind):
    """404 comes before whatever is wrong with the patch."""
    answer = await cluster.patch(kind, f"{MAPS}/missing", "not even JSON")
    fails(answer, 404, "NotFound", 'configmaps "missing" not found')


async def test_result_is_validated(web, fails):
    """What the patch makes of the object has to be valid, and of the same name and kind."""
    answer = await web.patch("merge", WEB, {"spec": {"replicas": -1}})
    status = fails(answer, 422, "Invalid")
    assert status["details"]["causes"] == [
        {
            "reason": "FieldValueInvalid",
            "message": "Invalid value: -1: must be greater than or equal to 0",
            "field": "spec.replicas",
        }
    ]
    answer = await web.patch("merge", WEB, {"spec": {"replicas": "many"}})
    status = fails(answer, 422, "Invalid")
    assert [cause["field"] for cause in status["details"]["causes"]] == ["patch"]
    fails(await web.patch("merge", WEB, {"metadata": {"name": "x"}}), 400, "BadRequest")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", "{}"),
        ("text/plain", "{}"),
        ("", "{}"),
    ],
)
async def test_media_types_that_are_no_patch(web, fails, content_type, body):
    """415 for anything but the four types."""
    headers = {"Content-Type": content_type} if content_type else {}
    answer = await web.http.patch(WEB, content=body, headers=headers)
    fails(answer, 415, "UnsupportedMediaType")


@pytest.mark.parametrize(
    ("kind", "body"),
    [("json", "{}"), ("json", "x"), ("merge", "x"), ("merge", "a: b"), ("strategic", "[]")],
)
async def test_bodies_that_are_no_patch(web, fails, kind, body):
    """400 for what cannot be read as the type that was named."""
    fails(await web.patch(kind, WEB, body), 400, "BadRequest")


async def test_status_and_spec_are_apart(web):
    """A patch of status leaves the spec alone and the other way round."""
    both = {"spec": {"replicas": 4}, "status": {"replicas": 3}}
    for path, kept in ((f"{WEB}/status", (1, 3)), (WEB, (4, 3))):
        obj = (await web.patch("merge", path, both)).json()
        assert (obj["spec"]["replicas"], obj["status"].get("replicas", 0)) == kept
        both["status"]["replicas"] = 9


async def test_force_is_for_apply(web, fails):
    """The other types refuse it."""
    status = fails(await web.patch("merge", WEB, {}, force="true"), 422, "Invalid")
    assert status["details"]["kind"] == "PatchOptions"
