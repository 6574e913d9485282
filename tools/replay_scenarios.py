"""Replays recorded scenarios against a fresh kapi and fails below the thresholds.

    replay_scenarios.py FOLDER [--raise] [-- ARGUMENTS OF replay.py]

FOLDER holds replay.py and a folder of recordings for each area. tests/conformance/thresholds.json
names the areas that are replayed, and for each how many steps must pass and how many must be
exact; --raise writes what was reached into it where that is more.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from kapi.testing import Server

THRESHOLDS = Path(__file__).parents[1] / "tests" / "conformance" / "thresholds.json"
TOKEN = "conformance"
FLAGS = (
    "--service-cluster-ip-range=10.0.0.0/24",
    "--kubernetes-version=1.36",
    "--disable-admission-plugins=ServiceAccount",
    "--controllers=none",
)


def replay(folder: Path, areas: list[str], more: list[str]) -> dict[str, dict[str, int]]:
    """Run the scenarios of some areas; counts of passing and of exact steps by area."""
    with tempfile.TemporaryDirectory() as directory:
        tokens = Path(directory, "tokens.csv")
        tokens.write_text(f'{TOKEN},admin,admin,"system:masters"\n')
        results = Path(directory, "results.json")
        with Server(f"--token-auth-file={tokens}", *FLAGS) as server:
            command = [sys.executable, str(folder / "replay.py"), f"--server={server.url}"]
            command += [f"--token={TOKEN}", f"--ca={server.ca_file}", f"--json={results}", *more]
            paths = [str(folder / area) for area in areas]
            subprocess.run([*command, "--min-pass=0", *paths], check=True)
        return count(json.loads(results.read_text()))


def count(results: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Steps that pass and steps that are exact, by area."""
    areas: dict[str, dict[str, int]] = {}
    for scenario in results:
        area = areas.setdefault(scenario["area"], {"pass": 0, "exact": 0})
        for _, verdict, _ in scenario["steps"]:
            area["pass"] += verdict != "fail"
            area["exact"] += verdict == "exact"
    return areas


def shortfalls(
    reached: dict[str, dict[str, int]], thresholds: dict[str, dict[str, int]]
) -> list[str]:
    """One line for each count that is below its threshold."""
    return [
        f"{area}: {reached.get(area, {}).get(kind, 0)} steps {kind}, at least {least} must"
        for area, least_by_kind in thresholds.items()
        for kind, least in least_by_kind.items()
        if reached.get(area, {}).get(kind, 0) < least
    ]


def main() -> int:
    """Replay, compare, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--raise", dest="write", action="store_true")
    parser.add_argument("more", nargs="*")
    arguments = parser.parse_args()
    thresholds = json.loads(THRESHOLDS.read_text())
    reached = replay(arguments.folder, sorted(thresholds), arguments.more)
    if arguments.write:
        for area, counts in reached.items():
            old = thresholds.setdefault(area, {})
            old.update({kind: max(old.get(kind, 0), number) for kind, number in counts.items()})
        THRESHOLDS.write_text(json.dumps(thresholds, indent=2, sort_keys=True) + "\n")
    missing = shortfalls(reached, thresholds)
    for line in missing:
        print(f"below the threshold: {line}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
