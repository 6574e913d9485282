"""Server-side apply: ownership, conflicts, giving fields up, and what managedFields tell."""

from __future__ import annotations

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
WEB = f"{DEPLOYMENTS}/web"


def owners(obj):
    """The managedFields as (manager, operation, subresource) to their fields."""
    return {
        (entry["manager"], entry["operation"], entry.get("subresource", "")): entry["fieldsV1"]
        for entry in obj["metadata"]["managedFields"]
    }


def data(**values):
    """A ConfigMap to apply."""
    meta = {"name": "a"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": values}


def fields(*names):
    """The fieldsV1 of a ConfigMap's data."""
    return {"f:data": {f"f:{name}": {} for name in names}}


async def test_apply_creates_and_then_changes(cluster):
    """201 the first time, 200 and the same version when nothing is new."""
    created = await cluster.apply(f"{MAPS}/a", data(x="1"))
    assert created.status_code == 201
    assert owners(created.json()) == {("tester", "Apply", ""): fields("x")}
    again = await cluster.apply(f"{MAPS}/a", data(x="1"))
    assert again.status_code == 200
    assert again.json() == created.json()


async def test_conflict_names_field_and_manager(cluster, fails):
    """Another value in a field that somebody else applied is refused, force takes it over."""
    await cluster.apply(f"{MAPS}/a", data(x="1", y="1"), "one")
    status = fails(await cluster.apply(f"{MAPS}/a", data(x="2"), "two"), 409, "Conflict")
    assert status["message"] == 'Apply failed with 1 conflict: conflict with "one": .data.x'
    assert status["details"] == {
        "causes": [
            {
                "reason": "FieldManagerConflict",
                "message": 'conflict with "one"',
                "field": ".data.x",
            }
        ]
    }
    taken = (await cluster.apply(f"{MAPS}/a", data(x="2"), "two", force="true")).json()
    assert taken["data"] == {"x": "2", "y": "1"}
    assert owners(taken) == {
        ("one", "Apply", ""): fields("y"),
        ("two", "Apply", ""): fields("x"),
    }


async def test_fields_that_are_no_longer_applied(cluster):
    """They go with their last owner and stay as long as there is another."""
    await cluster.apply(f"{MAPS}/a", data(shared="1", own="1"), "one")
    await cluster.apply(f"{MAPS}/a", data(shared="1"), "two")
    left = (await cluster.apply(f"{MAPS}/a", data(other="1"), "one")).json()
    assert left["data"] == {"shared": "1", "other": "1"}
    assert owners(left)["two", "Apply", ""] == fields("shared")
    nothing = data()
    del nothing["data"]
    left = (await cluster.apply(f"{MAPS}/a", nothing, "two")).json()
    assert left["data"] == {"other": "1"}
    assert owners(left) == {("one", "Apply", ""): fields("other")}


async def test_fields_given_up_go_back_to_their_default(cluster, deployment):
    """A replicas that nobody applies any more is 1."""
    await cluster.apply(WEB, deployment("web", replicas=5))
    without = deployment("web")
    del without["spec"]["replicas"]
    assert (await cluster.apply(WEB, without)).json()["spec"]["replicas"] == 1


async def test_update_takes_what_it_changes(cluster):
    """A PUT owns what it changed, as Update, and conflicts with a later apply."""
    applied = (await cluster.apply(f"{MAPS}/a", data(x="1", y="1"))).json()
    applied["data"]["x"] = "2"
    updated = (await cluster.put(f"{MAPS}/a", applied, fieldManager="editor")).json()
    assert owners(updated) == {
        ("tester", "Apply", ""): fields("y"),
        ("editor", "Update", ""): fields("x"),
    }
    answer = await cluster.apply(f"{MAPS}/a", data(x="1", y="1"))
    assert answer.json()["message"] == (
        'Apply failed with 1 conflict: conflict with "editor" using v1: .data.x'
    )


async def test_manager_of_a_request_without_one(cluster, config_map):
    """It is the User-Agent up to the first slash."""
    created = await cluster.create(MAPS, config_map("a", data={"x": "1"}))
    assert owners(created) == {
        ("tester", "Update", ""): {"f:data": {".": {}, "f:x": {}}},
    }


async def test_lists_with_keys_are_owned_by_item(cluster, deployment):
    """Two managers can have a container each; one that stops applying takes only its own."""
    await cluster.apply(WEB, deployment("web"), "one")
    side = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"template": {"spec": {"containers": [{"name": "side", "image": "i"}]}}},
    }
    both = (await cluster.apply(WEB, side, "two")).json()
    names = [c["name"] for c in both["spec"]["template"]["spec"]["containers"]]
    assert names == ["web", "side"]
    side["spec"] = {}
    one = (await cluster.apply(WEB, side, "two")).json()
    assert [c["name"] for c in one["spec"]["template"]["spec"]["containers"]] == ["web"]
    side["spec"] = {"template": {"spec": {"containers": [{"name": "web", "image": "other"}]}}}
    status = (await cluster.apply(WEB, side, "two")).json()
    assert [cause["field"] for cause in status["details"]["causes"]] == [
        '.spec.template.spec.containers[name="web"].image'
    ]


async def test_sets_and_atomic_lists(cluster, config_map):
    """Finalizers are a set that managers share; args is one value."""
    one = config_map("a", finalizers=["x.io/1"])
    two = config_map("a", finalizers=["x.io/2"])
    await cluster.apply(f"{MAPS}/a", one, "one")
    both = (await cluster.apply(f"{MAPS}/a", two, "two")).json()
    assert both["metadata"]["finalizers"] == ["x.io/1", "x.io/2"]
    assert owners(both)["two", "Apply", ""] == {"f:metadata": {"f:finalizers": {'v:"x.io/2"': {}}}}


async def test_status_is_owned_apart(cluster, deployment):
    """The subresource stands in the entry; applying the main resource never touches status."""
    await cluster.apply(WEB, deployment("web"))
    status = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "status": {"replicas": 1},
    }
    written = (await cluster.apply(f"{WEB}/status", status, "controller")).json()
    assert owners(written)["controller", "Apply", "status"] == {"f:status": {"f:replicas": {}}}
    again = (await cluster.apply(WEB, {**deployment("web"), "status": {"replicas": 9}})).json()
    assert again["status"] == {"replicas": 1}


async def test_apply_of_yaml(cluster):
    """The body may be YAML; keys given twice are warned about."""
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: '1'\n  x: '2'\n"
    answer = await cluster.apply(f"{MAPS}/a", text)
    assert answer.status_code == 201
    assert answer.json()["data"] == {"x": "2"}
    assert 'key \\"x\\" already set in map' in answer.headers["warning"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": ""}, 400),
        ({"apiVersion": ""}, 400),
        ({"metadata": {}}, 400),
        ({"metadata": {"name": "other"}}, 400),
        ({"metadata": {"name": "a", "managedFields": []}}, 400),
        ({"dta": {}}, 500),
        ({"data": ["x"]}, 500),
    ],
)
async def test_what_cannot_be_applied(cluster, change, code):
    """What is applied has to say what it is, and to fit the schema."""
    body = {name: value for name, value in {**data(x="1"), **change}.items() if value != ""}
    answer = await cluster.apply(f"{MAPS}/a", body)
    assert (answer.status_code, answer.json()["kind"]) == (code, "Status")
    assert (await cluster.get(f"{MAPS}/a")).status_code == 404


async def test_field_manager_is_required(cluster, fails):
    """Apply without a manager is 422."""
    status = fails(await cluster.patch("apply", f"{MAPS}/a", data()), 422, "Invalid")
    assert status["details"]["causes"][0]["field"] == "fieldManager"


@pytest.mark.parametrize("cleared_by", [[], [{}]])
async def test_managed_fields_can_be_cleared(cluster, cleared_by):
    """Set to [] or [{}] they are gone; the next apply first owns all for what was before."""
    await cluster.apply(f"{MAPS}/a", data(x="1"), "one")
    nothing = {"metadata": {"managedFields": cleared_by}}
    cleared = await cluster.patch("merge", f"{MAPS}/a", nothing)
    assert "managedFields" not in cleared.json()["metadata"]
    applied = (await cluster.apply(f"{MAPS}/a", data(y="1"), "two")).json()
    assert owners(applied) == {
        ("two", "Apply", ""): fields("y"),
        ("before-first-apply", "Update", ""): {"f:data": {".": {}, "f:x": {}}},
    }


async def test_apply_conditioned_on_a_version(cluster, fails):
    """A resourceVersion in what is applied has to be the current one."""
    created = (await cluster.apply(f"{MAPS}/a", data(x="1"))).json()
    old = created["metadata"]["resourceVersion"]
    body = data(x="2")
    body["metadata"]["resourceVersion"] = old
    assert (await cluster.apply(f"{MAPS}/a", body)).status_code == 200
    body["data"]["x"] = "3"
    fails(await cluster.apply(f"{MAPS}/a", body), 409, "Conflict")
