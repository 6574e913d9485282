"""Measures creation of a custom resource beside that of a ConfigMap, and many definitions.

    python bench/custom_resources.py [--requests N] [--rounds N] [--definitions N]
                                     [--profile] [--json FILE]

The definition is like the median of published ones (see median_definition.py), with five rules in
CEL. Creation is measured in this process through ASGI, the kinds by turns, and over TLS by wrk.
Then so many definitions are created over TLS: how long until the last is served, and how much
memory each takes. --profile prints where the time of one creation goes, by module.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import measures
import targets
from kapi.server.options import ServerOptions
from kapi.server.process import settle_memory
from kapi.server.server import APIServer
from median_definition import FULL, GROUP, TYPICAL, definition, instance
from patches import TOKEN, by_module, call

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CUSTOM = f"/apis/{GROUP}/v1/namespaces/default/gateways0"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "config map": (CONFIG_MAPS, measures.CONFIG_MAP),
    "custom resource": (CUSTOM, instance(TYPICAL)),
    "custom resource, full": (CUSTOM, instance(FULL)),
}
_CREATED = 201


async def _server(directory: str) -> AsyncIterator[APIServer]:
    server = APIServer(
        ServerOptions(
            data_dir=Path(directory),
            ephemeral=True,
            admin_token=TOKEN,
            controllers=("none",),
            disabled_admission_plugins=("ServiceAccount",),
        )
    )
    await server.start()
    try:
        await _create(server, DEFINITIONS, definition())
        settle_memory()  # as the command does
        yield server
    finally:
        await server.stop()


async def _create(server: APIServer, path: str, body: dict[str, Any]) -> float:
    begin = time.perf_counter()
    status = await call(server, "POST", path, body, "application/json")
    taken = (time.perf_counter() - begin) * 1e6
    if status != _CREATED:
        raise SystemExit(f"POST {path}: {status}")
    return taken


async def measure_in_process(count: int, *, profile: bool) -> dict[str, dict[str, float]]:
    """Median and least microseconds of each creation, the kinds by turns."""
    taken: dict[str, list[float]] = {name: [] for name in REQUESTS}
    with tempfile.TemporaryDirectory() as directory:
        async for server in _server(directory):
            for _ in range(count):
                for name, (path, body) in REQUESTS.items():
                    taken[name].append(await _create(server, path, body))
            if profile:
                await _profile(server, count)
    return {
        name: {"median_us": statistics.median(each), "least_us": min(each)}
        for name, each in taken.items()
    }


async def _profile(server: APIServer, count: int) -> None:
    for name, (path, body) in REQUESTS.items():
        profile = cProfile.Profile()
        profile.enable()
        for _ in range(count):
            await _create(server, path, body)
        profile.disable()
        print(name)
        for module, share in by_module(profile):
            print(f"    {share:5.1f} %  {module}")


def measure_tls(target: targets.Target, rounds: int) -> dict[str, dict[str, float]]:
    """Rounds of two seconds for each kind by turns: medians, with the server's CPU time.

    Where the machine has other things to do, rates mean little and CPU time still something.
    """
    connection = measures.Connection(target)
    connection.post(DEFINITIONS, definition())
    for path, body in REQUESTS.values():  # the first of a kind compiles its schema
        connection.post(path, body)
    connection.close()
    found: dict[str, list[dict[str, float]]] = {name: [] for name in REQUESTS}
    for _ in range(rounds):
        for name, (path, body) in REQUESTS.items():
            before = targets.cpu_seconds(target.pid)
            result = measures.wrk(target, path, seconds=2, body=body)
            used = targets.cpu_seconds(target.pid) - before
            found[name].append({**result, "cpu_us": used / result["requests"] * 1e6})
    return {
        name: {key: statistics.median(round_[key] for round_ in each) for key in each[0]}
        for name, each in found.items()
    }


def measure_definitions(target: targets.Target, count: int) -> dict[str, float]:
    """How long so many definitions take to be served, and the memory of each."""
    connection = measures.Connection(target)
    connection.post(DEFINITIONS, definition())  # what the first one loads is not the others'
    before = targets.resident_megabytes(target.pid)
    begin, used = time.perf_counter(), targets.cpu_seconds(target.pid)
    for number in range(1, count + 1):
        connection.post(DEFINITIONS, definition(number))
    last = f"/apis/{GROUP}/v1/namespaces/default/gateways{count}"
    connection.post(last, instance(TYPICAL, count))
    seconds = time.perf_counter() - begin
    after = targets.resident_megabytes(target.pid)
    connection.close()
    cpu = targets.cpu_seconds(target.pid) - used
    each = (after - before) / count
    return {"count": count, "seconds": seconds, "cpu_seconds": cpu, "megabytes_each": each}


def print_table(results: dict[str, Any]) -> None:
    """Each kind with its ratio to the ConfigMap; then the definitions."""
    print(f"{'create':24}{'in process':>24}{'over TLS, CPU':>24}{'rate':>10}")
    inside, tls = results["in process"], results["over TLS"]
    for name in REQUESTS:
        one, cpu = inside[name]["median_us"], tls[name]["cpu_us"]
        ratio = one / inside["config map"]["median_us"]
        tls_ratio = cpu / tls["config map"]["cpu_us"]
        cells = (f"{one:,.0f} us ({ratio:.2f} times)", f"{cpu:,.0f} us ({tls_ratio:.2f} times)")
        print(f"{name:24}{cells[0]:>24}{cells[1]:>24}{tls[name]['per_second']:>8,.0f}/s")
    if "definitions" in results:
        found = results["definitions"]
        print(
            f"{found['count']:,} definitions: {found['seconds']:.1f} s "
            f"({found['cpu_seconds']:.1f} s of the server's CPU), "
            f"{found['megabytes_each']:.3f} MB each"
        )


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5, help="of two seconds of wrk each")
    parser.add_argument("--definitions", type=int, default=1000, help="0 leaves them out")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    return parser.parse_args()


def main() -> int:
    """Measure and report."""
    arguments = parse_arguments()
    in_process = measure_in_process(arguments.requests, profile=arguments.profile)
    results: dict[str, Any] = {"in process": asyncio.run(in_process)}
    with targets.kapi(durable=False) as target:
        results["over TLS"] = measure_tls(target, arguments.rounds)
    if arguments.definitions:
        with targets.kapi(durable=False) as target:
            results["definitions"] = measure_definitions(target, arguments.definitions)
    print_table(results)
    if arguments.json is not None:
        machine = {"python": platform.python_version(), "system": platform.platform()}
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps({"machine": machine, "results": results}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
