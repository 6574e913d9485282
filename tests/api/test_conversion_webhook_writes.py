"""Writes at a version that a webhook makes, and the parts of the server that see them."""

from __future__ import annotations

from crontabs import (
    DEFINITION,
    DEFINITIONS,
    GROUP,
    V1,
    V2,
    asked,
    broken,
    change,
    convert,
    definition,
    tab,
)

from webhook_server import conversion, patched

WEBHOOKS = "/apis/admissionregistration.k8s.io/v1"


async def test_create_at_another_version(crontabs, hook):
    """The object is stored at the storage version and answered as it will be read."""
    created = await crontabs.create(V2, tab("v2", host="h", port="1"))
    assert (created["apiVersion"], created["spec"]) == (f"{GROUP}/v2", {"host": "h", "port": "1"})
    assert created["metadata"]["managedFields"][0]["apiVersion"] == f"{GROUP}/v2"
    assert asked(hook) == [(1, "v1"), (1, "v2")]
    stored = await crontabs.read(f"{V1}/a")
    assert stored["spec"] == {"address": "h:1"}
    assert stored["metadata"] == created["metadata"]
    assert asked(hook) == []


async def test_objects_are_judged_at_the_version_of_the_request(crontabs, hook, fails):
    """Pruning, validation and unknown fields are those of the version that is written."""
    bad = tab("v2", host=1, port="1")
    status = fails(await crontabs.post(V2, bad), 422, "Invalid")
    assert status["details"]["causes"][0]["field"] == "spec.host"
    unknown = tab("v2", host="h", address="h:1")
    fails(await crontabs.post(V2, unknown, fieldValidation="Strict"), 400, "BadRequest")
    assert asked(hook) == []


async def test_what_a_version_does_not_know_is_dropped(crontabs, hook):
    """What a webhook adds beyond the schema of the version goes neither out nor into the store."""

    def careless(obj, desired):
        converted = convert(obj, desired)
        return {**converted, "spec": {**converted["spec"], "more": True}, "extra": 1}

    hook.handlers["/convert"] = lambda request: conversion(request, careless)
    created = await crontabs.create(V2, tab("v2", host="h", port="1"))
    assert created["spec"] == {"host": "h", "port": "1"}
    assert "extra" not in created
    assert (await crontabs.read(f"{V1}/a"))["spec"] == {"address": "h:1"}


async def test_updates_at_another_version(crontabs, hook):
    """PUT and every patch see the object at their version and change it there."""
    await crontabs.create(V1, tab("v1", address="h:1", note="x"))
    asked(hook)
    patched_ = await crontabs.patch("merge", f"{V2}/a", {"spec": {"port": "2"}})
    assert patched_.json()["spec"] == {"host": "h", "port": "2", "note": "x"}
    assert patched_.json()["metadata"]["generation"] == 2
    operations = [{"op": "replace", "path": "/spec/host", "value": "g"}]
    await crontabs.patch("json", f"{V2}/a", operations)
    live = await crontabs.read(f"{V2}/a")
    live["spec"]["note"] = "y"
    assert (await crontabs.put(f"{V2}/a", live)).status_code == 200
    stored = await crontabs.read(f"{V1}/a")
    assert stored["spec"] == {"address": "g:2", "note": "y"}
    assert stored["metadata"]["generation"] == 4
    stale = await crontabs.put(f"{V2}/a", live)
    assert stale.status_code == 409


async def test_a_write_that_changes_nothing(crontabs, hook):
    """It leaves the resourceVersion alone."""
    created = await crontabs.create(V2, tab("v2", host="h", port="1"))
    answer = await crontabs.put(f"{V2}/a", created)
    assert answer.json() == created


async def test_dry_runs_are_converted(crontabs, hook, fails):
    """They go to the storage version and back, so a webhook that fails is noticed."""
    answer = await crontabs.post(V2, tab("v2", host="h", port="1"), dryRun="All")
    assert answer.json()["spec"] == {"host": "h", "port": "1"}
    assert asked(hook) == [(1, "v1"), (1, "v2")]
    hook.handlers["/convert"] = broken
    answer = await crontabs.post(V2, tab("v2", host="h"), dryRun="All")
    message = f"conversion webhook for {GROUP}/v2, Kind=CronTab failed: not today"
    fails(answer, 500, None, message)
    fails(await crontabs.get(f"{V1}/a"), 404, "NotFound")


async def test_owners_at_several_versions(crontabs, hook, fails):
    """A field that is owned through another version is found by converting the objects."""
    first = tab("v1", address="h:1")
    assert (await crontabs.apply(f"{V1}/a", first, manager="one")).status_code == 201
    second = tab("v2", host="g", port="1")
    status = fails(await crontabs.apply(f"{V2}/a", second, manager="two"), 409, "Conflict")
    assert [cause["field"] for cause in status["details"]["causes"]] == [".spec.address"]
    forced = await crontabs.apply(f"{V2}/a", second, manager="two", force=True)
    assert forced.status_code == 200, forced.text
    shown = forced.json()
    assert shown["spec"] == {"host": "g", "port": "1"}
    owners = {e["manager"]: e["apiVersion"] for e in shown["metadata"]["managedFields"]}
    assert owners == {"two": f"{GROUP}/v2"}
    assert (await crontabs.read(f"{V1}/a"))["spec"] == {"address": "g:1"}
    less = await crontabs.apply(f"{V2}/a", tab("v2", host="g"), manager="two")
    assert less.json()["spec"] == {"host": "g", "port": ""}
    update = await crontabs.patch("merge", f"{V1}/a", {"spec": {"note": "n"}}, fieldManager="one")
    owned = {e["manager"]: e["fieldsV1"] for e in update.json()["metadata"]["managedFields"]}
    assert owned["one"] == {"f:spec": {"f:note": {}}}
    assert owned["two"] == {"f:spec": {"f:host": {}}}


async def test_subresources(crontabs, hook):
    """Status and Scale are read and written at their version, sizes at its path."""
    await crontabs.create(V1, tab("v1", address="h:1", replicas=1))
    scale = await crontabs.read(f"{V2}/a/scale")
    assert scale["spec"] == {"replicas": 1}
    scale["spec"]["replicas"] = 3
    answer = await crontabs.put(f"{V2}/a/scale", scale)
    assert answer.json()["spec"] == {"replicas": 3}
    status = await crontabs.patch("merge", f"{V2}/a/status", {"status": {"replicas": 2}})
    assert status.json()["spec"]["size"] == 3
    shown = await crontabs.read(f"{V1}/a")
    assert (shown["spec"]["replicas"], shown["status"]) == (3, {"replicas": 2})
    patched_ = await crontabs.patch("merge", f"{V2}/a/scale", {"spec": {"replicas": 4}})
    assert patched_.json()["status"] == {"replicas": 2}
    assert (await crontabs.read(f"{V2}/a/status"))["spec"]["size"] == 4


async def test_deletions(crontabs, hook):
    """A deletion answers at the version of the request; the object stays in its stored form."""
    await crontabs.create(V1, tab("v1", address="h:1"))
    await crontabs.patch("merge", f"{V1}/a", {"metadata": {"finalizers": ["example.com/f"]}})
    answer = await crontabs.delete(f"{V2}/a")
    assert answer.json()["spec"] == {"host": "h", "port": "1"}
    assert "deletionTimestamp" in answer.json()["metadata"]
    dry = await crontabs.delete(f"{V2}/a", dryRun="All")
    assert dry.json()["apiVersion"] == f"{GROUP}/v2"
    asked(hook)
    await crontabs.patch("merge", f"{V1}/a", {"metadata": {"finalizers": None}})
    assert asked(hook) == []
    for name in "bcd":
        await crontabs.create(V1, tab("v1", name, address=f"{name}:1"))
    listed = (await crontabs.delete(V2)).json()
    assert [item["spec"]["host"] for item in listed["items"]] == ["b", "c", "d"]
    assert asked(hook) == [(3, "v2")]
    assert (await crontabs.read(V1))["items"] == []


async def test_admission_webhooks_at_their_version(crontabs, hook, fails):
    """With matchPolicy Equivalent a webhook sees its version, and what it changes is kept."""
    rule = {
        "apiGroups": [GROUP],
        "apiVersions": ["v1"],
        "operations": ["*"],
        "resources": ["crontabs"],
    }

    def webhook(path):
        return {
            "name": f"{path[1:]}.example.com",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "clientConfig": {"url": hook.url(path), "caBundle": hook.ca_bundle},
            "rules": [rule],
            "matchPolicy": "Equivalent",
        }

    seen = []

    def mutate(request):
        seen.append(request)
        if request["operation"] == "DELETE":
            return patched(request)
        return patched(request, {"op": "replace", "path": "/spec/address", "value": "m:9"})

    hook.handlers["/mutate"] = mutate
    body = {"metadata": {"name": "m"}, "webhooks": [webhook("/mutate")]}
    await crontabs.create(f"{WEBHOOKS}/mutatingwebhookconfigurations", body)
    created = await crontabs.create(V2, tab("v2", host="h", port="1"))
    assert created["spec"] == {"host": "m", "port": "9"}
    request = seen[0]
    assert request["kind"]["version"] == "v1"
    assert request["requestKind"]["version"] == "v2"
    assert request["object"]["spec"] == {"address": "h:1"}
    assert request["object"]["apiVersion"] == f"{GROUP}/v1"
    await crontabs.patch("merge", f"{V2}/a", {"spec": {"note": "n"}})
    assert seen[-1]["oldObject"]["spec"] == {"address": "m:9"}
    assert seen[-1]["object"]["spec"] == {"address": "m:9", "note": "n"}
    await crontabs.delete(f"{V2}/a")
    assert seen[-1]["oldObject"]["spec"] == {"address": "m:9", "note": "n"}
    await crontabs.create(V1, tab("v1", address="h:1"))
    hook.handlers["/convert"] = broken
    status = fails(await crontabs.post(V2, tab("v2", "b", host="h")), 500, "InternalError")
    assert status["message"].startswith("Internal error occurred: conversion webhook for ")


async def test_policies_see_their_version(crontabs, hook, fails):
    """An expression and its parameters are at the versions that the policy names."""
    policy = {
        "metadata": {"name": "p"},
        "spec": {
            "paramKind": {"apiVersion": f"{GROUP}/v2", "kind": "CronTab"},
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [GROUP],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["crontabs"],
                    }
                ]
            },
            "validations": [{"expression": "!object.spec.address.startsWith(params.spec.host)"}],
        },
    }
    binding = {
        "metadata": {"name": "p"},
        "spec": {
            "policyName": "p",
            "paramRef": {"name": "forbidden", "parameterNotFoundAction": "Deny"},
            "validationActions": ["Deny"],
        },
    }
    await crontabs.create(V1, tab("v1", "forbidden", address="evil:1"))
    await crontabs.create(f"{WEBHOOKS}/validatingadmissionpolicies", policy)
    await crontabs.create(f"{WEBHOOKS}/validatingadmissionpolicybindings", binding)
    fails(await crontabs.post(V2, tab("v2", host="evil", port="2")), 422, "Invalid")
    await crontabs.create(V2, tab("v2", host="good", port="2"))


async def test_the_servers_own_steps_ask_nobody(whole_cluster, hook, config_map):
    """Garbage collection and the end of namespaces and definitions need no conversion."""
    cluster = whole_cluster
    hook.handlers["/convert"] = lambda request: conversion(request, convert)
    await cluster.create(DEFINITIONS, definition(hook))
    await cluster.create("/api/v1/namespaces", {"metadata": {"name": "n"}})
    place = f"/apis/{GROUP}/v1/namespaces/n/crontabs"
    owner = await cluster.create("/api/v1/namespaces/n/configmaps", config_map("o"))
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "o",
        "uid": owner["metadata"]["uid"],
    }
    owned = tab("v1", "owned", address="h:1")
    owned["metadata"]["ownerReferences"] = [reference]
    orphan = tab("v1", "orphan", address="h:1")
    orphan["metadata"]["ownerReferences"] = [
        reference,
        {**reference, "name": "gone", "uid": "gone"},
    ]
    await cluster.create(place, owned)
    await cluster.create(place, orphan)
    await cluster.create(place, tab("v1", "other", address="h:1"))
    await cluster.create(V1, tab("v1", address="h:1"))
    later = definition(hook, storage="v2")["spec"]["versions"]
    await change(cluster, {"versions": later})
    asked(hook)
    hook.handlers["/convert"] = broken
    await cluster.delete("/api/v1/namespaces/n/configmaps/o", propagationPolicy="Orphan")
    await cluster.settled()
    metadata = (await cluster.read(f"{place}/owned"))["metadata"]
    assert "ownerReferences" not in metadata
    assert metadata["managedFields"][0]["apiVersion"] == f"{GROUP}/v1"
    await cluster.delete("/api/v1/namespaces/n")
    await cluster.settled()
    assert (await cluster.get("/api/v1/namespaces/n")).status_code == 404
    assert len((await cluster.read(V1))["items"]) == 1
    await cluster.delete(DEFINITION)
    await cluster.settled()
    assert (await cluster.get(DEFINITION)).status_code == 404
    assert asked(hook) == []
