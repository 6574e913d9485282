"""Measures protobuf beside JSON in process: python bench/protobuf.py [--rounds N].

Requests go through the whole ASGI application without a socket: GET and LIST of pods, creating
pods. Prints microseconds per request and the ratio of protobuf to JSON; the targets are 1.0 for
reading and 1.2 for creating.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
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


async def measure(count: int, request: Callable[[int], Awaitable[None]]) -> float:
    """Microseconds per request."""
    start = time.perf_counter()
    for number in range(count):
        await request(number)
    return (time.perf_counter() - start) / count * 1e6


async def one_round(server: APIServer, round_number: int) -> dict[tuple[str, str], float]:
    """Each measure once for each media type, one after the other."""
    assert server.api is not None
    codec = server.api.scheme.protobuf
    found: dict[tuple[str, str], float] = {}
    for media_type in TYPES:
        suffix = f"{round_number}-{media_type.rpartition('.')[2].replace('/', '-')}"
        bodies = [pod(f"made-{number}-{suffix}") for number in range(300)]
        encode = codec.encode_object if media_type == MEDIA_TYPE else orjson.dumps
        encoded = [encode(body) for body in bodies]

        async def create(number: int, kind: str = media_type, data: list[bytes] = encoded) -> None:
            await call(server, "POST", PODS, kind, data[number])

        async def get(number: int, kind: str = media_type) -> None:
            await call(server, "GET", f"{PODS}/listed-{number % LISTED}", kind)

        async def list_pods(_: int, kind: str = media_type) -> None:
            await call(server, "GET", "/api/v1/namespaces/kube-system/pods", kind)

        found["create", media_type] = await measure(300, create)
        found["get", media_type] = await measure(1000, get)
        found["list", media_type] = await measure(20, list_pods)
    return found


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
            statistics.median(result[what, media_type] for result in results)
            for media_type in TYPES
        )
        print(
            f"{what:<8} JSON {json:>9,.1f} us   protobuf {protobuf:>9,.1f} us   "
            f"ratio {protobuf / json:.2f} (target {target})"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    asyncio.run(main(parser.parse_args().rounds))
