"""Policies read parameters for whoever writes them, so that they need the right to read them."""

from __future__ import annotations

import pytest

RBAC = "/apis/rbac.authorization.k8s.io/v1"
GROUP = "/apis/admissionregistration.k8s.io/v1"
ANN = {"Authorization": "Bearer ann-token"}
WHO = "&{ann ann-id [system:authenticated] map[]}"
MAKE = {"verbs": ["*"], "apiGroups": ["admissionregistration.k8s.io"], "resources": ["*"]}
READ = {"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"]}
RULE = {"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}


@pytest.fixture
async def server(start_cluster, tmp_path):
    """A server on which ann may write policies and bindings."""
    path = tmp_path / "tokens.csv"
    path.write_text("ann-token,ann,ann-id\n")
    server = await start_cluster(token_auth_file=path)
    await _grant(server, "author", MAKE)
    return server


async def _grant(server, name, *rules):
    await server.post(f"{RBAC}/clusterroles", {"metadata": {"name": name}, "rules": list(rules)})
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    subject = {"kind": "User", "name": "ann"}
    binding = {"metadata": {"name": name}, "roleRef": ref, "subjects": [subject]}
    assert (await server.post(f"{RBAC}/clusterrolebindings", binding)).status_code == 201


def _policy(kind="ConfigMap", api_version="v1"):
    spec = {
        "paramKind": {"apiVersion": api_version, "kind": kind},
        "matchConstraints": {"resourceRules": [RULE]},
        "validations": [{"expression": "true"}],
    }
    return {"metadata": {"name": "p"}, "spec": spec}


def _binding(policy="p", **ref):
    ref = {"parameterNotFoundAction": "Deny", **ref}
    spec = {"policyName": policy, "paramRef": ref, "validationActions": ["Deny"]}
    return {"metadata": {"name": "b"}, "spec": spec}


async def test_policies(server, fails):
    """Whoever names a kind must be able to get all of it; a kind that stays needs nothing."""
    path = f"{GROUP}/validatingadmissionpolicies"
    status = fails(await server.post(path, _policy(), headers=ANN), 422, "Invalid")
    assert status["details"]["causes"] == [
        {
            "reason": "FieldValueForbidden",
            "message": f'Forbidden: user {WHO} must have "get" permission on all objects of the '
            "referenced paramKind (kind=ConfigMap, apiVersion=v1)",
            "field": "spec.paramKind",
        }
    ]
    created = (await server.post(path, _policy())).json()
    created["spec"]["failurePolicy"] = "Ignore"
    answer = await server.http.put(f"{path}/p", json=created, headers=ANN)
    assert answer.status_code == 200
    created = answer.json()
    created["spec"]["paramKind"]["kind"] = "Secret"
    fails(await server.http.put(f"{path}/p", json=created, headers=ANN), 422, "Invalid")
    await _grant(server, "reader", READ)
    assert (await server.post(path, _policy(), headers=ANN)).status_code == 409


async def test_bindings(server, fails):
    """A reference by name needs get, one by labels list; what is not known needs everything."""
    await server.post(f"{GROUP}/validatingadmissionpolicies", _policy())
    path = f"{GROUP}/validatingadmissionpolicybindings"

    async def why(binding):
        status = fails(await server.post(path, binding, headers=ANN), 422, "Invalid")
        (cause,) = status["details"]["causes"]
        assert cause["field"] == "spec.paramRef"
        return cause["message"]

    lacks = 'Forbidden: user {} does not have "{}" permission on the object referenced by paramRef'
    assert await why(_binding(name="x")) == lacks.format(WHO, "get")
    assert await why(_binding(selector={})) == lacks.format(WHO, "list")
    assert await why(_binding("q", name="x")) == (
        "Forbidden: unable to get policy q to determine minimum required permissions and user "
        f'{WHO} does not have "get" permission for all groups, versions and resources'
    )
    await _grant(server, "reader", READ)
    assert (await server.post(path, _binding(name="x"), headers=ANN)).status_code == 201
    assert await why({**_binding(selector={}), "metadata": {"name": "c"}}) == (
        lacks.format(WHO, "list")
    )


async def test_every_change_of_a_binding_is_judged(server, fails):
    """Also one that leaves the reference as it is."""
    await server.post(f"{GROUP}/validatingadmissionpolicies", _policy())
    path = f"{GROUP}/validatingadmissionpolicybindings"
    created = (await server.post(path, _binding(name="x"))).json()
    created["spec"]["validationActions"] = ["Audit"]
    answer = await server.http.put(f"{path}/b", json=created, headers=ANN)
    fails(answer, 422, "Invalid")
    assert (await server.put(f"{path}/b", created)).status_code == 200
