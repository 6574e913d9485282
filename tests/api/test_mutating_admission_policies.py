"""MutatingAdmissionPolicies: what they change, in which order, and how they fail."""

from __future__ import annotations

import pytest
from mutating_policies import GROUP, label, mutation, rule

from webhook_server import patched

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
COUNT = (
    "Object{metadata: Object.metadata{annotations: {"
    "'n': string(int(object.metadata.?annotations['n'].orValue('0')) + 1)}}}"
)


async def test_a_policy_changes_the_very_next_request(cluster, policy, config_map):
    """It is in force from its acknowledgement to that of its end; nobody owns what it sets."""
    await policy(label("team"))
    created = await cluster.create(MAPS, config_map("a", {"own": "x"}, data={"k": "v"}))
    assert created["metadata"]["labels"] == {"own": "x", "team": "yes"}
    fields = created["metadata"]["managedFields"][0]["fieldsV1"]
    assert fields["f:metadata"] == {"f:labels": {".": {}, "f:own": {}}}
    assert (await cluster.read(f"{MAPS}/a"))["metadata"]["labels"]["team"] == "yes"
    applied = (await cluster.apply(f"{MAPS}/b", config_map("b"))).json()
    assert applied["metadata"]["labels"] == {"team": "yes"}
    body = {"metadata": {"labels": {"team": None}}}
    for kind in ("merge", "strategic"):
        changed = (await cluster.patch(kind, f"{MAPS}/a", body)).json()
        assert changed["metadata"]["labels"]["team"] == "yes"
    path = GROUP.format("v1") + "/mutatingadmissionpolicybindings/p"
    assert (await cluster.delete(path)).status_code == 200
    assert "labels" not in (await cluster.create(MAPS, config_map("c")))["metadata"]


async def test_a_sidecar_gets_defaults_and_is_there_once(cluster, policy, pod):
    """What is added is defaulted; lists are merged by their keys, a second round adds nothing."""
    await policy(
        "Object{spec: Object.spec{initContainers: [Object.spec.initContainers{"
        "name: 'mesh', image: 'proxy', restartPolicy: 'Always'}]}}",
        "Object{spec: Object.spec{containers: object.spec.containers.map(c, "
        "Object.spec.containers{name: c.name, env: [Object.spec.containers.env{"
        "name: 'MODE', value: 'on'}]})}}",
        rules=[rule("pods", operations=["CREATE"])],
        reinvocationPolicy="IfNeeded",
        matchConditions=[
            {
                "name": "none",
                "expression": "!object.spec.?initContainers.orValue([])"
                ".exists(c, c.name == 'mesh')",
            }
        ],
    )
    spec = (await cluster.create(PODS, pod("a")))["spec"]
    assert [(c["name"], c["imagePullPolicy"]) for c in spec["initContainers"]] == [
        ("mesh", "Always")
    ]
    assert spec["containers"][0]["env"] == [{"name": "MODE", "value": "on"}]
    own = {"initContainers": [{"name": "mesh", "image": "own"}]}
    spec = (await cluster.create(PODS, pod("b", **own)))["spec"]
    assert [c["image"] for c in spec["initContainers"]] == ["own"]


async def test_policies_run_by_name_and_see_each_other(cluster, policy, config_map):
    """Mutations run in their order; what is meant is decided before the first policy."""
    trace = "Object{data: {'trace': object.?data['trace'].orValue('') + '%s'}}"
    await policy(trace % "c", name="c")
    await policy(trace % "a", trace % "b", name="a")
    selected = {"resourceRules": [rule("configmaps")], "objectSelector": {"matchLabels": {"x": ""}}}
    await policy(label("x", ""), name="b")
    await policy(trace % "d", name="d", matchConstraints=selected)
    created = await cluster.create(MAPS, config_map("x"))
    assert created["data"] == {"trace": "abc"}
    created = await cluster.create(MAPS, config_map("y", {"x": ""}))
    assert created["data"] == {"trace": "abcd"}


async def test_reinvocation(cluster, policy, config_map):
    """After a change those with IfNeeded run once more, with what came after them."""
    await policy(COUNT, name="1", reinvocationPolicy="IfNeeded")
    await policy(
        "Object{data: {'seen': string(has(object.data) && 'late' in object.data)}}",
        name="2",
        reinvocationPolicy="IfNeeded",
    )
    await policy("Object{data: {'late': 'x'}}", name="3")
    created = await cluster.create(MAPS, config_map("x"))
    assert created["metadata"]["annotations"] == {"n": "2"}
    assert created["data"] == {"seen": "true", "late": "x"}


async def test_never_is_once(cluster, policy, config_map):
    """The second round leaves out the others."""
    await policy(COUNT, name="1")
    await policy(label("x"), name="2")
    created = await cluster.create(MAPS, config_map("x"))
    assert created["metadata"]["annotations"] == {"n": "1"}


async def test_a_webhook_after_a_policy(cluster, policy, hook, config_map):
    """What a webhook changes is seen by policies that ask for it, and it sees their changes."""
    hook.handlers["/a"] = lambda request: patched(
        request, {"op": "add", "path": "/data/hook", "value": "1"}
    )
    webhook = {
        "name": "a.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"url": hook.url("/a"), "caBundle": hook.ca_bundle},
        "rules": [rule("configmaps")],
    }
    path = GROUP.format("v1") + "/mutatingwebhookconfigurations"
    await cluster.create(path, {"metadata": {"name": "hooks"}, "webhooks": [webhook]})
    expression = "Object{data: {'hooked': string('hook' in object.data)}}"
    await policy(expression, reinvocationPolicy="IfNeeded")
    created = await cluster.create(MAPS, config_map("x", data={"k": "v"}))
    assert created["data"] == {"k": "v", "hook": "1", "hooked": "true"}
    assert hook.requests[0][1]["object"]["data"] == {"k": "v", "hooked": "false"}


async def test_built_in_plugins_see_what_a_policy_added(cluster, policy, pod):
    """The priority of a class that a policy chose is filled in."""
    path = "/apis/scheduling.k8s.io/v1/priorityclasses"
    await cluster.create(path, {"metadata": {"name": "high"}, "value": 7})
    # The first round has filled in the priority of no class at all.
    expression = "Object{spec: Object.spec{priorityClassName: 'high', priority: 7}}"
    await policy(expression, rules=[rule("pods")])
    spec = (await cluster.create(PODS, pod("a")))["spec"]
    assert (spec["priorityClassName"], spec["priority"]) == ("high", 7)


async def test_json_patches(cluster, policy, config_map, fails):
    """Operations apply one after the other, conditionally; a failed test changes nothing."""
    await policy(
        "(has(object.metadata.labels) ? [] : "
        "[JSONPatch{op: 'add', path: '/metadata/labels', value: {}}]) + "
        "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a.b/c'), "
        "value: 'x'}, JSONPatch{op: 'copy', from: '/metadata/name', path: '/metadata/labels/n'}]",
        "[JSONPatch{op: 'test', path: '/data/color', value: 'red'}, "
        "JSONPatch{op: 'replace', path: '/data/color', value: 'green'}]",
        "'old' in object.data ? [JSONPatch{op: 'move', from: '/data/old', path: '/data/new'}] : []",
    )
    created = await cluster.create(MAPS, config_map("a", data={"color": "red", "old": "1"}))
    assert created["metadata"]["labels"] == {"a.b/c": "x", "n": "a"}
    assert created["data"] == {"color": "green", "new": "1"}
    created = await cluster.create(MAPS, config_map("b", {"own": "x"}, data={"color": "blue"}))
    assert created["metadata"]["labels"] == {"own": "x", "a.b/c": "x", "n": "b"}
    assert created["data"] == {"color": "blue"}
    status = fails(await cluster.post(MAPS, config_map("c")), 403, "Invalid")
    assert "test operation does not apply: is missing path: /data/color" in status["message"]


async def test_parameters(cluster, policy, config_map):
    """A policy runs with each parameter that a binding chooses, in the request's namespace."""
    for name, value in (("p1", "one"), ("p2", "two")):
        await cluster.create(MAPS, config_map(name, {"is": "param"}, data={"key": value}))
    await policy(
        "Object{metadata: Object.metadata{annotations: {params.data.key: 'x'}}}",
        paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
        matchConditions=[{"name": "c", "expression": "params.data.key != 'three'"}],
        binding={
            "paramRef": {
                "selector": {"matchLabels": {"is": "param"}},
                "parameterNotFoundAction": "Deny",
            }
        },
    )
    created = await cluster.create(MAPS, config_map("a"))
    assert created["metadata"]["annotations"] == {"one": "x", "two": "x"}
    await cluster.create(MAPS, config_map("p3", {"is": "param"}, data={"key": "three"}))
    created = await cluster.create(MAPS, config_map("b"))
    assert created["metadata"]["annotations"] == {"one": "x", "two": "x"}


async def test_missing_parameters(cluster, policy, config_map, fails):
    """The binding says whether they refuse the request; a policy without any sees null."""
    kind = {"apiVersion": "v1", "kind": "ConfigMap"}
    expression = "Object{data: {'p': params == null ? 'none' : params.data.v}}"

    def ref(action):
        return {"paramRef": {"name": "p", "parameterNotFoundAction": action}}

    await policy(expression, name="allow", paramKind=kind, binding=ref("Allow"))
    assert "data" not in await cluster.create(MAPS, config_map("a"))
    await policy(expression, name="null", paramKind=kind)
    assert (await cluster.create(MAPS, config_map("b")))["data"] == {"p": "none"}
    await policy(
        expression, name="ignore", paramKind=kind, binding=ref("Deny"), failurePolicy="Ignore"
    )
    await cluster.create(MAPS, config_map("c"))
    await policy(expression, name="deny", paramKind=kind, binding=ref("Deny"))
    status = fails(
        await cluster.post(MAPS, config_map("d")),
        403,
        "Forbidden",
        "policy 'deny' with binding 'deny' denied request: failed to configure binding: no params "
        "found for policy binding with `Deny` parameterNotFoundAction",
    )
    assert status["details"]["name"] == "d"


async def test_a_param_kind_that_does_not_exist(cluster, policy, config_map, fails):
    """It refuses whatever the policy is meant for, whether the binding uses it or not."""
    await policy(label("x"), paramKind={"apiVersion": "example.com/v1", "kind": "Nothing"})
    fails(
        await cluster.post(MAPS, config_map("a")),
        403,
        "Forbidden",
        'policy "p" denied request: failed to configure policy: failed to find resource referenced '
        "by paramKind: 'example.com/v1, Kind=Nothing'",
    )


async def test_failures(cluster, policy, config_map, fails):
    """Failures are told together; with failurePolicy Ignore a policy does what it still can."""
    await policy(
        "Object{data: {'x': object.data.none}}",
        "[JSONPatch{op: 'remove', path: '/data/gone'}]",
        label("rest"),
        name="a",
    )
    await policy(label("b"), name="b", matchConditions=[{"name": "c", "expression": "1 / 0 == 1"}])
    status = fails(await cluster.post(MAPS, config_map("x", data={"k": "v"})), 403, "Invalid")
    who = "policy 'a' with binding 'a' denied request: "
    assert [cause["message"] for cause in status["details"]["causes"]] == [
        (
            f"{who}expression 'Object{{data: {{'x': object.data.none}}}}' resulted in error: "
            "no such key: none"
        ),
        (
            f"{who}JSON Patch: error in remove for path: '/data/gone': Unable to remove "
            "nonexistent key: gone: missing value"
        ),
        (
            "policy 'b' with binding 'b' denied request: expression '1 / 0 == 1' resulted in "
            "error: division by zero"
        ),
    ]
    assert status["message"] == status["details"]["causes"][0]["message"]
    assert (await cluster.get(f"{MAPS}/x")).status_code == 404
    for name in ("a", "b"):
        path = GROUP.format("v1") + f"/mutatingadmissionpolicies/{name}"
        await cluster.patch("merge", path, {"spec": {"failurePolicy": "Ignore"}})
    created = await cluster.create(MAPS, config_map("x", data={"k": "v"}))
    assert created["metadata"]["labels"] == {"rest": "yes"}


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            (
                "Object{spec: Object.spec{tolerations: [Object.spec.tolerations{key: 'a'}], "
                "initContainers: [Object.spec.initContainers{name: 'i', args: ['a']}]}}"
            ),
            (
                "error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, "
                "maps or structs: .spec.tolerations, .spec.initContainers[0].args"
            ),
        ),
        (
            "Object{spec: Object.spec{containers: [Object.spec.wrong{name: 'c'}]}}",
            (
                'type mismatch: unexpected type name "Object.spec.wrong", expected '
                '"Object.spec.containers", which matches field name path from root Object type'
            ),
        ),
        (
            "Object{spec: Object.spec{nothing: 1}}",
            (
                "error applying patch: failed to convert patch object to typed object: "
                ".spec.nothing: field not declared in schema"
            ),
        ),
        (
            "Object{spec: Object.spec{hostNetwork: 'yes'}}",
            (
                "error applying patch: failed to convert patch object to typed object: "
                ".spec.hostNetwork: expected boolean, got &{yes}"
            ),
        ),
    ],
)
async def test_what_cannot_be_applied(cluster, policy, pod, fails, expression, message):
    """An apply configuration fits the schema and replaces nothing as a whole."""
    await policy(expression, rules=[rule("pods")])
    status = fails(await cluster.post(PODS, pod("a")), 403, "Invalid")
    assert status["message"] == f"policy 'p' with binding 'p' denied request: {message}"


async def test_patches_to_no_object_of_the_kind(cluster, policy, pod, fails):
    """Unknown fields and wrong types are the server's error, whatever the failure policy."""
    patch = "[JSONPatch{op: 'add', path: '/spec/%s', value: '1'}]"
    await policy(patch % "nothing", rules=[rule("pods")], failurePolicy="Ignore")
    message = 'Internal error occurred: strict decoding error: unknown field "spec.nothing"'
    fails(await cluster.post(PODS, pod("a")), 500, "InternalError", message)
    path = GROUP.format("v1") + "/mutatingadmissionpolicies/p"
    body = {"spec": {"mutations": [mutation(patch % "priority")]}}
    assert (await cluster.patch("merge", path, body)).status_code == 200
    status = fails(await cluster.post(PODS, pod("a")), 500, "InternalError")
    assert "cannot unmarshal string into Go struct field PodSpec.spec.priority" in status["message"]


async def test_what_is_made_is_validated(cluster, policy, config_map, fails):
    """A policy can make nothing that a client could not."""
    await policy("Object{data: {'a b': 'x'}}")
    fails(await cluster.post(MAPS, config_map("x")), 422, "Invalid")


async def test_dry_run(cluster, policy, config_map):
    """Policies run, and know; nothing is stored."""
    await policy("Object{data: {'dry': string(request.dryRun)}}")
    answer = await cluster.post(MAPS, config_map("x"), dryRun="All")
    assert answer.json()["data"] == {"dry": "true"}
    assert (await cluster.get(f"{MAPS}/x")).status_code == 404
    assert (await cluster.create(MAPS, config_map("x")))["data"] == {"dry": "false"}


async def test_variables_are_those_of_the_object_as_it_is(cluster, policy, config_map):
    """Each mutation sees what the one before it has made."""
    await policy(
        "Object{data: {'b': string(variables.size)}}",
        "Object{data: {'c': string(variables.size)}}",
        variables=[
            {"name": "keys", "expression": "object.?data.orValue({})"},
            {"name": "size", "expression": "variables.keys.size()"},
        ],
    )
    created = await cluster.create(MAPS, config_map("x", data={"a": ""}))
    assert created["data"] == {"a": "", "b": "1", "c": "2"}


async def test_expressions_may_ask_the_authorizer(cluster, policy, config_map):
    """The user is the one whose request is changed."""
    await policy(
        "Object{data: {'may': string(authorizer.requestResource.check('delete').allowed())}}",
        matchConditions=[
            {"name": "c", "expression": "authorizer.path('/healthz').check('get').allowed()"}
        ],
    )
    assert (await cluster.create(MAPS, config_map("x")))["data"] == {"may": "true"}


async def test_bindings_narrow(cluster, policy, config_map):
    """Two bindings of one policy are two runs; a binding is for what it selects."""
    await policy(COUNT, binding={"matchResources": {"objectSelector": {"matchLabels": {"a": "b"}}}})
    assert "annotations" not in (await cluster.create(MAPS, config_map("x")))["metadata"]
    created = await cluster.create(MAPS, config_map("y", {"a": "b"}))
    assert created["metadata"]["annotations"] == {"n": "1"}
    body = {"metadata": {"name": "q"}, "spec": {"policyName": "p"}}
    await cluster.create(GROUP.format("v1") + "/mutatingadmissionpolicybindings", body)
    created = await cluster.create(MAPS, config_map("z", {"a": "b"}))
    assert created["metadata"]["annotations"] == {"n": "2"}


@pytest.mark.parametrize(("minor", "version"), [(32, "v1alpha1"), (34, "v1beta1"), (36, "v1beta1")])
async def test_older_versions(start_cluster, policy, config_map, minor, version):
    """Before 1.36 policies need the feature gate, and their version must be switched on."""
    enabled = {f"admissionregistration.k8s.io/{version}": True}
    gates = frozenset({"MutatingAdmissionPolicy"})
    opened = await start_cluster(
        kubernetes_minor=minor, runtime_config=enabled, feature_gates=gates
    )
    closed = await start_cluster(kubernetes_minor=minor, runtime_config=enabled)
    for server in (opened, closed):
        await policy(label("x"), on=server, version=version)
    created = await opened.create(MAPS, config_map("a"))
    assert created["metadata"]["labels"] == {"x": "yes"}
    created = await closed.create(MAPS, config_map("a"))
    assert ("labels" in created["metadata"]) == (minor >= 36)
