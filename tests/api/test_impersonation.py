"""Requests in the name of somebody else, through the whole server."""

from __future__ import annotations

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"


async def _whoami(cluster, headers):
    answer = await cluster.post(REVIEWS, {}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["status"]["userInfo"]


async def test_the_request_is_the_other_users(cluster):
    """Whoever is impersonated is who asks, with groups, uid and extra values."""
    headers = [
        ("Impersonate-User", "ann"),
        ("Impersonate-Group", "dev"),
        ("impersonate-group", "ops"),
        ("Impersonate-Uid", "u-17"),
        ("Impersonate-Extra-Scopes", "read"),
        ("Impersonate-Extra-scopes", "write"),
    ]
    assert await _whoami(cluster, headers) == {
        "username": "ann",
        "uid": "u-17",
        "groups": ["dev", "ops", "system:authenticated"],
        "extra": {"scopes": ["read", "write"]},
    }


async def test_a_service_account(cluster):
    """A service account has the groups of its namespace."""
    user = await _whoami(cluster, {"Impersonate-User": "system:serviceaccount:default:robot"})
    assert user["groups"] == [
        "system:serviceaccounts",
        "system:serviceaccounts:default",
        "system:authenticated",
    ]


async def test_rights_are_those_of_the_other(cluster, fails):
    """Somebody who impersonates a stranger may do what a stranger may do."""
    headers = {"Impersonate-User": "system:anonymous"}
    assert (await cluster.get("/version", headers=headers)).status_code == 200
    status = fails(await cluster.get(MAPS, headers=headers), 403, "Forbidden")
    assert status["message"].startswith('configmaps is forbidden: User "system:anonymous"')


async def test_strangers_may_not_impersonate(cluster, fails):
    """Without the right the request is refused, and the wanted request is told."""
    headers = {"Authorization": "", "Impersonate-User": "ann"}
    status = fails(await cluster.get(f"{MAPS}/a", headers=headers), 403, "Forbidden")
    assert status["message"] == (
        'configmaps "a" is forbidden: User "system:anonymous" cannot '
        'impersonate-on:user-info:get resource "configmaps" in API group "" in the namespace '
        '"default"'
    )
    assert status["details"] == {"name": "a", "kind": "configmaps"}


async def test_a_bad_token_comes_first(cluster, fails):
    """Nobody is impersonated by somebody unknown."""
    headers = {"Authorization": "Bearer wrong", "Impersonate-User": "ann"}
    fails(await cluster.get(MAPS, headers=headers), 401, "Unauthorized")


@pytest.mark.parametrize("name", ["Impersonate-Group", "Impersonate-Uid", "Impersonate-Extra-a"])
async def test_headers_without_a_user(cluster, fails, name):
    """Members of a user without a name are a bad request."""
    status = fails(await cluster.get(MAPS, headers={name: "x"}), 400, "BadRequest")
    assert status["message"].endswith("without impersonating a user name")
    assert "details" not in status


async def test_admission_sees_the_other(cluster, config_map, fails):
    """Policies judge the impersonated user."""
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["configmaps"],
    }
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": "request.userInfo.username != 'ann'"}],
    }
    await cluster.create(
        f"{ADMISSION}/validatingadmissionpolicies", {"metadata": {"name": "p"}, "spec": spec}
    )
    binding = {"policyName": "p", "validationActions": ["Deny"]}
    await cluster.create(
        f"{ADMISSION}/validatingadmissionpolicybindings",
        {"metadata": {"name": "b"}, "spec": binding},
    )
    ann = {"Impersonate-User": "ann", "Impersonate-Group": "system:masters"}
    fails(await cluster.post(MAPS, config_map("x"), headers=ann), 422, "Invalid")
    await cluster.create(MAPS, config_map("x"))
