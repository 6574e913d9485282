"""Make ``src/kapi/facts/lifecycle.json`` from a clone of github.com/kubernetes/api.

Usage: make_lifecycle.py REPOSITORY. For every built-in kind that is deprecated while it is served,
the table tells what each minor version says: deprecated since, removed in, what replaces it.
"""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
from typing import Any

FACTS = pathlib.Path(__file__).parent.parent / "src" / "kapi" / "facts"
FIRST, LAST = 25, 37
_METHOD = re.compile(r"func \(in \*(\w+)\) APILifecycle(\w+)\(\)[^{]*\{\n(.*?)\n\}", re.DOTALL)
_REPLACEMENT = re.compile(r'Group: "([^"]*)", Version: "([^"]*)", Kind: "([^"]*)"')

# (group, version, kind) to what its methods answer by name.
Lifecycles = dict[tuple[str, str, str], dict[str, Any]]


def git(repository: str, *arguments: str) -> str:
    command = ["git", "-C", repository, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def lifecycles(repository: str, minor: int) -> Lifecycles:
    """What one minor version says; the newest may not have a branch of its own yet."""
    branch = f"release-1.{minor}"
    reference = branch if git(repository, "branch", "--list", branch) else "HEAD"
    found: Lifecycles = {}
    for path in git(repository, "ls-tree", "-r", "--name-only", reference).splitlines():
        if not path.endswith("/zz_generated.prerelease-lifecycle.go"):
            continue
        folder = path.rpartition("/")[0]
        register = git(repository, "show", f"{reference}:{folder}/register.go")
        group = re.findall(r'GroupName = "([^"]*)"', register)[0]
        text = git(repository, "show", f"{reference}:{path}")
        for kind, method, body in _METHOD.findall(text):
            key = (group, folder.rpartition("/")[2], kind)
            found.setdefault(key, {})[method] = answer(method, body)
    return found


def answer(method: str, body: str) -> int | str:
    """A minor version, or the replacement as the warning names it."""
    if method == "Replacement":
        group, version, kind = _REPLACEMENT.findall(body)[0]
        return f"{group}/{version} {kind}"
    return int(re.findall(r"return 1, (\d+)", body)[0])


def main(repository: str) -> None:
    resources = json.loads((FACTS / "resources.json").read_text())
    by_minor = {minor: lifecycles(repository, minor) for minor in range(FIRST, LAST + 1)}
    lines: list[str] = []
    for row in resources:
        key = (row["group"], row["version"], row["kind"])
        said: list[list[Any]] = []
        for minor in range(row["since"], row["until"] + 1):
            methods = by_minor[minor].get(key, {})
            if methods.get("Deprecated", minor + 1) > minor:
                continue
            words = [methods["Deprecated"], methods.get("Removed", 0)]
            words.append(methods.get("Replacement", ""))
            if not said or said[-1][1:] != words:
                said.append([minor, *words])
        if said:
            lines.append(json.dumps([*key, said], separators=(",", ":")))
    (FACTS / "lifecycle.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1])
