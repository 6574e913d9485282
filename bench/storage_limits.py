"""Measures whole servers at their limits: python bench/storage_limits.py [--seconds 60].

Group commit against a commit for each write; a thousand clients that create and delete; and what
100,000 pods cost to start with, to list and to keep. Everything runs in this process, through the
server's ASGI interface and on an SQLite file, so that no client or socket is part of the numbers.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from kapi.server.options import ServerOptions
from kapi.server.process import settle_memory
from kapi.server.server import APIServer
from kapi.storage.cacher import stored_value, value_header
from kapi.storage.sqlite import SQLiteEngine

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

TOKEN = "bench"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"


def report(what: str, value: float, unit: str, target: str = "") -> None:
    """Print one line of the result."""
    print(f"{what:<58} {value:>12,.2f} {unit:<8} {target}", flush=True)


class OneByOne(SQLiteEngine):
    """The same engine with one transaction at a time: what group commit saves."""

    async def txn(self, compares: Sequence[Any], operations: Sequence[Any]) -> int:
        """One transaction after the other."""
        lock = self.__dict__.setdefault("one_by_one", asyncio.Lock())
        async with lock:
            return await super().txn(compares, operations)


async def request(server: APIServer, method: str, path: str, body: bytes = b"") -> bytes:
    """One request; its body, or an error when it fails."""
    path, _, query = path.partition("?")
    scope: MutableMapping[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [
            (b"authorization", b"Bearer " + TOKEN.encode()),
            (b"content-type", b"application/json"),
        ],
    }
    answer: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        answer.append(message)

    await server(scope, receive, send)
    content: bytes = answer[1]["body"]
    if answer[0]["status"] >= 400:
        raise RuntimeError(content.decode())
    return content


def config_map(name: str) -> bytes:
    """A config map of about 1 KB."""
    obj = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name}}
    return json.dumps({**obj, "data": {"payload": "x" * 900}}).encode()


async def started(directory: str) -> APIServer:
    """A server with its own database."""
    options = ServerOptions(Path(directory), controllers=(), admin_token=TOKEN)
    server = APIServer(options)
    await server.start()
    return server


async def created_per_second(server: APIServer, name: str, clients: int, seconds: float) -> float:
    """How many config maps some clients create."""
    end = time.perf_counter() + seconds

    async def client(number: int) -> int:
        count = 0
        while time.perf_counter() < end:
            await request(server, "POST", CONFIG_MAPS, config_map(f"{name}-{number}-{count}"))
            count += 1
        return count

    return sum(await asyncio.gather(*(client(number) for number in range(clients)))) / seconds


async def stored_per_second(engine: SQLiteEngine, clients: int, seconds: float) -> float:
    """How many values of config maps some clients create in a store alone."""
    end = time.perf_counter() + seconds

    async def client(number: int) -> int:
        count = 0
        while time.perf_counter() < end:
            name = f"{type(engine).__name__}-{number}-{count}"
            await engine.put(f"/registry/configmaps/default/{name}", config_map(name))
            count += 1
        return count

    return sum(await asyncio.gather(*(client(number) for number in range(clients)))) / seconds


async def group_commit(directory: str, seconds: float) -> None:
    """Creates from 16 clients, with and without group commit: the store alone, a whole server."""
    engine = await SQLiteEngine.open(directory + "/engine/state.db")
    grouped = await stored_per_second(engine, 16, seconds)
    report("store: creates of config maps, 16 clients", grouped, "/s")
    engine.__class__ = OneByOne
    single = await stored_per_second(engine, 16, seconds)
    report("    with a commit for each write", single, "/s")
    report("    times faster", grouped / single, "", "target 2.5")
    await engine.close()
    server = await started(directory + "/group")
    grouped = await created_per_second(server, "g", 16, seconds)
    report("server: creates of config maps, 16 clients", grouped, "/s")
    server.engine.__class__ = OneByOne
    single = await created_per_second(server, "s", 16, seconds)
    report("    with a commit for each write", single, "/s")
    await server.stop()


async def crowd(directory: str, clients: int, seconds: float) -> None:
    """Many clients that create and delete."""
    server = await started(directory + "/crowd")
    latencies: list[float] = []
    errors = 0
    end = time.perf_counter() + seconds

    async def timed(method: str, path: str, body: bytes = b"") -> None:
        nonlocal errors
        start = time.perf_counter()
        try:
            await request(server, method, path, body)
        except RuntimeError:
            errors += 1
        latencies.append(time.perf_counter() - start)

    async def client(number: int) -> None:
        count = 0
        while time.perf_counter() < end:
            name = f"c-{number}-{count}"
            await timed("POST", CONFIG_MAPS, config_map(name))
            await timed("DELETE", f"{CONFIG_MAPS}/{name}")
            count += 1

    await asyncio.gather(*(client(number) for number in range(clients)))
    latencies.sort()
    report(f"creates and deletes, {clients} clients", len(latencies) / seconds, "/s")
    report("    errors", errors, "", "target 0")
    report("    latency p50", latencies[len(latencies) // 2] * 1000, "ms")
    report("    latency p99", latencies[int(len(latencies) * 0.99)] * 1000, "ms", "target 1000")
    await server.stop()


def pod(number: int) -> dict[str, Any]:
    """A pod as a deployment makes them, of some 2 KB."""
    labels = {"app": f"web-{number % 100}", "pod-template-hash": "5d4f8c7b9"}
    return {
        "metadata": {
            "name": f"web-{number:06}",
            "namespace": "default",
            "uid": f"00000000-0000-4000-8000-{number:012}",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": labels,
            "managedFields": [
                {
                    "manager": "kube-controller-manager",
                    "operation": "Update",
                    "apiVersion": "v1",
                    "time": "2026-01-01T00:00:00Z",
                    "fieldsType": "FieldsV1",
                    "fieldsV1": {
                        "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
                        "f:spec": {"f:containers": {'k:{"name":"web"}': {"f:image": {}}}},
                    },
                }
            ],
        },
        "spec": {
            "containers": [
                {
                    "name": "web",
                    "image": "registry.example.com/team/web:1.2.3",
                    "env": [{"name": f"NAME_{n}", "value": "x" * 40} for n in range(12)],
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                    "imagePullPolicy": "IfNotPresent",
                }
            ],
            "restartPolicy": "Always",
            "dnsPolicy": "ClusterFirst",
            "schedulerName": "default-scheduler",
            "nodeName": f"node-{number % 500}",
        },
        "status": {"phase": "Running", "podIP": "10.1.2.3", "qosClass": "BestEffort"},
    }


async def fill(directory: str, pods: int) -> float:
    """Put pods into a database; their mean size."""
    engine = await SQLiteEngine.open(directory + "/state.db", durability="relaxed")
    header = value_header("v1", "Pod")
    size = 0
    for first in range(0, pods, 100):
        values = [
            (f"/registry/pods/default/web-{number:06}", stored_value(pod(number), header))
            for number in range(first, min(first + 100, pods))
        ]
        size += sum(len(value) for _, value in values)
        await asyncio.gather(*(engine.put(key, value) for key, value in values))
    await engine.close()
    return size / pods


def resident_bytes() -> int:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def many_pods(directory: str, pods: int) -> float:
    """Start with pods, list a page of them; the seconds that a page takes."""
    size = await fill(directory, pods)
    gc.collect()
    before = resident_bytes()
    gc.disable()
    start = time.perf_counter()
    server = await started(directory)
    await request(server, "GET", f"{PODS}/web-000001")
    report(f"{pods:,} pods: start and first read", time.perf_counter() - start, "s", "target 5")
    settle_memory()
    used = (resident_bytes() - before) / pods
    report(f"    memory for each pod of {size:,.0f} bytes", used, "bytes")
    # Of few pods this is mostly what the server itself takes.
    report("    times its JSON", used / size, "", "target 3" if pods > 10_000 else "")
    await request(server, "GET", f"{PODS}?limit=500")
    times = []
    for _ in range(50):
        start = time.perf_counter()
        content = await request(server, "GET", f"{PODS}?limit=500")
        times.append(time.perf_counter() - start)
    assert content.count(b'"nodeName"') == 500
    best = sorted(times)[len(times) // 2]
    report("    LIST with limit=500", best * 1000, "ms")
    await server.stop()
    return best


async def main(directory: str, seconds: float, pods: int) -> None:
    """Run everything."""
    await group_commit(directory, min(seconds, 5))
    await crowd(directory, 1000, seconds)
    few = await many_pods(directory + "/few", 1000)
    many = await many_pods(directory + "/many", pods)
    report("LIST with limit=500: many pods to few", many / few, "times", "target 1.2")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", help="where database files go; default: a temporary folder")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pods", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.directory) as folder:
        uvloop.run(main(folder, given.seconds, given.pods))
