"""Measures kapi, beside a hello server in the same run, and prints one table.

    python bench/run.py [--seconds N] [--pods N] [--json FILE] [--only-memory]
                        [--url URL --token TOKEN [--ca FILE] [--durability TEXT]]

Needs wrk. Numbers depend on the machine; the ratios to the hello server of the same run are what
compares between machines. --url measures another API server beside kapi.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import measures
import targets

_STARTS = 5


def measure_start(*, durable: bool) -> dict[str, float]:
    """Start-up time: the first start, which makes all credentials, and the median of later ones."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "data")
        first = targets.start_seconds(path, durable=durable)
        later = [targets.start_seconds(path, durable=durable) for _ in range(_STARTS)]
    return {"first_seconds": first, "later_seconds": statistics.median(later)}


def measure(
    target: targets.Target, hello: targets.Target, arguments: argparse.Namespace
) -> dict[str, Any]:
    """All measurements of an API server, reads before the writes that fill it.

    The hello server is measured right before what is compared with it: the speed of a machine
    that does other work changes from minute to minute.
    """
    seconds = arguments.seconds
    found: dict[str, Any] = {"durability": target.durability}
    if target.pid:
        found["idle_megabytes"] = targets.resident_megabytes(target.pid)
    measures.create_namespaces(target)
    pod = measures.create_pods(target, arguments.pods)
    if target.pid:
        found["loaded_megabytes"] = targets.resident_megabytes(target.pid)
    found["hello, get"] = measures.wrk(hello, "/", seconds=seconds)
    found["get pod"] = measures.get_pod(target, pod, seconds)
    found[f"list {arguments.pods} pods"] = measures.list_pods(target, seconds)
    found[f"watch, {arguments.watchers} watchers"] = measures.watch_fan_out(
        target, arguments.watchers, arguments.events
    )
    found["hello, post"] = measures.wrk(hello, "/", seconds=seconds, body=measures.POD)
    found["create pod"] = measures.create(target, "pods", seconds)
    found["create config map"] = measures.create(target, "configmaps", seconds)
    return found


def measure_all(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every target beside the hello server; results by name."""
    results: dict[str, Any] = {}
    with targets.hello() as hello:
        for durable in (False,) if arguments.only_memory else (False, True):
            with targets.kapi(durable=durable) as target:
                results[target.name] = measure(target, hello, arguments)
            results[target.name]["start"] = measure_start(durable=durable)
        if arguments.url:
            other = targets.Target(
                arguments.url, arguments.durability, arguments.url, arguments.token, arguments.ca
            )
            results[other.name] = measure(other, hello, arguments)
    return results


def print_table(results: dict[str, Any]) -> None:
    """One row for each measurement, one column for each server, ratios in brackets."""
    servers = list(results)
    print(f"{'':24}" + "".join(f"{name:>28}" for name in servers))
    for row in results[servers[0]]:
        cells = [_cell(results[name], row) for name in servers]
        print(f"{row:24}" + "".join(f"{cell:>28}" for cell in cells))


def _cell(result: dict[str, Any], row: str) -> str:
    value = result.get(row)
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.1f} MB"
    if "first_seconds" in value:
        return f"{value['first_seconds']:.2f} s, then {value['later_seconds']:.2f} s"
    rate = f"{value['per_second']:,.0f}/s"
    if not row.startswith(("get", "create")):
        return rate
    floor = result["hello, post" if row.startswith("create") else "hello, get"]
    return f"{rate} ({value['per_second'] / floor['per_second']:.0%} of hello)"


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--pods", type=int, default=5000)
    parser.add_argument("--watchers", type=int, default=200)
    parser.add_argument("--events", type=int, default=400)
    parser.add_argument("--only-memory", action="store_true")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    parser.add_argument("--url", help="another API server to measure beside kapi")
    parser.add_argument("--token", default="", help="a token of an administrator there")
    parser.add_argument("--ca", type=Path, help="its certificate authority; else not verified")
    parser.add_argument("--durability", default="not known", help="what the report says of it")
    return parser.parse_args()


def main() -> int:
    """Measure and report."""
    arguments = parse_arguments()
    if shutil.which("wrk") is None:
        print("bench: wrk is needed (the package wrk of Debian or Homebrew)", file=sys.stderr)
        return 1
    results = measure_all(arguments)
    print_table(results)
    if arguments.json is not None:
        machine = {"python": platform.python_version(), "system": platform.platform()}
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps({"machine": machine, "results": results}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
