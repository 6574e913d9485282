"""Tries CustomResourceDefinitions of real projects, and fails when less could be tried than before.

    try_definitions.py FOLDER [--raise]

FOLDER holds definitions, one a file of JSON. Each must be established; instances made from its
schema must be stored as they are, and twins broken in one way each refused at the right field:
that is tests/api/test_definitions.py, which fails by itself. tests/api/definition_thresholds.json
says how many of each kind there have to be at least, and for how many constraints no twin could
be made at most; --raise writes what was reached into it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TEST = ROOT / "tests" / "api" / "test_definitions.py"
THRESHOLDS = ROOT / "tests" / "api" / "definition_thresholds.json"


def run(folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """Run the tests with the definitions of a folder: exit code, and the report on each."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory, "report.jsonl")
        variables = {"KAPI_DEFINITIONS": str(folder.absolute())}
        variables["KAPI_DEFINITIONS_REPORT"] = str(report)
        command = [sys.executable, "-m", "pytest", "-q", str(TEST)]
        done = subprocess.run(command, cwd=ROOT, env=os.environ | variables, check=False)
        lines = report.read_text().splitlines() if report.exists() else []
    return done.returncode, [json.loads(line) for line in lines]


def count(reports: list[dict[str, Any]]) -> tuple[dict[str, int], Counter[str]]:
    """What was tried of the given definitions, and the reasons why constraints were not."""
    versions = [v for each in reports if not each["own"] for v in each["versions"]]
    tried: Counter[str] = Counter()
    excluded: Counter[str] = Counter()
    for version in versions:
        tried.update(version["counts"])
        excluded.update(version["excluded"])
    refusals = {name: n for name, n in tried.items() if name.startswith("refusal by ")}
    return {
        "definitions": sum(not each["own"] for each in reports),
        "schemas": len(versions),
        "instances created": tried["create"],
        "twins refused": sum(refusals.values()),
        "rules broken": refusals.get("refusal by rule", 0),
    }, excluded


def main() -> int:
    """Try, count, compare, and tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--raise", dest="write", action="store_true")
    arguments = parser.parse_args()
    code, reports = run(arguments.folder)
    reached, excluded = count(reports)
    left_out = sum(v["left_out"] for each in reports for v in each["versions"] if not each["own"])
    shown = {**reached, **excluded, "fields that a full instance cannot have": left_out}
    for name, number in shown.items():
        print(f"{number:8,}  {name}")
    if arguments.write:
        written = {"least": reached, "most": {"constraints without a twin": excluded.total()}}
        THRESHOLDS.write_text(json.dumps(written, indent=2) + "\n")
    thresholds = json.loads(THRESHOLDS.read_text())
    missing = [
        f"{reached[name]} {name}, at least {least} must be"
        for name, least in thresholds["least"].items()
        if reached[name] < least
    ]
    most = thresholds["most"]["constraints without a twin"]
    if excluded.total() > most:
        missing.append(f"{excluded.total()} constraints without a twin, at most {most} may be")
    for line in missing:
        print(f"below the threshold: {line}")
    return code or bool(missing)


if __name__ == "__main__":
    sys.exit(main())
