"""kubectl against each of the thirteen minor versions, and what starting one costs."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from kubectl import Kubectl

from kapi.registry.catalogue import resource_table
from kapi.registry.versions import is_enabled_by_default, priority
from kapi.server.options import MAXIMUM_MINOR, MINIMUM_MINOR
from kapi.testing import Server

MINORS = range(MINIMUM_MINOR, MAXIMUM_MINOR + 1)
READY_SECONDS = 1.0
ATTEMPTS = 3
IDLE_KILOBYTES = 120 * 1024


def served(minor, *, everything=False):
    """The preferred version of each resource of a minor version, by resource."""
    rows = {}
    for row in resource_table():
        key = (row["group"], row["version"], row["resource"])
        if not row["since"] <= minor <= row["until"]:
            continue
        if not everything and not is_enabled_by_default(*key, minor):
            continue
        known = rows.get((row["group"], row["resource"]))
        if known is None or priority(row["version"]) < priority(known["version"]):
            rows[row["group"], row["resource"]] = row
    return rows


def line(row):
    """A row as ``kubectl api-resources -o wide`` prints it, without short names' spacing."""
    version = f"{row['group']}/{row['version']}" if row["group"] else row["version"]
    return (
        row["resource"],
        ",".join(row.get("shortNames", ())),
        version,
        str(row["scope"] == "Namespaced").lower(),
        row["kind"],
        ",".join(row["verbs"]),
        ",".join(row.get("categories", ())),
    )


def printed(output):
    """The lines of ``kubectl api-resources -o wide``."""
    head, *lines = output.splitlines()
    starts = [match.start() for match in re.finditer(r"\S+", head)]
    columns = list(zip(starts, [*starts[1:], None], strict=True))
    return {tuple(text[start:end].strip() for start, end in columns) for text in lines}


@pytest.mark.parametrize("minor", MINORS)
def test_api_resources(minor, tmp_path):
    """What a version serves by default is listed, with short names, verbs and categories."""
    flags = (f"--kubernetes-version=1.{minor}", "--controllers=none")
    with Server(*flags, thread=True) as server:
        kubectl = Kubectl(server.kubeconfig, "default", tmp_path)
        output = kubectl("api-resources", "-o", "wide")
    assert printed(output) == {line(row) for row in served(minor).values()}


@pytest.mark.parametrize("minor", [MINIMUM_MINOR, 31, MAXIMUM_MINOR])
def test_explain_every_kind(minor, tmp_path):
    """The command finds the schema of each kind and shows its version and fields."""
    flags = (f"--kubernetes-version=1.{minor}", "--runtime-config=api/all=true")
    with Server(*flags, "--controllers=none", thread=True) as server:
        kubectl = Kubectl(server.kubeconfig, "default", tmp_path)
        kubectl("api-resources")  # so that the commands below find the cache of discovery

        def explain(row):
            group = f"{row['group']}/" if row["group"] else ""
            version = f"--api-version={group}{row['version']}"
            code, text, errors = kubectl.run("explain", row["resource"], version)
            fine = code == 0 and f"KIND:       {row['kind']}" in text and "FIELDS:" in text
            return None if fine else (row["resource"], text, errors)

        with ThreadPoolExecutor(4) as threads:
            rows = served(minor, everything=True).values()
            failed = [result for result in threads.map(explain, rows) if result]
    assert failed == []


def start(kapi, directory, minor):
    """Start a server: the seconds until it was ready, and its memory in kilobytes."""
    server = kapi(
        "up",
        "--ephemeral",
        "--port=0",
        f"--data-dir={directory}",
        f"--kubernetes-version=1.{minor}",
    )
    seconds = float(server.wait_for(r"^ready in (\d+\.\d\d) s")[1])
    command = ["ps", "-o", "rss=", "-p", str(server.process.pid)]
    resident = int(subprocess.run(command, check=True, capture_output=True).stdout)
    assert server.end() == (0, "")
    return seconds, resident


@pytest.mark.parametrize("minor", MINORS)
def test_a_start_is_quick_and_small(kapi, tmp_path, minor):
    """Ready within a second and idle below 120 MB; others may use the machine now and then."""
    for _ in range(ATTEMPTS):
        seconds, resident = start(kapi, tmp_path, minor)
        if seconds < READY_SECONDS:
            break
    assert seconds < READY_SECONDS
    assert resident < IDLE_KILOBYTES
