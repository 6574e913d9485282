"""Admission webhooks: what they are sent, what their answers do, and how calls fail."""

from __future__ import annotations

import asyncio

from webhook_configurations import GROUP, RULE

from kapi.registry.webhook.service_resolver import Address
from webhook_server import allow, deny, patched

MAPS = "/api/v1/namespaces/default/configmaps"

NO_KIND = "couldn't get version/kind; json parse error"
INTO = (
    r'into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; '
    r'Kind string "json:\"kind,omitempty\"" }'
)


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
