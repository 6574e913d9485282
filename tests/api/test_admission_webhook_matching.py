"""Admission webhooks: which requests they are asked about, and at which version."""

from __future__ import annotations

from webhook_configurations import GROUP, RULE

from webhook_server import allow, deny, patched

MAPS = "/api/v1/namespaces/default/configmaps"


async def test_equivalent_versions(cluster, hook, register, deployment, fails):
    """A rule for another version gets the object in that version; Exact does not match."""
    path = "/apis/autoscaling/{}/namespaces/default/horizontalpodautoscalers"
    rule = {
        "apiGroups": ["autoscaling"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["horizontalpodautoscalers"],
    }
    hook.handlers["/a"] = lambda request: patched(
        request,
        {"op": "replace", "path": "/spec/targetCPUUtilizationPercentage", "value": 44},
    )
    hook.handlers["/b"] = deny
    await register("mutating", "/a", rules=[rule])
    await register("validating", "/b", rules=[rule], matchPolicy="Exact")
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
    }
    target = {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3, "metrics": [metric]}
    created = await cluster.create(path.format("v2"), {"metadata": {"name": "h"}, "spec": spec})
    request = hook.requests[0][1]
    assert (request["kind"]["version"], request["requestKind"]["version"]) == ("v1", "v2")
    assert request["object"]["apiVersion"] == "autoscaling/v1"
    assert request["object"]["spec"]["targetCPUUtilizationPercentage"] == 50
    changed = created["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"]
    assert (created["apiVersion"], changed) == ("autoscaling/v2", 44)
    assert hook.paths() == ["/a"]


async def test_selectors(cluster, hook, register, config_map):
    """Labels of the namespace and of either object decide; a namespace is judged by its own."""
    hook.handlers["/a"] = allow
    selector = {"matchLabels": {"team": "a"}}
    await register(
        "validating", "/a", namespaceSelector=selector, rules=[{**RULE, "resources": ["*"]}]
    )
    await cluster.create(MAPS, config_map("x"))
    assert hook.paths() == []
    namespace = {"metadata": {"name": "n", "labels": {"team": "a"}}}
    await cluster.create("/api/v1/namespaces", namespace)
    assert (hook.requests[0][1]["namespace"], hook.paths()) == ("n", ["/a"])
    await cluster.create("/api/v1/namespaces/n/configmaps", config_map("x"))
    assert hook.paths() == ["/a", "/a"]
    await cluster.delete(f"{GROUP}/validatingwebhookconfigurations/hooks")
    await register("validating", "/a", objectSelector=selector)
    labelled = config_map("y", labels={"team": "a"})
    await cluster.create(MAPS, labelled)
    await cluster.put(f"{MAPS}/y", config_map("y"))  # only the old one has the label
    await cluster.put(f"{MAPS}/y", config_map("y", data={"k": "v"}))
    assert len(hook.requests) == 4


async def test_scale_is_seen_as_scale(cluster, hook, register, deployment):
    """Through the scale subresource a webhook sees and changes a Scale, not the workload."""
    rule = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "operations": ["UPDATE"],
        "resources": ["deployments/scale"],
    }
    hook.handlers["/a"] = lambda request: patched(
        request, {"op": "replace", "path": "/spec/replicas", "value": 3}
    )
    await register("mutating", "/a", rules=[rule])
    path = "/apis/apps/v1/namespaces/default/deployments"
    await cluster.create(path, deployment("d"))
    answer = await cluster.patch("merge", f"{path}/d/scale", {"spec": {"replicas": 9}})
    assert answer.json()["spec"]["replicas"] == 3
    request = hook.requests[0][1]
    assert request["kind"] == {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    assert (request["subResource"], request["object"]["kind"]) == ("scale", "Scale")
    assert request["object"]["spec"] == {"replicas": 9}
    assert (await cluster.read(f"{path}/d"))["spec"]["replicas"] == 3


async def test_configurations_are_not_judged(cluster, hook, register):
    """Nobody can lock himself out: what configures admission is exempt."""
    hook.handlers["/a"] = deny
    everything = {
        "apiGroups": ["*"],
        "apiVersions": ["*"],
        "operations": ["*"],
        "resources": ["*/*"],
    }
    await register("validating", "/a", rules=[everything])
    await register("mutating", "/a", rules=[everything])
    path = f"{GROUP}/validatingwebhookconfigurations/hooks"
    assert (await cluster.delete(path)).status_code == 200
    assert hook.requests == []


async def test_match_conditions(cluster, hook, register, config_map, fails):
    """All must be true; one that is false outweighs an error, which is a refusal or no call."""
    hook.handlers["/a"] = deny
    conditions = [
        {"name": "label", "expression": "object.metadata.labels['hook'] == 'yes'"},
        {"name": "user", "expression": "request.userInfo.groups.exists(g, g == 'system:masters')"},
        {"name": "name", "expression": "!object.metadata.name.startsWith('free-')"},
    ]
    await register("validating", "/a", matchConditions=conditions)
    fails(await cluster.post(MAPS, config_map("x", labels={"hook": "yes"})), 400, None)
    await cluster.create(MAPS, config_map("free-1"))
    status = fails(await cluster.post(MAPS, config_map("x", labels={"a": "b"})), 403, "Forbidden")
    assert status["message"] == (
        "configmaps \"x\" is forbidden: expression 'object.metadata.labels['hook'] == 'yes'' "
        "resulted in error: no such key: hook"
    )
    await cluster.delete(f"{GROUP}/validatingwebhookconfigurations/hooks")
    await register("validating", "/a", matchConditions=conditions, failurePolicy="Ignore")
    await cluster.create(MAPS, config_map("x", labels={"a": "b"}))
    assert len(hook.requests) == 1


async def test_match_conditions_may_ask_the_authorizer(cluster, hook, register, config_map, fails):
    """A webhook may be meant only for those who lack a right."""
    hook.handlers["/a"] = deny
    stranger = "authorizer.requestResource.check('bind').allowed()"
    await register(
        "validating", "/a", matchConditions=[{"name": "c", "expression": f"!{stranger}"}]
    )
    await cluster.create(MAPS, config_map("x"))
    await cluster.delete(f"{GROUP}/validatingwebhookconfigurations/hooks")
    await register("validating", "/a", matchConditions=[{"name": "c", "expression": stranger}])
    fails(await cluster.post(MAPS, config_map("y")), 400, None)


async def test_match_conditions_are_compiled_when_written(cluster, fails):
    """What is no expression, or no boolean one, is not stored."""
    path = f"{GROUP}/validatingwebhookconfigurations"
    for expression, text in {
        "object.": "compilation failed: ERROR: <input>:1:8: Syntax error",
        "nobody.x": "undeclared reference to 'nobody'",
        "'x'": "must evaluate to bool but got string",
    }.items():
        webhook = {
            "name": "a.example.com",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "clientConfig": {"url": "https://127.0.0.1/x"},
            "matchConditions": [{"name": "c", "expression": expression}],
        }
        body = {"metadata": {"name": "c"}, "webhooks": [webhook]}
        status = fails(await cluster.post(path, body), 422, "Invalid")
        assert status["details"]["causes"][0]["field"] == (
            "webhooks[0].matchConditions[0].expression"
        )
        assert text in status["message"]


async def test_evictions_and_bindings(cluster, hook, register, pod, fails):
    """They are created, as objects of their own kinds; what they lead to is no other request."""
    pods = "/api/v1/namespaces/default/pods"
    rule = {**RULE, "resources": ["pods", "pods/*"], "operations": ["UPDATE", "DELETE"]}
    await cluster.create(pods, pod("p"))
    hook.handlers.update({"/a": allow, "/b": deny})
    created = {**RULE, "resources": ["pods/binding", "pods/eviction"], "operations": ["CREATE"]}
    await register("validating", "/a", rules=[created], name="1")
    await register("validating", "/b", rules=[rule], name="2")
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "p"},
        "target": {"kind": "Node", "name": "n"},
    }
    await cluster.create(f"{pods}/p/binding", binding)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    await cluster.create(f"{pods}/p/eviction", eviction)
    assert hook.paths() == ["/a", "/a"]
    bound, evicted = (request for _, request in hook.requests)
    assert (bound["kind"]["kind"], bound["subResource"]) == ("Binding", "binding")
    assert bound["object"]["target"]["name"] == "n"
    assert evicted["kind"] == {"group": "policy", "version": "v1", "kind": "Eviction"}
    assert evicted["object"]["metadata"]["name"] == "p"
    fails(await cluster.delete(f"{pods}/p"), 400, None)


async def test_built_in_plugins_see_what_a_webhook_added(whole_cluster, hook, pod):
    """A container that a webhook adds gets limits and the token's volume, once, as others do."""
    cluster = whole_cluster
    await cluster.settled()
    hook.handlers["/a"] = lambda request: patched(
        request, {"op": "add", "path": "/spec/containers/-", "value": {"name": "s", "image": "i"}}
    )
    webhook = {
        "name": "a.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"url": hook.url("/a"), "caBundle": hook.ca_bundle},
        "rules": [{**RULE, "resources": ["pods"], "operations": ["CREATE"]}],
    }
    path = f"{GROUP}/mutatingwebhookconfigurations"
    await cluster.create(path, {"metadata": {"name": "s"}, "webhooks": [webhook]})
    limits = {"limits": [{"type": "Container", "default": {"cpu": "1"}}]}
    await cluster.create(
        "/api/v1/namespaces/default/limitranges", {"metadata": {"name": "l"}, "spec": limits}
    )
    spec = (await cluster.create("/api/v1/namespaces/default/pods", pod("p")))["spec"]
    assert [each["name"] for each in spec["containers"]] == ["c", "s"]
    assert [each["resources"]["limits"] for each in spec["containers"]] == [{"cpu": "1"}] * 2
    (volume,) = spec["volumes"]
    mounts = [[each["name"] for each in c["volumeMounts"]] for c in spec["containers"]]
    assert mounts == [[volume["name"]]] * 2


async def test_custom_resources_at_another_version(cluster, hook, register):
    """A rule for one version of a custom resource sees writes of all, and may change them."""
    version = {
        "served": True,
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "properties": {
                    "spec": {
                        "type": "object",
                        "properties": {
                            "size": {"type": "integer"},
                            "color": {"type": "string", "default": "red"},
                        },
                    }
                },
            }
        },
    }
    definition = {
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [
                {"name": "v1", "storage": True, **version},
                {"name": "v1beta1", "storage": False, **version},
            ],
        },
    }
    await cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    rule = {
        "apiGroups": ["example.com"],
        "apiVersions": ["v1beta1"],
        "operations": ["CREATE"],
        "resources": ["widgets"],
    }
    hook.handlers["/a"] = lambda request: patched(
        request,
        {"op": "replace", "path": "/spec/size", "value": 7},
        {"op": "remove", "path": "/spec/color"},
        {"op": "add", "path": "/spec/unknown", "value": 1},
    )
    await register("mutating", "/a", rules=[rule])
    widget = {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "w"},
        "spec": {"size": 1},
    }
    created = await cluster.create("/apis/example.com/v1/namespaces/default/widgets", widget)
    assert created["spec"] == {"size": 7, "color": "red"}
    assert created["apiVersion"] == "example.com/v1"
    assert hook.requests[0][1]["object"]["apiVersion"] == "example.com/v1beta1"
    assert hook.requests[0][1]["requestResource"]["version"] == "v1"
