"""The public conformance cases of the CEL specification, all that apply to expressions of the API.

They come from npm (@bufbuild/cel-spec holds those of google/cel-spec), with the Node.js of the test
dependencies. What does not apply is told by :mod:`cel_cases`, and counted here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from cel_cases import cases_of, run

PACKAGE = "@bufbuild/cel-spec@0.6.1"
SCRIPT = Path(__file__).with_name("cel_spec.mjs")
BIN = Path(sys.prefix) / "bin"
SUITES = (
    "basic", "bindings_ext", "block_ext", "comparisons", "conversions", "dynamic", "encoders_ext",
    "enums", "fields", "fp_math", "integer_math", "lists", "logic", "macros", "macros2",
    "math_ext", "namespace", "optionals", "parse", "plumbing", "proto2", "proto2_ext", "proto3",
    "string", "string_ext", "timestamps", "type_deductions", "unknowns", "wrappers",
)  # fmt: skip


def call(command, folder):
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def suites():
    """The cases by the names of their files; fetched once, beside the virtual environment."""
    folder = Path(sys.prefix) / "cel-spec"
    cases = folder / f"{PACKAGE.rpartition('@')[2]}.json"
    if not cases.exists():
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text("{}")
        install = [str(BIN / "npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        call([*install, PACKAGE], folder)
        written = cases.with_suffix(".new")
        call([str(BIN / "node"), str(SCRIPT), str(folder), str(written)], folder)
        written.rename(cases)
    return {suite["name"]: suite for suite in json.loads(cases.read_text())["suites"]}


@pytest.mark.parametrize("name", SUITES)
def test_cases_of_one_file(suites, name):
    """Every case that applies has the value, or the error, and the type that it should have."""
    _, _, problems = run(cases_of(suites[name]))
    assert not problems, "\n".join(problems)


def test_how_many_apply(suites):
    """No rule that leaves cases out may grow unseen, and no file is forgotten."""
    assert set(suites) == set(SUITES)
    passed, left_out = 0, Counter()
    for suite in suites.values():
        count, reasons, _ = run(cases_of(suite))
        passed += count
        left_out += reasons
    assert passed == 1245
    assert left_out == {
        "protobuf messages": 694,
        "libraries that are not enabled": 233,
        "expressions that do not pass the type check": 95,
        "the newer version of format": 75,
        "containers of names": 2,
    }
