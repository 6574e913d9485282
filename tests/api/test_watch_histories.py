"""Random work with slow, dying and resuming watchers; the whole history is then judged."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import orjson

from kapi.apimachinery.types import GroupResource
from kapi.storage.cacher import CacherOptions
from watch_validator import Change, Event, List, Watch, key_of, revision_of, validate

SEEDS = range(4)
OPERATIONS = 2_500
WRITERS, WATCHERS, LISTERS = 6, 30, 1
NAMESPACES = ("default", "other")
NAMES = [f"n{number}" for number in range(10)]
COLORS = ("red", "blue", None)
# Small enough that watchers fall behind and that versions become too old.
BOUNDS = CacherOptions(queue_limit=30, history_changes=150, replay_revisions=0)


def path_of(namespace, name=""):
    namespaces = f"namespaces/{namespace}/" if namespace else ""
    return f"/api/v1/{namespaces}configmaps" + (f"/{name}" if name else "")


class EngineLog:
    """What the engine stored, in order: the truth that clients are compared with."""

    def __init__(self):
        self.changes = []
        self.ended = None

    def deliver(self, batch):
        for event in batch.events:
            _, namespace, name = event.key.rsplit("/", 2)
            obj = None
            if event.type == "PUT":
                obj = orjson.loads(event.value)
                obj["metadata"]["resourceVersion"] = str(event.mod_revision)
            self.changes.append(Change(event.kv.mod_revision, f"{namespace}/{name}", obj))
        return True

    def closed(self, error):
        self.ended = error


class Workload:
    """Writers, listers and watchers of one server, who do the same in each run with a seed."""

    def __init__(self, cluster, seed, operations):
        self.cluster = cluster
        self.random = random.Random(seed)
        self.log = EngineLog()
        self.lists = []
        self.watches = []
        self.answers = []
        self.left = operations
        self.seen = Counter()

    async def run(self):
        """Do all operations, then let the watchers see the end."""
        await self.cluster.create("/api/v1/namespaces", {"metadata": {"name": "other"}})
        server = self.cluster.server
        self.storage = server.api.stores[GroupResource("", "configmaps")].storage
        cacher = self.storage.cacher
        cacher._options = BOUNDS
        cacher._history = cacher._new_history(cacher.revision)
        await server._engine.watch(self.storage.prefix, 2, self.log)
        watchers = [asyncio.create_task(self.watch_on()) for _ in range(WATCHERS)]
        work = [self.write_on() for _ in range(WRITERS)] + [self.list_on() for _ in range(LISTERS)]
        await asyncio.gather(*work)
        while not all(task.done() for task in watchers):
            self.send_bookmarks()
            await asyncio.sleep(0.001)
        await asyncio.gather(*watchers)

    @property
    def acknowledged(self):
        """The newest version that a client was told of."""
        return max((revision_of(obj) for obj in self.answers), default=0)

    def _selection(self):
        """Query parameters and what they select."""
        color = self.random.choice(["red", "blue"])
        name = self.random.choice(NAMES)

        def label(obj):
            return (obj["metadata"].get("labels") or {}).get("color")

        return self.random.choice(
            [
                ({}, lambda _: True),
                ({"labelSelector": f"color={color}"}, lambda obj: label(obj) == color),
                ({"labelSelector": f"color!={color}"}, lambda obj: label(obj) != color),
                ({"labelSelector": "color"}, lambda obj: label(obj) is not None),
                (
                    {"fieldSelector": f"metadata.name={name}"},
                    lambda obj: obj["metadata"]["name"] == name,
                ),
            ]
        )

    def _scope(self):
        """A namespace or all, and what is selected there."""
        namespace = self.random.choice([*NAMESPACES, ""])
        parameters, selects = self._selection()

        def chosen(obj):
            return namespace in {"", obj["metadata"]["namespace"]} and selects(obj)

        return path_of(namespace), parameters, chosen

    # Writers

    async def write_on(self):
        while self.left > 0:
            self.left -= 1
            await self.write()
            if self.random.random() < 0.02:
                self.send_bookmarks()
            for _ in range(self.random.randrange(3)):
                await asyncio.sleep(0)

    async def write(self):
        """One write, which may well fail; what was acknowledged is kept."""
        choose = self.random
        namespace, name = choose.choice(NAMESPACES), choose.choice(NAMES)
        path = path_of(namespace, name)
        meta = {"name": name}
        if color := choose.choice(COLORS):
            meta["labels"] = {"color": color}
        if choose.random() < 0.1:
            meta["finalizers"] = ["example.com/hold"]
        obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}
        obj["data"] = {"n": str(self.left)}
        kind = choose.choices(
            ["create", "put", "patch", "label", "apply", "release", "delete", "collection"],
            [20, 15, 20, 15, 5, 5, 18, 1],
        )[0]
        cluster = self.cluster
        if kind == "create":
            answer = await cluster.post(path_of(namespace), obj)
        elif kind == "put":
            answer = await cluster.put(path, obj)
        elif kind == "patch":
            answer = await cluster.patch("merge", path, {"data": obj["data"]})
        elif kind == "label":
            answer = await cluster.patch("merge", path, {"metadata": {"labels": {"color": color}}})
        elif kind == "apply":
            answer = await cluster.apply(path, obj, force="true")
        elif kind == "release":
            answer = await cluster.patch("merge", path, {"metadata": {"finalizers": None}})
        elif kind == "delete":
            answer = await cluster.delete(path)
        else:
            answer = await cluster.delete(path_of(namespace), labelSelector=f"color={color}")
        self._keep(kind, answer)

    def _keep(self, kind, answer):
        assert answer.status_code in {200, 201, 404, 409, 422}, answer.text
        if answer.status_code < 400 and kind not in {"release", "delete", "collection"}:
            obj = answer.json()
            if "deletionTimestamp" not in obj["metadata"] or "finalizers" in obj["metadata"]:
                self.answers.append(obj)

    # Listers

    async def list_on(self):
        while self.left > 0:
            self.left -= 1
            path, parameters, selects = self._scope()
            await self.list_all(path, parameters, selects)
            await asyncio.sleep(0)

    async def list_all(self, path, parameters, selects):
        """A list in pages; its version, or 0 when it expired on the way."""
        acknowledged = self.acknowledged
        limit = self.random.choice([{}, {"limit": "1"}, {"limit": "3"}])
        page = await self.cluster.read(path, **parameters, **limit)
        items = page["items"]
        while token := page["metadata"].get("continue"):
            await asyncio.sleep(0)
            answer = await self.cluster.get(path, **parameters, **limit, **{"continue": token})
            page = answer.json()
            if answer.status_code == 410:
                self.seen["expired"] += 1
                return 0
            items += page["items"]
        revision = revision_of(page)
        objects = [{"apiVersion": "v1", "kind": "ConfigMap", **item} for item in items]
        self.lists.append(List(revision, objects, selects, acknowledged))
        return revision

    # Watchers

    async def watch_on(self):
        """List and watch as clients do: resume after an end, list again when that is too old."""
        while self.left > 0:
            path, parameters, selects = self._scope()
            after, resumes = None, False
            if self.random.random() < 0.5:
                after = await self.list_all(path, parameters, selects) or None
            for _ in range(self.random.randrange(1, 8)):
                watch = Watch(after, selects, [], resumes, self.acknowledged)
                self.watches.append(watch)
                if not await self.follow(watch, path, parameters):
                    break
                after = self._last_seen(watch)
                if after is None:
                    break
                resumes = True
                self.seen["resumed"] += 1
                for _ in range(self.random.choice([0, 5, 500])):
                    await asyncio.sleep(0)

    def _last_seen(self, watch):
        """Where a client goes on: not in the middle of the initial events."""
        if watch.after is None and not any(event.type == "BOOKMARK" for event in watch.events):
            return None
        return watch.events[-1].revision if watch.events else watch.after

    async def follow(self, watch, path, parameters):
        """Read a watch until its client dies or the server ends it; whether it can go on.

        When all work is done it is read to a bookmark of the end.
        """
        query = {**parameters, "allowWatchBookmarks": "true"}
        if watch.after is None:
            query |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        else:
            query["resourceVersion"] = str(watch.after)
        pace = self.random.choice([0, 0, 3, 30])
        lives = self.random.choice([0, 1, 3, 10, 30, 300])
        stream = self.cluster.watch(path, unread_chunks=1, **query)
        async with stream:
            while len(watch.events) < lives or (self.left <= 0 and lives):
                event = await stream.event()
                if event is None:
                    self.seen["slow"] += 1
                    return True
                kind, obj = event
                if kind == "ERROR":
                    assert obj["code"] == 410, obj
                    self.seen["expired"] += 1
                    return False
                watch.events.append(Event(kind, obj))
                self.seen["bookmarks"] += kind == "BOOKMARK"
                if kind == "BOOKMARK" and self.left <= 0 and revision_of(obj) >= self._end:
                    return False
                for _ in range(pace):
                    await asyncio.sleep(0)
        return True

    @property
    def _end(self):
        return self.storage.cacher.revision

    def send_bookmarks(self):
        bookmarks = self.storage.cacher._bookmarks
        bookmarks._due = [(0.0, *entry[1:]) for entry in bookmarks._due]
        bookmarks.send_due()


async def judge(cluster, seed, operations):
    """Run a workload and look for violations."""
    workload = Workload(cluster, seed, operations)
    await workload.run()
    log = workload.log.changes
    written = {(change.revision, change.key): change.obj for change in log}
    for obj in workload.answers:
        assert written[revision_of(obj), key_of(obj)] == obj
    assert validate(log, workload.watches, workload.lists) == []
    assert workload.log.ended is None
    assert len(log) > operations / 3
    return workload


async def test_no_guarantee_is_broken(start_cluster):
    """Ordered, unique, atomic, bookmarkable, reliable, resumable and consistent."""
    seen = Counter()
    for seed in SEEDS:
        workload = await judge(await start_cluster(), seed, OPERATIONS)
        seen.update(workload.seen)
    assert all(seen[what] > 5 for what in ("slow", "expired", "resumed", "bookmarks")), seen


async def test_no_guarantee_is_broken_on_a_durable_server(start_cluster, tmp_path):
    """The same where writes wait for a disk."""
    await judge(await start_cluster(data_dir=tmp_path, ephemeral=False), 99, OPERATIONS // 2)
