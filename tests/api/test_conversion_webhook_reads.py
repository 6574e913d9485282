"""What clients read at a version that a webhook makes: objects, lists, Tables, watches."""

from __future__ import annotations

import asyncio
from random import Random

from crontabs import GROUP, NOT_TODAY, V1, V2, asked, broken, convert, elsewhere, tab

from kapi.apimachinery.types import GroupResource
from kapi.storage.cacher.cacher import CacherOptions
from webhook_server import conversion


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


async def test_a_streaming_list(crontabs, hook):
    """The bookmark that ends the initial events comes after all of them."""
    for name in "abc":
        await crontabs.create(V1, tab("v1", name, address="h:1"))
    asked(hook)
    parameters = {
        "sendInitialEvents": "true",
        "allowWatchBookmarks": "true",
        "resourceVersionMatch": "NotOlderThan",
        "labelSelector": "x!=y",
    }
    async with crontabs.watch(V2, **parameters) as watch:
        events = await watch.events(4)
    assert [kind for kind, _ in events] == ["ADDED"] * 3 + ["BOOKMARK"]
    assert events[-1][1]["apiVersion"] == f"{GROUP}/v2"
    assert asked(hook) == [(3, "v2")]


class Follower:
    """Keeps what a watch tells, and checks that each event follows from the one before."""

    def __init__(self, cluster, **selector):
        self.objects = {}
        self._watch = cluster.watch(V2, unread_chunks=1000, **selector)
        self._revision = 0

    async def follow(self, last):
        """Up to the addition of the object of this name."""
        async with self._watch as watch:
            while True:
                kind, obj = await watch.event()
                name, revision = obj["metadata"]["name"], int(obj["metadata"]["resourceVersion"])
                if name == last:
                    return
                assert revision > self._revision
                assert (name in self.objects) is (kind != "ADDED")
                self._revision = revision
                if kind == "DELETED":
                    del self.objects[name]
                else:
                    self.objects[name] = obj


async def write_at_random(cluster, random, count):
    """Create, change and delete a few objects at both versions."""
    for number in range(count):
        name, host = f"t{random.randrange(5)}", random.choice("xy")
        one, two = tab("v1", name, address=f"{host}:{number}"), tab("v2", name, host=host, port="")
        answer = await random.choice(
            [
                lambda one=one: cluster.post(V1, one),
                lambda two=two: cluster.post(V2, two),
                lambda one=one, name=name: cluster.patch("merge", f"{V1}/{name}", one),
                lambda two=two, name=name: cluster.patch("merge", f"{V2}/{name}", two),
                lambda two=two, name=name: cluster.apply(f"{V2}/{name}", two, force=True),
                lambda name=name: cluster.delete(f"{V2}/{name}"),
            ]
        )()
        assert answer.status_code in {200, 201, 404, 409}, answer.text


async def test_watches_agree_with_lists(crontabs, hook):
    """With writers at both versions and a slow webhook everybody ends with the same objects."""
    random = Random(7)

    async def slow(request):
        await asyncio.sleep(random.random() / 500)
        return conversion(request, convert)

    hook.handlers["/convert"] = slow
    every = [Follower(crontabs) for _ in range(2)]
    some = Follower(crontabs, fieldSelector="spec.host=x")
    following = [asyncio.create_task(follower.follow("z")) for follower in (*every, some)]
    await asyncio.sleep(0.05)
    await asyncio.gather(*(write_at_random(crontabs, random, 30) for _ in range(5)))
    listed = {obj["metadata"]["name"]: obj for obj in (await crontabs.read(V2))["items"]}
    await crontabs.create(V1, tab("v1", "z", address="x:1"))
    await asyncio.gather(*following)
    assert all(follower.objects == listed for follower in every)
    assert some.objects == {n: o for n, o in listed.items() if o["spec"]["host"] == "x"}
