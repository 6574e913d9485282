"""Measures apply of an unchanged Deployment and a strategic patch of a pod's label.

    python bench/patches.py [--requests N] [--profile]

The server runs in this process and is called through ASGI, so the figures are of the server
alone, without HTTP and TLS. --profile prints where the time goes, by module.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from kapi.server.options import ServerOptions
from kapi.server.server import APIServer

TOKEN = "bench"
BASE = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
CONTAINER = {
    "name": "web",
    "image": "registry.example/web:1",
    "ports": [{"containerPort": 80}],
    "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
    "resources": {"limits": {"cpu": "500m", "memory": "64Mi"}},
    "readinessProbe": {"httpGet": {"path": "/", "port": 80}},
}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [CONTAINER]},
        },
    },
}


async def call(server: APIServer, method: str, path: str, body: object, media_type: str) -> int:
    """One request; its status code."""
    path, _, query = path.partition("?")
    content = orjson.dumps(body)
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    headers = [
        (b"authorization", f"Bearer {TOKEN}".encode()),
        (b"content-type", media_type.encode()),
    ]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
    }
    await server(scope, receive, send)
    return status


async def repeat(count: int, request: Any) -> list[float]:
    """The microseconds of each request."""
    found = []
    for number in range(count):
        start = time.perf_counter()
        status = await request(number)
        found.append((time.perf_counter() - start) * 1e6)
        if status != 200:
            raise SystemExit(f"answered {status}")
    return found


def by_module(profile: cProfile.Profile) -> list[tuple[str, float]]:
    """The share of the time that each module of kapi took itself, largest first."""
    shares: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        part = file.rpartition("src/kapi/")[2] if "src/kapi/" in file else "Python and C"
        shares[part] += own
    total = sum(shares.values())
    return [(name, 100 * own / total) for name, own in shares.most_common(12)]


async def main(arguments: argparse.Namespace) -> None:
    """Run both measurements and print them."""
    with tempfile.TemporaryDirectory() as directory:
        options = ServerOptions(
            data_dir=Path(directory),
            ephemeral=True,
            admin_token=TOKEN,
            controllers=("none",),
            disabled_admission_plugins=("ServiceAccount",),
        )
        server = APIServer(options)
        await server.start()
        pod = {"metadata": {"name": "web"}, "spec": DEPLOYMENT["spec"]["template"]["spec"]}  # type: ignore[index]
        await call(server, "POST", BASE, pod, "application/json")
        apply_path = f"{DEPLOYMENTS}/web?fieldManager=bench"
        apply_type = "application/apply-patch+yaml"
        await call(server, "PATCH", apply_path, DEPLOYMENT, apply_type)

        async def apply(_: int) -> int:
            return await call(server, "PATCH", apply_path, DEPLOYMENT, apply_type)

        async def label(number: int) -> int:
            patch = {"metadata": {"labels": {"n": str(number)}}}
            media_type = "application/strategic-merge-patch+json"
            return await call(server, "PATCH", f"{BASE}/web", patch, media_type)

        for name, request in (("apply, unchanged", apply), ("patch a pod's label", label)):
            found = await repeat(arguments.requests, request)
            low, median = min(found), statistics.median(found)
            print(f"{name:24} {median:8.0f} us (median), {low:8.0f} us (least)")
            if arguments.profile:
                profile = cProfile.Profile()
                profile.enable()
                await repeat(arguments.requests, request)
                profile.disable()
                for module, share in by_module(profile):
                    print(f"    {share:5.1f} %  {module}")
        await server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--profile", action="store_true")
    asyncio.run(main(parser.parse_args()))
