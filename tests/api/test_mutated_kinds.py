"""What MutatingAdmissionPolicies can change: kinds, versions, subresources; and what not."""

from __future__ import annotations

import pytest
from crontabs import V1, V2, tab
from mutating_policies import GROUP, label, rule

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


async def test_custom_resources(cluster, policy, fails):
    """They are merged, pruned and defaulted by their schema, at the version that a rule names."""
    ports = {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "port": {"type": "integer", "default": 80},
            },
        },
    }
    properties = {
        "ports": ports,
        "size": {"type": "integer", "maximum": 5},
        "list": {"type": "array", "items": {"type": "string"}},
    }
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": properties}},
    }
    versions = [
        {
            "name": name,
            "served": True,
            "storage": name == "v1",
            "schema": {"openAPIV3Schema": schema},
        }
        for name in ("v1", "v2")
    ]
    names = {"plural": "widgets", "kind": "Widget"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": versions}
    await cluster.create(DEFINITIONS, {"metadata": {"name": "widgets.example.com"}, "spec": spec})
    rules = [rule("widgets", group="example.com", versions=["v2"])]
    await policy(
        "Object{spec: Object.spec{ports: [Object.spec.ports{name: 'metrics'}]}}",
        "[JSONPatch{op: 'add', path: '/spec/nothing', value: object.apiVersion}, "
        "JSONPatch{op: 'add', path: '/spec/size', value: 4}]",
        rules=rules,
    )
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a"}}
    created = await cluster.create(
        WIDGETS, {**widget, "spec": {"ports": [{"name": "web", "port": 1}]}}
    )
    assert created["apiVersion"] == "example.com/v1"
    assert created["spec"] == {
        "ports": [{"name": "web", "port": 1}, {"name": "metrics", "port": 80}],
        "size": 4,
    }
    await policy("Object{spec: Object.spec{size: 9}}", name="q", rules=rules)
    status = fails(
        await cluster.post(WIDGETS, {**widget, "metadata": {"name": "b"}}), 422, "Invalid"
    )
    assert "should be less than or equal to 5" in status["message"]
    await policy("Object{spec: Object.spec{list: ['x']}}", name="r", rules=rules)
    status = fails(
        await cluster.post(WIDGETS, {**widget, "metadata": {"name": "b"}}), 403, "Invalid"
    )
    assert status["message"].endswith("atomic arrays, maps or structs: .spec.list")


async def test_other_versions_of_built_in_kinds(cluster, policy):
    """A rule for another version shows and changes the object in that version."""
    await policy(
        "Object{spec: Object.spec{targetCPUUtilizationPercentage: 44}}",
        rules=[rule("horizontalpodautoscalers", group="autoscaling", versions=["v1"])],
    )
    path = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
    target = {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3}
    created = await cluster.create(path, {"metadata": {"name": "h"}, "spec": spec})
    assert created["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 44


async def test_versions_that_a_webhook_converts(crontabs, policy):
    """Policies at two versions see and change the same object, each in its own form."""
    rules = {
        version: [rule("crontabs", group="stable.example.com", versions=[version])]
        for version in ("v1", "v2")
    }
    await policy(
        "Object{spec: Object.spec{host: object.spec.host + '.org', size: 4}}",
        name="1",
        rules=rules["v2"],
    )
    await policy(
        "[JSONPatch{op: 'add', path: '/spec/note', value: object.spec.address}]",
        name="2",
        rules=rules["v1"],
    )
    await policy(
        "Object{spec: Object.spec{size: object.spec.size + 1}}", name="3", rules=rules["v2"]
    )
    created = await crontabs.create(V1, tab("v1", address="example:80"))
    assert created["spec"] == {"address": "example.org:80", "note": "example.org:80", "replicas": 5}
    created = await crontabs.create(V2, tab("v2", "b", host="b", port="1"))
    assert created["spec"] == {"host": "b.org", "port": "1", "note": "b.org:1", "size": 5}


async def test_subresources(cluster, policy, deployment):
    """Scale is changed as Scale, status as the object, each only by a rule that names it."""
    await policy(
        "[JSONPatch{op: 'replace', path: '/spec/replicas', value: 5}]",
        name="scale",
        rules=[rule("deployments/scale", group="apps")],
    )
    await policy(
        "Object{status: Object.status{replicas: 7}}",
        name="status",
        rules=[rule("deployments/status", group="apps")],
    )
    created = await cluster.create(DEPLOYMENTS, deployment("d", replicas=1))
    assert created["spec"]["replicas"] == 1
    body = {"spec": {"replicas": 2}}
    scale = (await cluster.patch("merge", f"{DEPLOYMENTS}/d/scale", body)).json()
    assert (scale["kind"], scale["spec"]["replicas"]) == ("Scale", 5)
    body = {"status": {"replicas": 1}}
    changed = (await cluster.patch("merge", f"{DEPLOYMENTS}/d/status", body)).json()
    assert (changed["status"]["replicas"], changed["spec"]["replicas"]) == (7, 5)


@pytest.mark.parametrize(
    ("expression", "code", "message"),
    [
        (
            "Object{spec: Object.spec{replicas: 5}}",
            403,
            (
                "error applying patch: failed to convert patch object to typed object: no "
                "corresponding type for autoscaling/v1, Kind=Scale"
            ),
        ),
        (
            "[JSONPatch{op: 'replace', path: '/spec/replicas', value: '5'}]",
            500,
            (
                "json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of "
                "type int32"
            ),
        ),
        (
            "[JSONPatch{op: 'add', path: '/spec/x', value: 5}]",
            500,
            'strict decoding error: unknown field "spec.x"',
        ),
    ],
)
async def test_what_no_scale_can_be(cluster, policy, deployment, expression, code, message):
    """Nobody applies a Scale; patches must leave one."""
    await policy(expression, rules=[rule("deployments/scale", group="apps")])
    await cluster.create(DEPLOYMENTS, deployment("d", replicas=1))
    answer = await cluster.patch("merge", f"{DEPLOYMENTS}/d/scale", {"spec": {"replicas": 2}})
    assert answer.status_code == code
    assert answer.json()["message"].endswith(message)


async def test_numbers_that_fields_cannot_hold(cluster, policy, deployment):
    """Integers of a configuration are cut to the bits of their field; fractions are refused."""
    await policy(
        "Object{spec: Object.spec{replicas: 4294967298}}", rules=[rule("deployments", group="apps")]
    )
    created = await cluster.create(DEPLOYMENTS, deployment("d", replicas=1))
    assert created["spec"]["replicas"] == 2
    await policy(
        "Object{spec: Object.spec{replicas: 1.5}}",
        name="q",
        rules=[rule("deployments", group="apps")],
    )
    answer = await cluster.post(DEPLOYMENTS, deployment("e", replicas=1))
    assert answer.json()["message"] == (
        "policy 'q' with binding 'q' denied request: unable to convert unstructured object to "
        "apps/v1, Kind=Deployment: cannot convert float64 to int32"
    )


async def test_what_a_changed_object_says_that_it_is(cluster, policy, config_map, fails):
    """It is read as that; what cannot be the object of the request is refused."""
    path = "[JSONPatch{op: 'replace', path: '/%s', value: '%s'}]"
    await policy(path % ("apiVersion", "v2"))
    status = fails(await cluster.post(MAPS, config_map("x")), 500, "InternalError")
    assert status["message"].endswith(
        'no kind "ConfigMap" is registered for version "v2" in scheme '
        '"k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"'
    )
    await cluster.delete(f"{GROUP.format('v1')}/mutatingadmissionpolicies/p")
    await policy(path % ("kind", "Secret"), name="q")
    status = fails(await cluster.post(MAPS, config_map("x")), 500, None)
    assert status["message"] == "converting (v1.Secret) to (core.ConfigMap): unknown conversion"
    answer = await cluster.post(MAPS, config_map("x", data={"a": "1"}))
    assert answer.json()["message"].endswith("illegal base64 data at input byte 0")


async def test_an_object_stays_in_its_namespace(cluster, policy, config_map, fails):
    """Another namespace is refused; one that was taken away is that of the request."""
    await policy("[JSONPatch{op: 'replace', path: '/metadata/namespace', value: 'other'}]")
    status = fails(await cluster.post(MAPS, config_map("x")), 400, "BadRequest")
    assert status["message"] == (
        "the namespace of the provided object does not match the namespace sent on the request"
    )
    await cluster.delete(f"{GROUP.format('v1')}/mutatingadmissionpolicies/p")
    await policy("[JSONPatch{op: 'remove', path: '/metadata/namespace'}]", name="q")
    assert (await cluster.create(MAPS, config_map("x")))["metadata"]["namespace"] == "default"


async def test_what_policies_never_touch(cluster, policy, config_map):
    """Policies and bindings themselves, and deletions; webhook configurations are not exempt."""
    everything = rule("*", group="*", operations=["*"])
    await policy(label("x"), rules=[everything])
    path = GROUP.format("v1")
    for resource in ("mutatingadmissionpolicies", "mutatingadmissionpolicybindings"):
        body = {"metadata": {"annotations": {"a": "b"}}}
        changed = await cluster.patch("merge", f"{path}/{resource}/p", body)
        assert "labels" not in changed.json()["metadata"]
    hooks = {"metadata": {"name": "hooks"}, "webhooks": []}
    created = await cluster.create(f"{path}/mutatingwebhookconfigurations", hooks)
    assert created["metadata"]["labels"] == {"x": "yes"}
    assert (await cluster.create(MAPS, config_map("a")))["metadata"]["labels"] == {"x": "yes"}
    assert (await cluster.delete(f"{MAPS}/a")).status_code == 200
    review = {"spec": {"nonResourceAttributes": {"path": "/", "verb": "get"}}}
    reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert "labels" not in (await cluster.create(reviews, review))["metadata"]


async def test_cluster_scoped_objects(cluster, policy):
    """They have no namespace object, and a namespace is not its own."""
    expression = (
        "Object{metadata: Object.metadata{labels: {'has-namespace': "
        "string(namespaceObject != null), 'own': object.metadata.name}}}"
    )
    await policy(expression, rules=[rule("namespaces", "persistentvolumes")])
    labels = (await cluster.create("/api/v1/namespaces", {"metadata": {"name": "n"}}))["metadata"][
        "labels"
    ]
    assert labels == {"kubernetes.io/metadata.name": "n", "has-namespace": "false", "own": "n"}


async def test_connections(cluster, policy, pod, fails):
    """The options of a connection can be patched; they have no schema to be merged by."""
    await cluster.create(PODS, pod("a"))
    connect = rule("pods/exec", operations=["CONNECT"])
    patch = "[JSONPatch{op: 'replace', path: '/container', value: 'other'}]"
    await policy(patch, name="patch", rules=[connect])
    answer = await cluster.post(f"{PODS}/a/exec?container=c&command=ls", None)
    assert "container other is not valid for pod a" in answer.json()["message"]
    await policy("Object{container: 'c'}", name="apply", rules=[connect])
    status = fails(
        await cluster.post(f"{PODS}/a/exec?container=c&command=ls", None), 403, "Invalid"
    )
    assert status["message"].endswith("no corresponding type for /v1, Kind=PodExecOptions")
