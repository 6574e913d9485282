"""Mutating admission policies as people write them, with the real kubectl."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kubectl import Kubectl

from kapi.testing import Server

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "using.md"
POLICIES = "mutatingadmissionpolicies,mutatingadmissionpolicybindings"
POD = ("run", "web", "--image=nginx")


def manifest(expression, *, patch="ApplyConfiguration", rule="pods", group="", more="", binding=""):
    """A policy and its binding; more members of their specs as YAML in one line."""
    member = "jsonPatch" if patch == "JSONPatch" else "applyConfiguration"
    return f"""
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {{name: demo}}
spec:
  matchConstraints:
    resourceRules:
    - apiGroups: ["{group}"]
      apiVersions: ["*"]
      operations: [CREATE, UPDATE]
      resources: {rule}
  reinvocationPolicy: Never
  {more}
  mutations:
  - patchType: {patch}
    {member}:
      expression: |
        {expression}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {{name: demo}}
spec: {{policyName: demo{binding}}}
"""


@pytest.fixture(scope="module")
def cluster(home):
    """A server of these tests' own: policies are for all namespaces."""
    with Server() as running:
        yield Kubectl(running.kubeconfig, "default", home)


@pytest.fixture
def kubectl(cluster):
    """The real kubectl; policies and what they were tried on are gone after the test."""
    yield cluster
    cluster.run("delete", POLICIES, "--all")  # warns that it is for all namespaces
    cluster("delete", "pods,deployments,configmaps", "--all", "--now")


def test_the_example_of_the_documentation(kubectl):
    """A sidecar for every pod that has none, once."""
    text = DOCUMENTATION.read_text()
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (example,) = (each for each in examples if "kind: MutatingAdmissionPolicy\n" in each)
    kubectl("apply", "-f", "-", stdin=example)
    assert kubectl("get", POLICIES, "-o", "name").split() == [
        "mutatingadmissionpolicy.admissionregistration.k8s.io/sidecar.example.com",
        "mutatingadmissionpolicybinding.admissionregistration.k8s.io/sidecar.example.com",
    ]
    kubectl(*POD)
    (sidecar,) = kubectl.get("pod/web")["spec"]["initContainers"]
    assert (sidecar["name"], sidecar["restartPolicy"]) == ("mesh", "Always")
    assert sidecar["terminationMessagePath"] == "/dev/termination-log"


def test_labels_and_conditions_in_a_json_patch(kubectl):
    """The parents of what is added are added where they are missing."""
    expression = (
        '(has(object.metadata.annotations) ? [] : [JSONPatch{op: "add", '
        'path: "/metadata/annotations", value: {}}]) + [JSONPatch{op: "add", path: '
        '"/metadata/annotations/" + jsonpatch.escapeKey("example.com/by"), '
        "value: request.userInfo.username}]"
    )
    kubectl("apply", "-f", "-", stdin=manifest(expression, patch="JSONPatch", rule="[configmaps]"))
    for words in (("a",), ("b", "--from-literal=k=v")):
        kubectl("create", "configmap", *words)
        found = kubectl.get(f"configmap/{words[0]}")["metadata"]["annotations"]
        assert found == {"example.com/by": "kubernetes-admin"}


def test_what_is_refused_when_it_is_written(kubectl):
    """Kubectl shows the expression with a mark below the fault."""
    stdin = manifest("Object{metadata: Objct.metadata{}}", rule="[pods]")
    told = kubectl.fails("apply", "-f", "-", stdin=stdin)
    assert "undeclared reference to 'Objct.metadata' (in container '')" in told
    assert " | Object{metadata: Objct.metadata{}}\n | ...............................^" in told
    stdin = manifest("[]", patch="JSONPatch", rule="[pods]")
    told = kubectl.fails("apply", "-f", "-", stdin=stdin)
    assert "must evaluate to list(JSONPatch) but got list(dyn)" in told


def test_what_is_refused_when_it_is_applied(kubectl):
    """Lists without keys cannot be set by an apply configuration."""
    expression = (
        'Object{spec: Object.spec{containers: [Object.spec.containers{name: "web", args: ["x"]}]}}'
    )
    kubectl("apply", "-f", "-", stdin=manifest(expression, rule="[pods]"))
    assert kubectl.fails(*POD) == (
        "The pods \"web\" is invalid: : policy 'demo' with binding 'demo' denied request: error "
        "applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or "
        "structs: .spec.containers[0].args\n"
    )


def test_parameters_and_scale(kubectl):
    """A limit from a ConfigMap holds for creating, scaling and applying; applying is stable."""
    kubectl("create", "configmap", "limits", "--from-literal=replicas=3")
    stdin = manifest(  # an apply configuration cannot change a Scale, which no schema describes
        '[JSONPatch{op: "replace", path: "/spec/replicas", value: variables.most}]',
        patch="JSONPatch",
        rule="[deployments, deployments/scale]",
        group="apps",
        more="paramKind: {apiVersion: v1, kind: ConfigMap}\n  variables: [{name: most, expression: "
        '"int(params.data.replicas)"}]\n  matchConditions: [{name: more, expression: '
        '"object.spec.?replicas.orValue(1) > int(params.data.replicas)"}]',
        binding=", paramRef: {name: limits, parameterNotFoundAction: Deny}",
    )
    kubectl("apply", "-f", "-", stdin=stdin)
    kubectl("create", "deployment", "d", "--image=nginx", "--replicas=9")
    assert kubectl.get("deployment/d")["spec"]["replicas"] == 3
    kubectl("scale", "deployment/d", "--replicas=2")
    assert kubectl.get("deployment/d")["spec"]["replicas"] == 2
    kubectl("scale", "deployment/d", "--replicas=7")
    assert kubectl.get("deployment/d")["spec"]["replicas"] == 3
    deployment = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: s}
spec:
  replicas: 8
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}
"""
    for _ in range(2):
        kubectl("apply", "--server-side", "-f", "-", stdin=deployment)
        applied = kubectl.get("deployment/s")
        assert (applied["spec"]["replicas"], applied["metadata"]["generation"]) == (3, 1)
    kubectl("delete", "configmap", "limits")
    assert "no params found for policy binding" in kubectl.fails(
        "scale", "deployment/d", "--replicas=9"
    )
