"""The measurements: each takes a target and gives numbers per second."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import uvloop

if TYPE_CHECKING:
    from targets import Target

_SCRIPT = Path(__file__).with_name("request.lua")
_LIST_NAMESPACE = "bench-list"
_CREATE_NAMESPACE = "bench-create"
_SEEDING_CONNECTIONS = 4
_FAN_OUT_SECONDS = 120
_CREATED = 201
_CONFLICT = 409

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "generateName": "web-",
        "labels": {"app": "web", "tier": "front"},
        "annotations": {"example.com/revision": "7"},
    },
    "spec": {
        "containers": [
            {
                "name": "web",
                "image": "registry.example/web:1.2.3",
                "ports": [{"containerPort": 8080, "name": "http"}],
                "env": [{"name": "MODE", "value": "production"}],
                "resources": {
                    "requests": {"cpu": "100m", "memory": "64Mi"},
                    "limits": {"memory": "128Mi"},
                },
                "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
            }
        ]
    },
}
CONFIG_MAP: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"generateName": "settings-"},
    "data": {"key": "value", "other": "x" * 100},
}


def wrk(
    target: Target,
    path: str,
    *,
    seconds: int,
    connections: int = 16,
    body: dict[str, Any] | None = None,
) -> dict[str, float]:
    """Repeat one request for some seconds: rate, median and 99th percentile in milliseconds."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(body, file)
        file.flush()
        request = ["POST", file.name] if body is not None else ["GET"]
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"-s{_SCRIPT}"]
        command += ["-H", f"Authorization: Bearer {target.token}"] if target.token else []
        shown = subprocess.run(
            [*command, target.url + path, "--", *request],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    result = json.loads(shown.split("RESULT ", 1)[1])
    if result["failed"] or not result["requests"]:
        raise SystemExit(f"{target.name}: {path}: {result['failed']} requests failed")
    taken = result["microseconds"] / 1e6
    return {
        "requests": result["requests"],
        "per_second": result["requests"] / taken,
        "megabytes_per_second": result["bytes"] / taken / 1e6,
        "p50_ms": result["p50"] / 1e3,
        "p99_ms": result["p99"] / 1e3,
    }


class Connection:
    """One keep-alive connection for preparing what is measured."""

    def __init__(self, target: Target) -> None:
        address = urlsplit(target.url)
        assert address.hostname is not None
        self._connection = http.client.HTTPSConnection(
            address.hostname, address.port, context=target.tls(), timeout=60
        )
        self._headers = {
            "Authorization": f"Bearer {target.token}",
            "Content-Type": "application/json",
        }

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create an object; one that exists is fine."""
        self._connection.request("POST", path, json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        content: dict[str, Any] = json.loads(answer.read())
        if answer.status not in {_CREATED, _CONFLICT}:
            raise SystemExit(f"POST {path}: {content}")
        return content

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def create_namespaces(target: Target) -> None:
    """Create the namespaces that the measurements use."""
    connection = Connection(target)
    for name in (_LIST_NAMESPACE, _CREATE_NAMESPACE):
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        connection.post("/api/v1/namespaces", body)
    connection.close()


def create_pods(target: Target, count: int) -> str:
    """Create the pods to list; the path of one of them."""
    path = f"/api/v1/namespaces/{_LIST_NAMESPACE}/pods"

    def create(share: int) -> str:
        connection = Connection(target)
        for _ in range(share):
            name = connection.post(path, POD)["metadata"]["name"]
        connection.close()
        return f"{path}/{name}"

    with ThreadPoolExecutor(_SEEDING_CONNECTIONS) as pool:
        shares = [count // _SEEDING_CONNECTIONS] * _SEEDING_CONNECTIONS
        paths = list(pool.map(create, shares))
    return paths[0]


def get_pod(target: Target, path: str, seconds: int) -> dict[str, float]:
    """GET of one pod."""
    return wrk(target, path, seconds=seconds)


def list_pods(target: Target, seconds: int) -> dict[str, float]:
    """LIST of all pods of one namespace, over few connections: the answers are large."""
    path = f"/api/v1/namespaces/{_LIST_NAMESPACE}/pods"
    return wrk(target, path, seconds=seconds, connections=2)


def create(target: Target, resource: str, seconds: int) -> dict[str, float]:
    """Creation of pods or config maps with generated names."""
    body = POD if resource == "pods" else CONFIG_MAP
    path = f"/api/v1/namespaces/{_CREATE_NAMESPACE}/{resource}"
    return wrk(target, path, seconds=seconds, body=body)


class _Watcher(asyncio.Protocol):
    """Counts the events of one watch; ``done`` is told each time some came."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._tail = b""
        self.events = 0
        self.answered = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        # An event is one line that ends with a brace; the framing's lines do not.
        self.events += data.count(b"}\n") + (self._tail == b"}" and data[:1] == b"\n")
        self._tail = data[-1:]
        self.answered.set()


async def _fan_out(target: Target, watchers: int, events: int) -> dict[str, float]:
    address = urlsplit(target.url)
    assert address.hostname is not None
    host, port = address.hostname, address.port or 443
    path = f"/api/v1/namespaces/{_CREATE_NAMESPACE}/secrets"
    request = (
        f"GET {path}?watch=true HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Bearer {target.token}\r\nAccept: application/json\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    open_watches: list[_Watcher] = []
    for _ in range(watchers):
        _, watcher = await loop.create_connection(
            lambda: _Watcher(request), host, port, ssl=target.tls()
        )
        await watcher.answered.wait()
        open_watches.append(watcher)
    before = [watcher.events for watcher in open_watches]
    begin = time.perf_counter()
    creating = asyncio.create_task(asyncio.to_thread(_create_secrets, target, path, events))
    while sum(watcher.events for watcher in open_watches) - sum(before) < watchers * events:
        if time.perf_counter() - begin > _FAN_OUT_SECONDS:
            raise SystemExit(f"{target.name}: events are missing after {_FAN_OUT_SECONDS} s")
        await asyncio.sleep(0.005)
    taken = time.perf_counter() - begin
    await creating
    for watcher in open_watches:
        watcher.transport.close()
    return {"per_second": watchers * events / taken, "watchers": watchers, "events": events}


def _create_secrets(target: Target, path: str, count: int) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"generateName": "event-"}}

    def create_share(share: int) -> None:
        connection = Connection(target)
        for _ in range(share):
            connection.post(path, secret)
        connection.close()

    with ThreadPoolExecutor(_SEEDING_CONNECTIONS) as pool:
        list(pool.map(create_share, [count // _SEEDING_CONNECTIONS] * _SEEDING_CONNECTIONS))


def watch_fan_out(target: Target, watchers: int, events: int) -> dict[str, float]:
    """How many events per second reach watchers of one collection, from the first creation on."""
    return uvloop.run(_fan_out(target, watchers, events))
