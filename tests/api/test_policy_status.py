"""The status of ValidatingAdmissionPolicies: what the controller finds."""

from __future__ import annotations

import pytest

PATH = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"


def _policy(expression):
    rule = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["deployments"],
    }
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": expression}],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "p"},
        "spec": spec,
    }


async def test_every_generation_is_checked(start_cluster):
    """Warnings come and go with the expression, and are applied by the controller's own manager."""
    cluster = await start_cluster(controllers=("validatingadmissionpolicy-status-controller",))
    await cluster.create(PATH, _policy("object.replicas > 1"))
    await cluster.settled()
    stored = await cluster.read(f"{PATH}/p")
    assert stored["status"]["observedGeneration"] == 1
    (warning,) = stored["status"]["typeChecking"]["expressionWarnings"]
    assert warning["fieldRef"] == "spec.validations[0].expression"
    assert warning["warning"].startswith("apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined")
    entry = stored["metadata"]["managedFields"][0]
    assert (entry["manager"], entry["operation"], entry["subresource"]) == (
        "validatingadmissionpolicy-status-controller",
        "Apply",
        "status",
    )
    stored["spec"]["validations"] = [{"expression": "object.spec.replicas > 1"}]
    assert (await cluster.put(f"{PATH}/p", stored)).status_code == 200
    await cluster.settled()
    stored = await cluster.read(f"{PATH}/p")
    # What is applied without members is there without them.
    assert stored["status"] == {"observedGeneration": 2, "typeChecking": {}}


async def test_a_policy_without_mistakes(start_cluster):
    """Nothing found is told by an empty result."""
    cluster = await start_cluster(controllers=("*",))
    await cluster.create(PATH, _policy("object.spec.replicas > 1"))
    await cluster.settled()
    stored = await cluster.read(f"{PATH}/p")
    assert stored["status"] == {"observedGeneration": 1, "typeChecking": {}}


async def test_custom_kinds(start_cluster):
    """Policies are checked against schemas of custom kinds."""
    cluster = await start_cluster(controllers=("*",))
    definition = {
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"plural": "widgets", "kind": "Widget"},
            "scope": "Namespaced",
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {"size": {"type": "integer"}},
                        }
                    },
                }
            ],
        },
    }
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    await cluster.create(path, definition)
    policy = _policy("object.size > 1 && object.weight > 1")
    rule = policy["spec"]["matchConstraints"]["resourceRules"][0]
    rule.update({"apiGroups": ["example.com"], "resources": ["widgets"]})
    await cluster.create(PATH, policy)
    await cluster.settled()
    status = (await cluster.read(f"{PATH}/p"))["status"]
    (warning,) = status["typeChecking"]["expressionWarnings"]
    assert "example.com/v1, Kind=Widget" in warning["warning"]
    assert "undefined field 'weight'" in warning["warning"]
    assert "undefined field 'size'" not in warning["warning"]


@pytest.mark.parametrize("minor", [28, 30, 37])
async def test_versions(start_cluster, minor):
    """Whatever version of policies is served is written."""
    cluster = await start_cluster(
        controllers=("*",),
        kubernetes_minor=minor,
        runtime_config={"admissionregistration.k8s.io/v1beta1": "true"} if minor == 28 else {},
    )
    version = "v1beta1" if minor == 28 else "v1"
    path = PATH.replace("/v1/", f"/{version}/")
    policy = {**_policy("object.x == 1"), "apiVersion": f"admissionregistration.k8s.io/{version}"}
    await cluster.create(path, policy)
    await cluster.settled()
    assert (await cluster.read(f"{path}/p"))["status"]["observedGeneration"] == 1


async def test_without_controllers_nothing_is_written(cluster):
    """A server that runs no controllers leaves the status alone."""
    created = await cluster.create(PATH, _policy("object.replicas > 1"))
    assert created["status"] == {}
    assert (await cluster.read(f"{PATH}/p"))["metadata"]["resourceVersion"] == (
        created["metadata"]["resourceVersion"]
    )
