"""ValidatingAdmissionPolicies: what they refuse, warn of, and read."""

from __future__ import annotations

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
GROUP = "/apis/admissionregistration.k8s.io/v1"
RULE = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE"],
    "resources": ["configmaps"],
}


@pytest.fixture
def policy(cluster):
    """Create a policy and its binding."""

    async def create(validation, actions=("Deny",), param_ref=None, **spec):
        spec = {"matchConstraints": {"resourceRules": [RULE]}, "validations": [validation], **spec}
        path = f"{GROUP}/validatingadmissionpolicies"
        await cluster.create(path, {"metadata": {"name": "p"}, "spec": spec})
        binding = {"policyName": "p", "validationActions": list(actions)}
        if param_ref is not None:
            binding["paramRef"] = param_ref
        path = f"{GROUP}/validatingadmissionpolicybindings"
        await cluster.create(path, {"metadata": {"name": "b"}, "spec": binding})

    return create


async def test_a_policy_denies_the_very_next_request(cluster, policy, config_map):
    """A denial has the reason of its validation, and names policy and binding."""
    await policy({"expression": "object.metadata.name != 'x'", "reason": "Forbidden"})
    answer = await cluster.post(MAPS, config_map("x"))
    assert answer.status_code == 403
    assert answer.json()["message"] == (
        "configmaps \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied "
        "request: failed expression: object.metadata.name != 'x'"
    )
    assert (await cluster.post(MAPS, config_map("y"))).status_code == 201


async def test_warnings_do_not_refuse(cluster, policy, config_map):
    """The action Warn tells the client and lets the request pass."""
    await policy({"expression": "false", "message": "careful"}, ["Warn"])
    answer = await cluster.post(MAPS, config_map("x"))
    assert answer.status_code == 201
    assert "with binding 'b': careful" in answer.headers["warning"]


async def test_variables_and_parameters(cluster, policy, config_map):
    """Variables are evaluated when asked for; parameters come from another object."""
    await cluster.create(MAPS, config_map("limits", data={"most": "1"}))
    await policy(
        {"expression": "variables.keys <= int(params.data.most)"},
        param_ref={"name": "limits", "namespace": "default", "parameterNotFoundAction": "Deny"},
        paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
        variables=[
            {"name": "never", "expression": "1 / 0"},
            {"name": "keys", "expression": "object.data.size()"},
        ],
    )
    assert (await cluster.post(MAPS, config_map("a", data={"1": ""}))).status_code == 201
    answer = await cluster.post(MAPS, config_map("b", data={"1": "", "2": ""}))
    assert answer.status_code == 422


async def test_a_variable_that_fails_is_neither_there_nor_missing(cluster, policy, config_map):
    """Asking for it fails as using it does."""
    await policy(
        {"expression": "!has(variables.v)"}, variables=[{"name": "v", "expression": "object.nope"}]
    )
    answer = await cluster.post(MAPS, config_map("x"))
    assert answer.json()["message"].endswith(
        "expression '!has(variables.v)' resulted in error: composited variable \"v\" fails to "
        "evaluate: no such key: nope"
    )


async def test_an_expression_may_stand_on_a_line_of_its_own(cluster, policy, config_map):
    """Only line breaks within it would need a message."""
    await policy({"expression": "\n  false\n"})
    answer = await cluster.post(MAPS, config_map("x"))
    assert answer.json()["message"].endswith("denied request: failed expression: false")


async def test_failure_policy_of_errors(cluster, policy, config_map):
    """With Ignore an expression without a result refuses nothing."""
    await policy({"expression": "object.data.x == 'y'"}, failurePolicy="Ignore")
    assert (await cluster.post(MAPS, config_map("a", data={"z": ""}))).status_code == 201


async def test_expressions_are_type_checked(cluster):
    """A policy with an expression of the wrong type is not stored."""
    spec = {
        "matchConstraints": {"resourceRules": [RULE]},
        "validations": [{"expression": "request.nothing == 1"}],
    }
    path = f"{GROUP}/validatingadmissionpolicies"
    answer = await cluster.post(path, {"metadata": {"name": "p"}, "spec": spec})
    assert answer.status_code == 422
    assert "undefined field 'nothing'" in answer.json()["message"]


async def test_expressions_may_ask_the_authorizer(start_cluster, config_map):
    """Checks are answered by the authorizer that lets requests in, for whom the expression says."""
    cluster = await start_cluster(authorization_modes=("AlwaysDeny",))
    checks = {
        "user": "authorizer.requestResource.check('delete').allowed()",
        "path": "authorizer.path('/healthz').check('get').allowed()",
        "account": "authorizer.serviceAccount('default', object.metadata.name).group('')"
        ".resource('pods').check('get').reason() == object.data.reason",
    }
    spec = {
        "matchConstraints": {"resourceRules": [RULE]},
        "matchConditions": [{"name": "c", "expression": checks["user"]}],
        "validations": [{"expression": each, "message": name} for name, each in checks.items()],
    }
    await cluster.create(
        f"{GROUP}/validatingadmissionpolicies", {"metadata": {"name": "p"}, "spec": spec}
    )
    binding = {"policyName": "p", "validationActions": ["Deny"]}
    await cluster.create(
        f"{GROUP}/validatingadmissionpolicybindings", {"metadata": {"name": "b"}, "spec": binding}
    )
    await cluster.create(MAPS, config_map("x", data={"reason": "Everything is forbidden."}))
    answer = await cluster.post(MAPS, config_map("y", data={"reason": ""}))
    assert answer.status_code == 422
    assert answer.json()["message"].endswith("denied request: account")


async def test_messages_may_not_ask_the_authorizer(cluster):
    """A messageExpression has no authorizer."""
    told = "authorizer.requestResource.check('get').reason()"
    spec = {
        "matchConstraints": {"resourceRules": [RULE]},
        "validations": [{"expression": "true", "messageExpression": told}],
    }
    path = f"{GROUP}/validatingadmissionpolicies"
    answer = await cluster.post(path, {"metadata": {"name": "p"}, "spec": spec})
    assert answer.status_code == 422
    assert answer.json()["details"]["causes"][0]["field"] == "spec.validations[0].messageExpression"
    assert "undeclared reference to 'authorizer'" in answer.json()["message"]


async def test_deletions_of_a_collection_have_no_name(cluster, policy, config_map, fails):
    """Each object is judged by itself, in a request that names none."""
    for name in ("a", "b"):
        await cluster.create(MAPS, config_map(name))
    rules = {"resourceRules": [{**RULE, "operations": ["DELETE"]}]}
    nameless = "has(request.name) || oldObject.metadata.name != 'b'"
    await policy({"expression": nameless, "message": "keep"}, matchConstraints=rules)
    status = fails(await cluster.delete(MAPS), 422, "Invalid")
    assert status["message"] == (
        "configmaps \"Unknown\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' "
        "denied request: keep"
    )
    assert status["details"]["name"] == "Unknown"
    left = await cluster.read(MAPS)
    assert [item["metadata"]["name"] for item in left["items"]] == ["b"]
    assert (await cluster.delete(f"{MAPS}/b")).status_code == 200
