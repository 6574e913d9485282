"""Admission webhooks: what they are sent, what their answers do, and how calls fail."""

from __future__ import annotations

import asyncio

import pytest

from kapi.registry.webhook.service_resolver import Address
from webhook_server import allow, deny, patched

MAPS = "/api/v1/namespaces/default/configmaps"
GROUP = "/apis/admissionregistration.k8s.io/v1"
RULE = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["*"],
    "resources": ["configmaps"],
}

NO_KIND = "couldn't get version/kind; json parse error"
INTO = (
    r'into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; '
    r'Kind string "json:\"kind,omitempty\"" }'
)


@pytest.fixture
def register(cluster, hook):
    """Create a configuration of webhooks, by path of the server; more members by path."""

    async def create(kind, *paths, name="hooks", **more):
        webhooks = [
            {
                "name": f"{path[1:]}.example.com",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "clientConfig": {"url": hook.url(path), "caBundle": hook.ca_bundle},
                "rules": [RULE],
                "timeoutSeconds": 5,
                **more,
            }
            for path in paths
        ]
        path = f"{GROUP}/{kind}webhookconfigurations"
        return await cluster.create(path, {"metadata": {"name": name}, "webhooks": webhooks})

    return create


async def test_what_a_webhook_is_sent(cluster, hook, register, config_map):
    """The review tells who does what to which object, with options, old and new."""
    hook.handlers["/a"] = allow
    await register("validating", "/a")
    await cluster.create(MAPS, config_map("x", data={"k": "1"}), fieldManager="me")
    body = {"data": {"k": "2"}}
    assert (await cluster.patch("merge", f"{MAPS}/x", body, dryRun="All")).status_code == 200
    assert (await cluster.delete(f"{MAPS}/x", propagationPolicy="Background")).status_code == 200
    create, update, delete = (request for _, request in hook.requests)
    assert hook.reviews[0]["apiVersion"] == "admission.k8s.io/v1"
    kind = {"group": "", "version": "v1", "kind": "ConfigMap"}
    resource = {"group": "", "version": "v1", "resource": "configmaps"}
    assert (create["kind"], create["requestKind"]) == (kind, kind)
    assert (create["resource"], create["requestResource"]) == (resource, resource)
    assert (create["name"], create["namespace"]) == ("x", "default")
    assert create["userInfo"]["groups"] == ["system:masters", "system:authenticated"]
    assert create["object"]["kind"] == "ConfigMap"
    assert create["object"]["data"] == {"k": "1"}
    assert create["oldObject"] is None
    assert create["dryRun"] is False
    assert create["options"] == {
        "kind": "CreateOptions",
        "apiVersion": "meta.k8s.io/v1",
        "fieldManager": "me",
    }
    assert (update["operation"], update["dryRun"]) == ("UPDATE", True)
    assert update["options"]["kind"] == "UpdateOptions"
    assert (update["oldObject"]["data"], update["object"]["data"]) == ({"k": "1"}, {"k": "2"})
    assert (delete["operation"], delete["object"]) == ("DELETE", None)
    assert delete["options"]["propagationPolicy"] == "Background"
    assert len({create["uid"], update["uid"], delete["uid"]}) == 3


async def test_denials(cluster, hook, register, config_map, fails):
    """Code, reason and message are the webhook's, with its name in front."""
    await register("validating", "/a")
    hook.handlers["/a"] = deny
    status = fails(await cluster.post(MAPS, config_map("x")), 400, None)
    assert status["message"] == (
        'admission webhook "a.example.com" denied the request without explanation'
    )
    hook.handlers["/a"] = lambda request: deny(
        request, message="no", reason="Forbidden", code=403, details={"name": "n"}
    )
    status = fails(await cluster.post(MAPS, config_map("x")), 403, "Forbidden")
    assert status["message"] == 'admission webhook "a.example.com" denied the request: no'
    assert status["details"] == {"name": "n"}
    hook.handlers["/a"] = lambda request: deny(request, reason="Policy", code=200)
    status = fails(await cluster.post(MAPS, config_map("x")), 400, "Policy")
    assert status["message"] == 'admission webhook "a.example.com" denied the request: Policy'
    assert (await cluster.get(f"{MAPS}/x")).status_code == 404


async def test_patches_and_warnings(cluster, hook, register, config_map):
    """What a webhook adds is decoded, stored and seen by the next; warnings reach the client."""
    hook.handlers["/a"] = lambda request: patched(
        request, {"op": "add", "path": "/data", "value": {"a": "1"}}
    )
    hook.handlers["/b"] = lambda request: {
        **patched(
            request,
            {"op": "test", "path": "/data/a", "value": "1"},
            {"op": "add", "path": "/metadata/labels", "value": {"b": "1"}},
            {"op": "add", "path": "/nonsense", "value": 1},
        )
    }
    hook.handlers["/c"] = lambda request: allow(request, warnings=["mind the gap"])
    await register("mutating", "/a", "/b")
    await register("validating", "/c")
    answer = await cluster.post(MAPS, config_map("x"))
    created = answer.json()
    assert (created["data"], created["metadata"]["labels"]) == ({"a": "1"}, {"b": "1"})
    assert "nonsense" not in created
    assert answer.headers["warning"] == '299 - "mind the gap"'
    assert await cluster.read(f"{MAPS}/x") == created
    assert hook.requests[-1][1]["object"]["data"] == {"a": "1"}


async def test_patches_that_cannot_be_applied(cluster, hook, register, config_map, fails):
    """Neither a failing operation nor a result that is no object of the kind is stored."""
    await register("mutating", "/a", failurePolicy="Ignore")
    hook.handlers["/a"] = lambda request: patched(request, {"op": "remove", "path": "/x/y"})
    fails(await cluster.post(MAPS, config_map("x")), 500, "InternalError")
    hook.handlers["/a"] = lambda request: patched(
        request, {"op": "add", "path": "/data", "value": 7}
    )
    fails(await cluster.post(MAPS, config_map("x")), 500, "InternalError")
    assert (await cluster.get(f"{MAPS}/x")).status_code == 404


async def test_answers_that_are_no_answers(cluster, hook, register, config_map, fails):
    """Each is a failed call, worded as users find it in search engines."""
    await register("mutating", "/a")
    answers = {
        b"garbage": f"failed to call webhook: {NO_KIND}: json: cannot unmarshal string {INTO}",
        b"[]": f"failed to call webhook: {NO_KIND}: json: cannot unmarshal array {INTO}",
        b'{"kind":1}': f"failed to call webhook: {NO_KIND}: json: cannot unmarshal number into Go "
        "struct field .kind of type string",
        b"": "failed to call webhook: 0-length response with status code: 200 and content type: "
        "application/json",
        b"{}": "received invalid webhook response: webhook response was absent",
        b'{"response":{}}': "received invalid webhook response: expected "
        'response.uid="UID", got ""',
        b'{"response":{"allowed":"yes"}}': "failed to call webhook: json: cannot unmarshal string "
        "into Go struct field AdmissionResponse.response.allowed of type bool",
        (500, b"oops"): 'failed to call webhook: an error on the server ("oops") has prevented '
        "the request from succeeding",
        (500, b'{"kind":"Status","message":"m"}'): "failed to call webhook: m",
        (299, b"{}"): "failed to call webhook: the server responded with the status code 299 but "
        "did not return more information",
        (404, b"x"): "failed to call webhook: the server could not find the requested resource",
        None: f'failed to call webhook: Post "{hook.url("/a")}?timeout=5s": EOF',
    }
    for answer, text in answers.items():
        hook.handlers["/a"] = lambda _, answer=answer: answer
        status = fails(await cluster.post(MAPS, config_map("x")), 500, "InternalError")
        uid = hook.requests[-1][1]["uid"]
        assert status["message"] == (
            'Internal error occurred: failed calling webhook "a.example.com": '
            + text.replace("UID", uid)
        )


async def test_answers_in_yaml(cluster, hook, register, config_map):
    """An answer that does not begin like JSON is read as YAML, whatever its media type."""
    await register("mutating", "/a")
    hook.handlers["/a"] = lambda request: (
        "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nresponse:\n"
        f"  uid: {request['uid']}\n  allowed: true\n  warnings: ['', hear]\n"
    ).encode()
    answer = await cluster.post(MAPS, config_map("x"))
    assert answer.status_code == 201
    assert answer.headers.get_list("warning") == ['299 - "hear"']


async def test_patches_that_do_not_apply(cluster, hook, register, config_map, fails):
    """The operation that fails is told."""
    await register("mutating", "/a")
    hook.handlers["/a"] = lambda request: patched(request, {"op": "remove", "path": "/data/z"})
    status = fails(await cluster.post(MAPS, config_map("x", data={"k": "1"})), 500, "InternalError")
    assert status["message"] == (
        "Internal error occurred: error in remove for path: '/data/z': Unable to remove "
        "nonexistent key: z: missing value"
    )


async def test_warnings_that_take_too_much_room(cluster, hook, register, config_map):
    """Of warnings beyond 4096 characters each is cut to 256."""
    await register("validating", "/a")
    hook.handlers["/a"] = lambda request: allow(request, warnings=["x" * 4096])
    answer = await cluster.post(MAPS, config_map("x"))
    assert len(answer.headers["warning"]) == len('299 - ""') + 4096
    many = [f"{number:04}" * 100 for number in range(20)]
    hook.handlers["/a"] = lambda request: allow(request, warnings=many)
    answer = await cluster.post(MAPS, config_map("y"))
    assert answer.headers.get_list("warning") == [f'299 - "{text[:256]}"' for text in many[:16]]


async def test_answers_in_the_wrong_version(cluster, hook, register, config_map, fails):
    """An answer is in the version of the review; a validating webhook must not send patches."""
    await register("mutating", "/a")
    hook.handlers["/a"] = lambda request: {"response": {"uid": request["uid"], "allowed": True}}
    status = fails(await cluster.post(MAPS, config_map("x")), 500, "InternalError")
    assert status["message"].endswith(
        "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind="
    )
    hook.handlers["/a"] = allow
    hook.handlers["/b"] = patched
    await register("validating", "/b")
    status = fails(await cluster.post(MAPS, config_map("x")), 500, "InternalError")
    assert status["message"].endswith("validating webhook may not return response.patch")


async def test_v1beta1_reviews(cluster, hook, register, config_map):
    """The first version that the server knows is sent; uid and patchType may be left out."""
    hook.handlers["/a"] = lambda request: {
        "response": {"allowed": True, "patch": patched(request, PATCH)["response"]["patch"]}
    }
    await register("mutating", "/a", admissionReviewVersions=["v2", "v1beta1", "v1"])
    created = await cluster.create(MAPS, config_map("x"))
    assert created["data"] == {"k": "v"}
    assert hook.reviews[0]["apiVersion"] == "admission.k8s.io/v1beta1"


PATCH = {"op": "add", "path": "/data", "value": {"k": "v"}}


async def test_timeout(cluster, hook, register, config_map, fails):
    """A webhook that does not answer in time has failed; whoever ignores failures goes on."""
    forever = asyncio.Event()

    async def wait(request):
        await forever.wait()

    hook.handlers["/a"] = wait
    await register("validating", "/a", timeoutSeconds=1)
    status = fails(await cluster.post(MAPS, config_map("x")), 500, "InternalError")
    assert status["message"].endswith('?timeout=1s": context deadline exceeded')
    await cluster.delete(f"{GROUP}/validatingwebhookconfigurations/hooks")
    await register("validating", "/a", timeoutSeconds=1, failurePolicy="Ignore")
    await cluster.create(MAPS, config_map("x"))


async def test_unknown_authority(cluster, hook, register, config_map, fails):
    """Only the CAs of the bundle count; a bundle that cannot be read is a failed call."""
    client = {"url": hook.url("/a")}
    await register("validating", "/a", clientConfig=client)
    status = fails(await cluster.post(MAPS, config_map("x")), 500, "InternalError")
    assert status["message"].endswith("x509: certificate signed by unknown authority")
    await cluster.delete(f"{GROUP}/validatingwebhookconfigurations/hooks")
    await register("validating", "/a", clientConfig={**client, "caBundle": "YmFk"})
    status = fails(await cluster.post(MAPS, config_map("x")), 500, "InternalError")
    assert status["message"].endswith("unable to parse bytes as PEM block")


async def test_ports_that_are_none(cluster, register, config_map):
    """A number that is no port is a call that failed, which may be ignored."""
    config = {"url": "https://localhost:99999/a"}
    await register("validating", "/a", clientConfig=config)
    answer = await cluster.post(MAPS, config_map("x"))
    assert answer.json()["message"] == (
        'Internal error occurred: failed calling webhook "a.example.com": failed to call webhook: '
        'Post "https://localhost:99999/a?timeout=5s": dial tcp: address 99999: invalid port'
    )
    await cluster.delete(f"{GROUP}/validatingwebhookconfigurations/hooks")
    await register("validating", "/a", clientConfig=config, failurePolicy="Ignore")
    assert (await cluster.post(MAPS, config_map("x"))).status_code == 201


async def test_in_force_at_once(cluster, hook, register, config_map, fails):
    """The request after the acknowledged write of a configuration obeys it, until its removal."""
    hook.handlers["/a"] = deny
    for _ in range(5):
        await register("validating", "/a")
        fails(await cluster.post(MAPS, config_map("x")), 400, None)
        await cluster.delete(f"{GROUP}/validatingwebhookconfigurations/hooks")
        await cluster.create(MAPS, config_map("x"))
        assert (await cluster.delete(f"{MAPS}/x")).status_code == 200


async def test_connections_are_kept(cluster, hook, register, config_map):
    """Many calls go over one connection; one that the webhook has ended is replaced."""
    hook.handlers["/a"] = allow
    await register("validating", "/a")
    for index in range(10):
        await cluster.create(MAPS, config_map(f"a{index}"))
    assert hook.connections == 1
    hook.drop_connections()
    await cluster.create(MAPS, config_map("b"))
    assert hook.connections == 2


async def test_validating_webhooks_are_called_at_once(cluster, hook, register, config_map, fails):
    """Each waits until the other was called; the first refusal in their order is told."""
    both = asyncio.Barrier(2)

    async def meet(request):
        await both.wait()
        return deny(request)

    hook.handlers["/a"] = hook.handlers["/b"] = meet
    await register("validating", "/a", "/b")
    status = fails(await cluster.post(MAPS, config_map("x")), 400, None)
    assert status["message"].startswith('admission webhook "a.example.com" denied')


async def test_reinvocation(cluster, hook, register, config_map):
    """After a change those that ask for it are called again, once, with the others' changes."""

    def add(key):
        def handler(request):
            if key in request["object"].get("data", {}):
                return allow(request)
            return patched(request, {"op": "add", "path": f"/data/{key}", "value": "1"})

        return handler

    hook.handlers.update({"/a": add("a"), "/b": add("b"), "/c": allow})
    await register("mutating", "/a", name="1", reinvocationPolicy="IfNeeded")
    await register("mutating", "/b", name="2")
    await register("mutating", "/c", name="3", reinvocationPolicy="IfNeeded")
    await cluster.create(MAPS, config_map("x", data={"k": "v"}))
    # c came after the last change: it need not see the object again.
    assert hook.paths() == ["/a", "/b", "/c", "/a"]
    assert hook.requests[-1][1]["object"]["data"] == {"k": "v", "a": "1", "b": "1"}


async def test_dry_run_and_side_effects(cluster, hook, register, config_map, fails):
    """Webhooks without side effects are called in a dry run, and told so."""
    hook.handlers["/a"] = allow
    await register("validating", "/a", sideEffects="NoneOnDryRun")
    assert (await cluster.post(MAPS, config_map("x"), dryRun="All")).status_code == 201
    assert hook.requests[-1][1]["dryRun"] is True


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


async def test_services(start_cluster, hook, config_map, fails):
    """A service is called at its endpoints under its own name, or where a flag says it is."""
    cluster = await start_cluster(
        service_endpoints={"default/hook": Address("127.0.0.1", hook.port)}
    )
    hook.handlers["/p"] = deny
    webhook = {
        "name": "a.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {
            "service": {"namespace": "default", "name": "hook", "path": "/p"},
            "caBundle": hook.ca_bundle,
        },
        "rules": [RULE],
    }
    path = f"{GROUP}/validatingwebhookconfigurations"
    await cluster.create(path, {"metadata": {"name": "s"}, "webhooks": [webhook]})
    fails(await cluster.post(MAPS, config_map("x")), 400, None)
    other = {**webhook, "clientConfig": {"service": {"namespace": "default", "name": "other"}}}
    assert (await cluster.patch("merge", f"{path}/s", {"webhooks": [other]})).status_code == 200
    service = {"metadata": {"name": "other"}, "spec": {"ports": [{"port": 80}]}}
    await cluster.create("/api/v1/namespaces/default/services", service)
    status = fails(await cluster.post(MAPS, config_map("x")), 500, "InternalError")
    assert status["message"].endswith('no service port 443 found for service "other"')
    service["spec"]["ports"][0]["port"] = 443
    await cluster.delete("/api/v1/namespaces/default/services/other")
    await cluster.create("/api/v1/namespaces/default/services", service)
    status = fails(await cluster.post(MAPS, config_map("x")), 500, "InternalError")
    assert status["message"].endswith('no endpoints available for service "other"')


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
