"""Measures protobuf beside JSON in process: python bench/protobuf.py [--rounds N].

Requests go through the whole ASGI application without a socket: GET and LIST of pods, creating
pods. Prints microseconds per request and the ratio of protobuf to JSON; the targets are 1.0 for
reading and 1.2 for creating.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from kapi.apimachinery.serializer.protobuf import MEDIA_TYPE
from kapi.server.options import ServerOptions
from kapi.server.server import APIServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TOKEN = "bench"
PODS = "/api/v1/namespaces/default/pods"
LISTED = 500
CREATED = 300
TYPES = ("application/json", MEDIA_TYPE)


def pod(name: str) -> dict[str, Any]:
    """A small pod."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "bench"}},
        "spec": {
            "containers": [
                {
                    "name": "web",
                    "image": "nginx:1",
                    "ports": [{"containerPort": 80}],
                    "env": [{"name": "A", "value": "b"}],
                    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
                }
            ]
        },
    }


async def call(
    server: APIServer, method: str, path: str, media_type: str, body: bytes = b""
) -> None:
    """One request; fails unless it succeeds."""
    headers = [
        (b"authorization", b"Bearer " + TOKEN.encode()),
        (b"accept", media_type.encode()),
        (b"content-type", media_type.encode()),
    ]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        status = message.get("status", 200)
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status}")

    await server(scope, receive, send)


async def measure(
    count: int, requests: dict[str, Callable[[int], Awaitable[None]]]
) -> dict[str, float]:
    """Microseconds per request of each media type, taken in turns so that both see one machine."""
    spent = dict.fromkeys(requests, 0.0)
    for number in range(count):
        for media_type, request in requests.items():
            start = time.perf_counter()
            await request(number)
            spent[media_type] += time.perf_counter() - start
    return {media_type: seconds / count * 1e6 for media_type, seconds in spent.items()}


async def one_round(server: APIServer, round_number: int) -> dict[str, dict[str, float]]:
    """Each measure once."""
    assert server.api is not None
    codec = server.api.scheme.protobuf

    def creating(media_type: str) -> Callable[[int], Awaitable[None]]:
        encode = codec.encode_object if media_type == MEDIA_TYPE else orjson.dumps
        suffix = f"{round_number}-{TYPES.index(media_type)}"
        bodies = [encode(pod(f"made-{number}-{suffix}")) for number in range(CREATED)]
        return lambda number: call(server, "POST", PODS, media_type, bodies[number])

    def getting(media_type: str) -> Callable[[int], Awaitable[None]]:
        return lambda number: call(server, "GET", f"{PODS}/listed-{number % LISTED}", media_type)

    def listing(media_type: str) -> Callable[[int], Awaitable[None]]:
        path = "/api/v1/namespaces/kube-system/pods"
        return lambda _: call(server, "GET", path, media_type)

    return {
        "create": await measure(CREATED, {kind: creating(kind) for kind in TYPES}),
        "get": await measure(1000, {kind: getting(kind) for kind in TYPES}),
        "list": await measure(20, {kind: listing(kind) for kind in TYPES}),
    }


async def main(rounds: int) -> None:
    """Fill a server, measure, print."""
    options = ServerOptions(
        data_dir=Path("unused"),
        ephemeral=True,
        admin_token=TOKEN,
        disabled_admission_plugins=("ServiceAccount",),
        controllers=(),
    )
    server = APIServer(options)
    await server.start()
    for number in range(LISTED):
        for namespace in ("default", "kube-system"):
            path = f"/api/v1/namespaces/{namespace}/pods"
            await call(server, "POST", path, TYPES[0], orjson.dumps(pod(f"listed-{number}")))
    results = [await one_round(server, number) for number in range(rounds)]
    await server.stop()
    for what, target in (("get", 1.0), ("list", 1.0), ("create", 1.2)):
        json, protobuf = (
            min(result[what][media_type] for result in results) for media_type in TYPES
        )
        print(
            f"{what:<8} JSON {json:>9,.1f} us   protobuf {protobuf:>9,.1f} us   "
            f"ratio {protobuf / json:.2f} (target {target})"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    asyncio.run(main(parser.parse_args().rounds))
