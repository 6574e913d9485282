"""dryRun, fieldValidation and the other options of writes."""

from __future__ import annotations

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"


async def test_dry_run_of_a_creation(cluster, pod):
    """Answered as if it were done, defaults and uid included; nothing is stored."""
    shown = await cluster.create(
        PODS, {**pod(""), "metadata": {"generateName": "p-"}}, dryRun="All"
    )
    assert shown["metadata"]["uid"]
    assert len(shown["metadata"]["name"]) == 7
    assert shown["spec"]["restartPolicy"] == "Always"
    assert "resourceVersion" not in shown["metadata"]
    assert (await cluster.read(PODS))["items"] == []


async def test_dry_run_of_changes(cluster, config_map):
    """PUT, patch, apply and deletion show what would be, and leave the object alone."""
    before = await cluster.create(MAPS, config_map("a", data={"x": "1"}))
    path, body = f"{MAPS}/a", config_map("a", data={"x": "2"})
    for answer in (
        await cluster.put(path, body, dryRun="All"),
        await cluster.patch("merge", path, {"data": {"x": "2"}}, dryRun="All"),
        await cluster.apply(path, body, dryRun="All", force="true"),
    ):
        assert (answer.status_code, answer.json()["data"]) == (200, {"x": "2"})
    assert (await cluster.delete(path, dryRun="All")).json()["status"] == "Success"
    assert (await cluster.delete(path, {"dryRun": ["All"]})).json()["status"] == "Success"
    assert (await cluster.delete(MAPS, dryRun="All")).status_code == 200
    assert await cluster.read(path) == before


async def test_dry_run_takes_no_address(cluster):
    """The cluster IP that a dry run shows is free afterwards."""
    services = "/api/v1/namespaces/default/services"
    spec = {"ports": [{"port": 80}], "clusterIP": "10.0.0.77"}
    body = {"metadata": {"name": "s"}, "spec": spec}
    assert (await cluster.create(services, body, dryRun="All"))["spec"]["clusterIP"] == "10.0.0.77"
    assert (await cluster.create(services, body))["spec"]["clusterIP"] == "10.0.0.77"


async def test_dry_run_fails_as_the_real_thing(cluster, config_map, fails):
    """Validation, conflicts and absence are found."""
    fails(await cluster.post(MAPS, config_map("B"), dryRun="All"), 422, "Invalid")
    fails(await cluster.put(f"{MAPS}/a", config_map("a"), dryRun="All"), 404, "NotFound")
    await cluster.create(MAPS, config_map("a"))
    fails(await cluster.post(MAPS, config_map("a"), dryRun="All"), 409, "AlreadyExists")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dryRun", "Some"),
        ("dryRun", ""),
        ("fieldValidation", "strict"),
        ("fieldManager", "x" * 129),
        ("fieldManager", "\n"),
    ],
)
async def test_values_that_are_not_allowed(cluster, config_map, fails, name, value):
    """422 for CreateOptions, and nothing is created."""
    status = fails(await cluster.post(MAPS, config_map("a"), **{name: value}), 422, "Invalid")
    assert (status["details"]["kind"], status["details"]["group"]) == (
        "CreateOptions",
        "meta.k8s.io",
    )
    assert (await cluster.read(MAPS))["items"] == []


async def post_text(cluster, text, **parameters):
    return await cluster.http.post(
        MAPS, content=text, params=parameters, headers={"Content-Type": "application/json"}
    )


ODD = '{"metadata": {"name": "a", "nme": 1}, "data": {"x": "1", "x": "2"}, "Data": {}}'


async def test_unknown_fields_are_warned_about(cluster):
    """Warn is the default: unknown and repeated members are dropped, each with a Warning."""
    answer = await post_text(cluster, ODD)
    assert answer.status_code == 201
    assert answer.json()["data"] == {"x": "2"}
    texts = answer.headers.get_list("warning")
    for expected in ('unknown field \\"metadata.nme\\"', 'unknown field \\"Data\\"'):
        assert f'299 - "{expected}"' in texts
    assert '299 - "duplicate field \\"data.x\\""' in texts


async def test_unknown_fields_are_refused(cluster, fails):
    """Strict refuses with all that is wrong, and stores nothing."""
    status = fails(await post_text(cluster, ODD, fieldValidation="Strict"), 400, "BadRequest")
    assert "strict decoding error: " in status["message"]
    for expected in ('unknown field "metadata.nme"', 'unknown field "Data"', "data.x"):
        assert expected in status["message"]
    assert (await cluster.read(MAPS))["items"] == []


async def test_unknown_fields_are_ignored(cluster):
    """Ignore says nothing."""
    answer = await post_text(cluster, ODD, fieldValidation="Ignore")
    assert answer.status_code == 201
    assert "warning" not in answer.headers


async def test_strict_patches(cluster, config_map, fails):
    """In a patch an unknown field is 422 with Strict and a Warning without."""
    await cluster.create(MAPS, config_map("a"))
    patch = {"data": {"x": "1"}, "dta": {}}
    refused = await cluster.patch("merge", f"{MAPS}/a", patch, fieldValidation="Strict")
    fails(refused, 422, "Invalid")
    warned = await cluster.patch("merge", f"{MAPS}/a", patch)
    assert warned.json()["data"] == {"x": "1"}
    assert 'unknown field \\"dta\\"' in warned.headers["warning"]


async def test_options_in_the_body_of_a_deletion(cluster, config_map, fails):
    """DeleteOptions of the body count; another kind is refused."""
    await cluster.create(MAPS, config_map("a"))
    fails(await cluster.delete(f"{MAPS}/a", {"kind": "Pod"}), 400, "BadRequest")
    both = {"propagationPolicy": "Orphan", "orphanDependents": True}
    fails(await cluster.delete(f"{MAPS}/a", both), 422, "Invalid")
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
    assert (await cluster.delete(f"{MAPS}/a", options)).json()["status"] == "Success"
