"""Make the table of bootstrap policy under ``src/kapi/facts`` from recorded answers.

Usage: make_bootstrap_policy.py SCENARIOS. The file holds GET requests for the objects that
every cluster has, with their answers.
"""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

TARGET = pathlib.Path(__file__).parent.parent / "src" / "kapi" / "facts" / "bootstrap.json"
# What each object keeps beside its name: everything else is the same for all, or the server's.
KEPT = {
    "ClusterRole": ("aggregationRule", "rules"),
    "ClusterRoleBinding": ("roleRef", "subjects"),
    "Role": ("rules",),
    "RoleBinding": ("roleRef", "subjects"),
    "FlowSchema": ("spec",),
    "PriorityLevelConfiguration": ("spec",),
}


def entry(obj: dict[str, Any]) -> dict[str, Any]:
    """One object without what the server sets."""
    meta = obj["metadata"]
    found = {"name": meta["name"]}
    if "namespace" in meta:
        found["namespace"] = meta["namespace"]
    labels = {k: v for k, v in meta.get("labels", {}).items() if "/bootstrapping" not in k}
    if labels:
        found["labels"] = labels
    for member in KEPT[obj["kind"]]:
        if obj.get(member) is not None:
            found[member] = obj[member]
    if "aggregationRule" in found:  # the rules are those of other roles
        found.pop("rules", None)
    return found


def main(source: pathlib.Path) -> None:
    """Write the table, an object a line."""
    table: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KEPT}
    for scenario in json.loads(source.read_text()):
        for step in scenario["steps"]:
            obj = step["expect"]["body"]
            if isinstance(obj, dict) and obj.get("kind") in KEPT:
                table[obj["kind"]].append(entry(obj))
    sections = []
    for kind, objects in table.items():
        lines = ",\n".join(json.dumps(obj, separators=(",", ":")) for obj in objects)
        sections.append(f'"{kind}":[\n{lines}\n]')
    TARGET.write_text("{\n" + ",\n".join(sections) + "\n}\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
