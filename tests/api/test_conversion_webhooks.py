"""Conversion webhooks: what they are sent, which answers are taken, and who sees their work."""

from __future__ import annotations

import asyncio

import pytest

from kapi.apimachinery.types import GroupResource
from kapi.registry.webhook.service_resolver import Address
from kapi.storage.cacher.cacher import CacherOptions
from webhook_server import conversion, patched

WEBHOOKS = "/apis/admissionregistration.k8s.io/v1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "stable.example.com"
DEFINITION = f"{DEFINITIONS}/crontabs.{GROUP}"
V1 = f"/apis/{GROUP}/v1/namespaces/default/crontabs"
V2 = f"/apis/{GROUP}/v2/namespaces/default/crontabs"


def convert(obj, desired):
    """A v1 has ``spec.address`` (host:port), a v2 ``spec.host`` and ``spec.port``.

    And its size is in ``spec.replicas``, that of a v2 in ``spec.size``.
    """
    spec = dict(obj.get("spec") or {})
    if desired.endswith("/v2"):
        if "address" in spec:
            spec["host"], _, spec["port"] = spec.pop("address").partition(":")
        if "replicas" in spec:
            spec["size"] = spec.pop("replicas")
    else:
        if "host" in spec:
            spec["address"] = f"{spec.pop('host')}:{spec.pop('port', '')}"
        if "size" in spec:
            spec["replicas"] = spec.pop("size")
    return {**obj, "spec": spec}


def _version(name, size, *fields, storage=False):
    text, number = {"type": "string"}, {"type": "integer"}
    spec = {**dict.fromkeys((*fields, "note"), text), size: number}
    properties = {
        "spec": {"type": "object", "properties": spec},
        "status": {"type": "object", "properties": {"replicas": number}},
    }
    scale = {"specReplicasPath": f".spec.{size}", "statusReplicasPath": ".status.replicas"}
    return {
        "name": name,
        "served": True,
        "storage": storage,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
        "selectableFields": [{"jsonPath": f".spec.{fields[0]}"}],
        "additionalPrinterColumns": [
            {"name": field, "type": "string", "jsonPath": f".spec.{field}"} for field in fields
        ],
        "subresources": {"status": {}, "scale": scale},
    }


def definition(hook, path="/convert", *, storage="v1", **webhook):
    """The definition of CronTabs, converted by a path of the webhook server."""
    names = {"plural": "crontabs", "singular": "crontab", "kind": "CronTab"}
    config = {"url": hook.url(path), "caBundle": hook.ca_bundle}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"crontabs.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": names,
            "versions": [
                _version("v1", "replicas", "address", storage=storage == "v1"),
                _version("v2", "size", "host", "port", storage=storage == "v2"),
            ],
            "conversion": {
                "strategy": "Webhook",
                "webhook": {
                    "clientConfig": config,
                    "conversionReviewVersions": ["v1"],
                    **webhook,
                },
            },
        },
    }


@pytest.fixture
async def crontabs(cluster, hook):
    """A server with CronTabs that are stored as v1, and their webhook."""
    hook.handlers["/convert"] = lambda request: conversion(request, convert)
    await cluster.create(DEFINITIONS, definition(hook))
    return cluster


def tab(version, name="a", labels=None, **spec):
    """Make a CronTab."""
    meta = {"name": name, **({"labels": labels} if labels else {})}
    return {"apiVersion": f"{GROUP}/{version}", "kind": "CronTab", "metadata": meta, "spec": spec}


def asked(hook):
    """How many objects each call was about, and for which version; forgets the calls."""
    found = [
        (len(request["objects"]), request["desiredAPIVersion"].rpartition("/")[2])
        for _, request in hook.requests
        if "objects" in request
    ]
    hook.requests.clear()
    hook.reviews.clear()
    return found


async def test_what_a_webhook_is_sent(crontabs, hook):
    """A review has the whole objects at their version, a uid and the version that is wanted."""
    await crontabs.create(V1, tab("v1", address="h:1"))
    assert hook.requests == []
    shown = await crontabs.read(f"{V2}/a")
    assert shown["apiVersion"] == f"{GROUP}/v2"
    assert shown["spec"] == {"host": "h", "port": "1"}
    (review,) = hook.reviews
    assert (review["apiVersion"], review["kind"]) == ("apiextensions.k8s.io/v1", "ConversionReview")
    (sent,) = review["request"]["objects"]
    assert (sent["apiVersion"], sent["kind"]) == (f"{GROUP}/v1", "CronTab")
    assert sent["spec"] == {"address": "h:1"}
    assert sent["metadata"]["uid"] == shown["metadata"]["uid"]
    assert review["request"]["desiredAPIVersion"] == f"{GROUP}/v2"
    assert review["request"]["uid"]


async def change(cluster, patch):
    """Change the definition."""
    answer = await cluster.patch("merge", DEFINITION, {"spec": patch})
    assert answer.status_code == 200, answer.text


def elsewhere(obj, _desired):
    """A conversion that forgets all but a host of its own."""
    return {**obj, "spec": {"host": "other"}}


def answering(answer):
    """A webhook that always answers the same."""
    return lambda _request: answer


def broken(request):
    """A webhook that refuses to convert anything."""
    return conversion(request, convert, result={"status": "Failure", "message": "not today"})


NOT_TODAY = f"conversion webhook for {GROUP}/v1, Kind=CronTab failed: not today"


# -- writing ----------------------------------------------------------------------------------


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


# -- reading ----------------------------------------------------------------------------------


async def test_lists_ask_once(crontabs, hook):
    """All objects that need it go in one review; a form that is known is not asked for again."""
    for index in range(5):
        await crontabs.create(V1, tab("v1", f"t{index}", address=f"h{index}:1"))
    asked(hook)
    listed = await crontabs.read(V2)
    assert [item["spec"]["host"] for item in listed["items"]] == [f"h{i}" for i in range(5)]
    assert {item["apiVersion"] for item in listed["items"]} == {f"{GROUP}/v2"}
    assert (listed["apiVersion"], listed["kind"]) == (f"{GROUP}/v2", "CronTabList")
    assert asked(hook) == [(5, "v2")]
    assert await crontabs.read(V2) == listed
    assert asked(hook) == []
    await crontabs.patch("merge", f"{V1}/t2", {"spec": {"address": "new:1"}})
    listed = await crontabs.read(V2)
    assert listed["items"][2]["spec"]["host"] == "new"
    assert asked(hook) == [(1, "v2")]


async def test_a_get_asks_each_time(crontabs, hook):
    """The newest object is converted now, and what comes of it is what lists show from then on."""
    await crontabs.create(V1, tab("v1", address="h:1"))
    await crontabs.read(f"{V2}/a")
    hook.handlers["/convert"] = lambda request: conversion(request, elsewhere)
    assert (await crontabs.read(f"{V2}/a", resourceVersion="0"))["spec"]["host"] == "h"
    assert (await crontabs.read(V2))["items"][0]["spec"]["host"] == "h"
    assert (await crontabs.read(f"{V2}/a"))["spec"]["host"] == "other"
    assert (await crontabs.read(V2))["items"][0]["spec"]["host"] == "other"
    assert asked(hook) == [(1, "v2"), (1, "v2")]


async def test_pages_and_selectors(crontabs, hook):
    """Selectors mean the object at the version of the list, and pages convert what they show."""

    def labelled(obj, desired):
        converted = convert(obj, desired)
        host = converted["spec"].get("host")
        labels = {"host": host} if host else {}
        return {**converted, "metadata": {**obj["metadata"], "labels": labels}}

    hook.handlers["/convert"] = lambda request: conversion(request, labelled)
    for index in range(6):
        await crontabs.create(V1, tab("v1", f"t{index}", address=f"h{index % 2}:{index}"))
    page = await crontabs.read(V2, limit=2)
    assert [item["metadata"]["name"] for item in page["items"]] == ["t0", "t1"]
    assert page["metadata"]["remainingItemCount"] == 4
    assert asked(hook) == [(2, "v2")]
    page = await crontabs.read(V2, limit=2, **{"continue": page["metadata"]["continue"]})
    assert [item["metadata"]["name"] for item in page["items"]] == ["t2", "t3"]
    for selector in ({"labelSelector": "host=h1"}, {"fieldSelector": "spec.host=h1"}):
        names = []
        token = {}
        while token is not None:
            page = await crontabs.read(V2, limit=2, **selector, **token)
            names.append([item["metadata"]["name"] for item in page["items"]])
            following = page["metadata"].get("continue")
            token = {"continue": following} if following else None
        assert names == [["t1", "t3"], ["t5"]]
    assert (await crontabs.read(V1, labelSelector="host=h1"))["items"] == []
    answer = await crontabs.get(V1, fieldSelector="spec.host=h1")
    assert answer.status_code == 400


async def test_tables_and_metadata(crontabs, hook):
    """Cells are those of the version; metadata is what the webhook made of it."""
    await crontabs.create(V1, tab("v1", address="h:1"))
    table = "application/json;as=Table;v=v1;g=meta.k8s.io"
    rows = (await crontabs.get(V2, headers={"Accept": table})).json()["rows"]
    assert rows[0]["cells"] == ["a", "h", "1"]
    one = (await crontabs.get(f"{V2}/a", headers={"Accept": table}, includeObject="Object")).json()
    assert one["rows"][0]["object"]["spec"] == {"host": "h", "port": "1"}
    partial = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    hook.handlers["/convert"] = broken
    assert (await crontabs.get(V2, headers={"Accept": partial})).status_code == 200
    text = (await crontabs.get(V2, headers={"Accept": "application/yaml"})).text
    assert "host: h" in text


# -- watching ---------------------------------------------------------------------------------


async def test_watches_share_one_call(crontabs, hook):
    """What exists goes in one review, each change in one, for all watches of the version."""
    for name in "abc":
        await crontabs.create(V1, tab("v1", name, address=f"{name}:1"))
    asked(hook)
    async with crontabs.watch(V2) as one, crontabs.watch(V2) as two, crontabs.watch(V1) as plain:
        for watch in (one, two):
            events = await watch.events(3)
            assert [obj["spec"]["host"] for _, obj in events] == ["a", "b", "c"]
        assert asked(hook) == [(3, "v2")]
        await crontabs.patch("merge", f"{V1}/b", {"spec": {"address": "x:1"}})
        await crontabs.delete(f"{V1}/b")
        for watch in (one, two):
            changed, deleted = await watch.events(2)
            assert (changed[0], changed[1]["spec"]["host"]) == ("MODIFIED", "x")
            assert (deleted[0], deleted[1]["spec"]["host"]) == ("DELETED", "x")
            assert deleted[1]["apiVersion"] == f"{GROUP}/v2"
            revisions = [int(e[1]["metadata"]["resourceVersion"]) for e in (changed, deleted)]
            assert revisions[0] < revisions[1]
        assert sum(count for count, _ in asked(hook)) == 1
        assert [kind for kind, _ in await plain.events(5)][3:] == ["MODIFIED", "DELETED"]


async def test_the_order_of_events(crontabs, hook):
    """A webhook that is slow at times does not put changes out of order."""
    calls = 0

    async def slow(request):
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.02 if calls % 2 else 0)
        return conversion(request, convert)

    hook.handlers["/convert"] = slow
    async with crontabs.watch(V2, allowWatchBookmarks="true") as watch:
        for index in range(20):
            await crontabs.create(V1, tab("v1", f"t{index:02}", address=f"h{index}:1"))
            await asyncio.sleep(0.002)
        names = [name for _, name in await watch.changes(20)]
        assert names == [f"t{index:02}" for index in range(20)]


async def test_a_watch_that_falls_behind(crontabs, hook):
    """While a webhook does not answer events wait; too many end the watch, and none is lost."""
    storage = crontabs.server.api.stores[GroupResource(GROUP, "crontabs")].storage
    await storage.ready()
    storage.cacher._options = CacherOptions(queue_limit=3)
    gate = asyncio.Event()

    async def gated(request):
        await gate.wait()
        return conversion(request, convert)

    hook.handlers["/convert"] = gated
    names = [f"t{index}" for index in range(9)]
    async with crontabs.watch(V2) as watch:
        for name in names:
            await crontabs.create(V1, tab("v1", name, address="h:1"))
            await asyncio.sleep(0.01)
        gate.set()
        seen = await watch.rest()
    assert {kind for kind, _ in seen} == {"ADDED"}
    assert 0 < len(seen) < len(names)
    last = seen[-1][1]["metadata"]["resourceVersion"]
    storage.cacher._options = CacherOptions()
    async with crontabs.watch(V2, resourceVersion=last) as watch:
        rest = await watch.changes(len(names) - len(seen))
    assert [obj["metadata"]["name"] for _, obj in seen] + [name for _, name in rest] == names


async def test_watches_with_selectors(crontabs, hook):
    """An object comes and goes by what it is at the version of the watch."""
    await crontabs.create(V1, tab("v1", address="h:1"))
    await crontabs.create(V1, tab("v1", "b", address="g:1"))
    async with crontabs.watch(V2, fieldSelector="spec.host=h") as watch:
        assert await watch.changes(1) == [("ADDED", "a")]
        await crontabs.patch("merge", f"{V1}/a", {"spec": {"note": "x"}})
        await crontabs.patch("merge", f"{V1}/b", {"spec": {"address": "h:2"}})
        await crontabs.patch("merge", f"{V1}/a", {"spec": {"address": "g:2"}})
        last = await crontabs.patch("merge", f"{V1}/a", {"spec": {"note": "unseen"}})
        await crontabs.delete(f"{V1}/b")
        assert await watch.changes(2) == [("MODIFIED", "a"), ("ADDED", "b")]
        kind, gone = await watch.event()
        assert (kind, gone["spec"]) == ("DELETED", {"host": "h", "port": "1", "note": "x"})
        assert int(gone["metadata"]["resourceVersion"]) < int(
            last.json()["metadata"]["resourceVersion"]
        )
        assert await watch.changes(1) == [("DELETED", "b")]


async def test_watches_in_other_forms(crontabs, hook):
    """Tables and metadata of events are those of the version."""
    await crontabs.create(V1, tab("v1", address="h:1"))
    table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    async with crontabs.watch(V2, headers=table) as watch:
        _, shown = await watch.event()
        assert shown["rows"][0]["cells"] == ["a", "h", "1"]
    partial = {"Accept": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"}
    async with crontabs.watch(V2, headers=partial) as watch:
        _, shown = await watch.event()
        assert shown["metadata"]["name"] == "a"


async def test_a_watch_ends_with_the_error(crontabs, hook):
    """Events before the object that cannot be converted are sent, then one of type ERROR."""

    def picky(request):
        if any(obj["metadata"]["name"] == "bad" for obj in request["objects"]):
            return broken(request)
        return conversion(request, convert)

    hook.handlers["/convert"] = picky
    for name in ("a", "bad", "c"):
        await crontabs.create(V1, tab("v1", name, address="h:1"))
    async with crontabs.watch(V2) as watch:
        first, error, *rest = await watch.rest()
    assert (first[0], first[1]["metadata"]["name"]) == ("ADDED", "a")
    assert error[0] == "ERROR"
    assert error[1] == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": NOT_TODAY,
        "reason": "InternalError",
        "code": 500,
    }
    assert rest == []


# -- failures ---------------------------------------------------------------------------------


async def test_failures_of_reads(crontabs, hook, fails):
    """GET and LIST fail as a whole, at the version that needs a conversion only."""
    await crontabs.create(V1, tab("v1", address="h:1"))
    hook.handlers["/convert"] = broken
    fails(await crontabs.get(f"{V2}/a"), 500, None, NOT_TODAY)
    fails(await crontabs.get(V2), 500, None, NOT_TODAY)
    fails(await crontabs.get(f"{V2}/a/scale"), 500, None, NOT_TODAY)
    fails(await crontabs.delete(f"{V2}/a"), 500, None, NOT_TODAY)
    fails(await crontabs.get(f"{V2}/b"), 404, "NotFound")
    await crontabs.read(V1)
    hook.handlers["/convert"] = lambda request: conversion(request, convert)
    assert len((await crontabs.read(V2))["items"]) == 1


async def test_failures_of_calls(crontabs, hook, fails):
    """Garbage, wrong codes and connections that die are told as the client saw them."""
    await crontabs.create(V1, tab("v1", address="h:1"))
    post = f'Post "{hook.url("/convert")}?timeout=30s"'
    answers = {
        b"garbage": "couldn't get version/kind; json parse error: ",
        b"": "0-length response with status code: 200 and content type: application/json",
        b"[]": "couldn't get version/kind; json parse error: json: cannot unmarshal array",
        (500, b"oops"): 'an error on the server ("oops") has prevented the request from succeeding',
        (404, b"x"): "the server could not find the requested resource",
        (302, b"x"): "the server responded with the status code 302 but did not return more",
        None: f"{post}: EOF",
    }
    for answer, why in answers.items():
        hook.handlers["/convert"] = answering(answer)
        status = fails(await crontabs.get(f"{V2}/a"), 500, None)
        start = f"conversion webhook for {GROUP}/v1, Kind=CronTab failed: {why}"
        assert status["message"].startswith(start), status["message"]


async def test_answers_that_break_the_rules(crontabs, hook, fails):
    """Identity, number, version and uid are checked; nothing of such an answer is stored."""
    await crontabs.create(V1, tab("v1", address="h:1"))
    webhook = f"conversion webhook for {GROUP}/v1, Kind=CronTab"

    def renamed(obj, desired):
        return {**obj, "metadata": {**obj["metadata"], "name": "b"}}

    answers = {
        f"{webhook} returned 2 objects, expected 1": lambda request: conversion(
            request, convert, convertedObjects=request["objects"] * 2
        ),
        f"{webhook} returned invalid object: must have the same name: a != b": lambda request: (
            conversion(request, renamed)
        ),
        f"{webhook} returned invalid object at index 0: invalid groupVersion (expected "
        f"{GROUP}/v2, received {GROUP}/v1)": lambda request: conversion(
            request, convert, convertedObjects=request["objects"]
        ),
        f"{webhook} failed: no response provided": answering(
            {"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview"}
        ),
    }
    for message, answer in answers.items():
        hook.handlers["/convert"] = answer
        fails(await crontabs.get(f"{V2}/a"), 500, None, message)
        patch = await crontabs.patch("merge", f"{V2}/a", {"spec": {"note": "x"}})
        fails(patch, 500, None, message)
    assert "note" not in (await crontabs.read(f"{V1}/a"))["spec"]


async def test_timeouts(crontabs, hook, fails, monkeypatch):
    """A webhook that does not answer is given up; the server serves others meanwhile."""
    monkeypatch.setattr("kapi.apiextensions.conversion.webhook._TIMEOUT_SECONDS", 1)
    await crontabs.create(V1, tab("v1", address="h:1"))

    async def asleep(request):
        await asyncio.sleep(20)

    hook.handlers["/convert"] = asleep
    reading = asyncio.create_task(crontabs.get(f"{V2}/a"))
    async with asyncio.timeout(0.5):
        await crontabs.read(f"{V1}/a")
    message = (
        f"conversion webhook for {GROUP}/v1, Kind=CronTab failed: "
        f'Post "{hook.url("/convert")}?timeout=1s": context deadline exceeded'
    )
    fails(await reading, 500, None, message)


async def test_an_untrusted_certificate(crontabs, hook, fails):
    """The CA bundle of the definition decides."""
    await crontabs.create(V1, tab("v1", address="h:1"))
    config = {"url": hook.url("/convert"), "caBundle": None}
    await change(crontabs, {"conversion": {"webhook": {"clientConfig": config}}})
    status = fails(await crontabs.get(f"{V2}/a"), 500, None)
    assert status["message"].endswith(
        "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    )


# -- configuration ----------------------------------------------------------------------------


async def test_the_older_review(cluster, hook):
    """Of the versions that a definition lists the first one that is known is spoken."""
    hook.handlers["/convert"] = lambda request: conversion(request, convert, "v1beta1", uid="x")
    versions = ["v9", "v1beta1", "v1"]
    await cluster.create(DEFINITIONS, definition(hook, conversionReviewVersions=versions))
    await cluster.create(V1, tab("v1", address="h:1"))
    assert (await cluster.read(f"{V2}/a"))["spec"]["host"] == "h"
    assert hook.reviews[0]["apiVersion"] == "apiextensions.k8s.io/v1beta1"


async def test_another_webhook_takes_effect_at_once(crontabs, hook):
    """With a change of the definition nothing that the former webhook said is shown."""
    await crontabs.create(V1, tab("v1", address="h:1"))
    await crontabs.read(V2)
    hook.handlers["/other"] = lambda request: conversion(request, elsewhere)
    other = {"conversion": {"webhook": {"clientConfig": {"url": hook.url("/other")}}}}
    await change(crontabs, other)
    assert (await crontabs.read(V2))["items"][0]["spec"] == {"host": "other"}
    await change(crontabs, {"conversion": {"strategy": "None", "webhook": None}})
    asked(hook)
    assert (await crontabs.read(f"{V2}/a"))["spec"] == {}
    assert asked(hook) == []


async def test_a_service(start_cluster, hook):
    """The webhook may be a service, with the path and the name in its certificate."""
    address = Address("127.0.0.1", hook.port)
    cluster = await start_cluster(service_endpoints={"default/hook": address})
    hook.handlers["/a/b"] = lambda request: conversion(request, convert)
    service = {"namespace": "default", "name": "hook", "path": "/a/b"}
    config = {"service": service, "caBundle": hook.ca_bundle}
    await cluster.create(DEFINITIONS, definition(hook, clientConfig=config))
    await cluster.create(V1, tab("v1", address="h:1"))
    assert (await cluster.read(f"{V2}/a"))["spec"]["host"] == "h"
    assert hook.paths() == ["/a/b"]


async def test_migration_to_another_storage_version(crontabs, hook):
    """Objects stay as they are stored until they are written, even if nothing else changes."""
    for name in "ab":
        await crontabs.create(V1, tab("v1", name, address=f"{name}:1"))
    later = definition(hook, storage="v2")
    await change(crontabs, {"versions": later["spec"]["versions"]})
    asked(hook)
    assert [i["spec"]["address"] for i in (await crontabs.read(V1))["items"]] == ["a:1", "b:1"]
    assert asked(hook) == []
    live = await crontabs.read(f"{V2}/a")
    answer = await crontabs.put(f"{V2}/a", live)
    assert answer.json()["metadata"]["resourceVersion"] != live["metadata"]["resourceVersion"]
    asked(hook)
    listed = await crontabs.read(V2)
    assert [item["spec"]["host"] for item in listed["items"]] == ["a", "b"]
    assert asked(hook) == [(1, "v2")]
    assert [i["spec"]["address"] for i in (await crontabs.read(V1))["items"]] == ["a:1", "b:1"]
    assert asked(hook) == [(1, "v1")]
    again = await crontabs.put(f"{V2}/a", answer.json())
    assert again.json() == answer.json()


async def test_migration_without_a_webhook(cluster, hook):
    """A write of what was stored in a former version stores it anew there, too."""
    body = definition(hook)
    body["spec"]["conversion"] = {"strategy": "None"}
    await cluster.create(DEFINITIONS, body)
    await cluster.create(V1, tab("v1", note="n"))
    await change(cluster, {"versions": definition(hook, storage="v2")["spec"]["versions"]})
    live = await cluster.read(f"{V2}/a")
    moved = (await cluster.put(f"{V2}/a", live)).json()
    assert moved["metadata"]["resourceVersion"] != live["metadata"]["resourceVersion"]
    assert moved["spec"] == {"note": "n"}
    assert (await cluster.put(f"{V2}/a", moved)).json() == moved


# -- together with other parts ----------------------------------------------------------------


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
