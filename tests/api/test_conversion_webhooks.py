"""Conversion webhooks: what they are sent, which answers are taken, how they are configured."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from crontabs import (
    DEFINITIONS,
    GROUP,
    NOT_TODAY,
    V1,
    V2,
    answering,
    asked,
    broken,
    change,
    convert,
    definition,
    elsewhere,
    tab,
)

from asgi_cluster import TOKEN, Cluster
from kapi.registry.webhook.service_resolver import Address
from kapi.server.options import ServerOptions, StartError
from kapi.server.server import APIServer
from kapi.server.storage_rewrite import rewrite_storage
from kapi.util.clock import SystemClock
from webhook_server import conversion


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


@asynccontextmanager
async def started(options):
    """A server on a data directory of its own."""
    options.data_dir.mkdir(exist_ok=True)
    cluster = Cluster(APIServer(options))
    await cluster.server.start()
    yield cluster
    await cluster.http.aclose()
    await cluster.server.stop()


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


async def test_storage_rewrite(hook, tmp_path):
    """Rewriting the store brings every object to the storage version, or says which it cannot."""
    options = ServerOptions(
        data_dir=tmp_path / "data",
        admin_token=TOKEN,
        controllers=(),
        disabled_admission_plugins=("ServiceAccount",),
    )
    hook.handlers["/convert"] = lambda request: conversion(request, convert)
    async with started(options) as cluster:
        await cluster.create(DEFINITIONS, definition(hook))
        await cluster.create(V1, tab("v1", address="h:1"))
        await change(cluster, {"versions": definition(hook, storage="v2")["spec"]["versions"]})
    begun = SimpleNamespace(begin=lambda _total: [].append)
    hook.handlers["/convert"] = broken
    with pytest.raises(StartError, match=r"cannot convert .*crontabs/default/a: .* not today"):
        await rewrite_storage(options, SystemClock(), begun)
    hook.handlers["/convert"] = lambda request: conversion(request, convert)
    await rewrite_storage(options, SystemClock(), begun)
    asked(hook)
    async with started(options) as cluster:
        assert (await cluster.read(V2))["items"][0]["spec"] == {"host": "h", "port": "1"}
    assert asked(hook) == []
