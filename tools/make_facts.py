"""Make the tables under ``src/kapi/facts`` from collected public facts.

Usage: make_facts.py FACTS_FOLDER. The folder holds the protobuf field numbers and presence
rules (``protobuf/``), the resource table and the discovery order (``types-tables/``).
"""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

TARGET = pathlib.Path(__file__).parent.parent / "src" / "kapi" / "facts"


def message_line(name: str, fields: dict[str, list[Any]], presence: dict[str, str]) -> str:
    """One message: its fields in number order with the flags the loader reads.

    ``name@N`` where the number is not the previous one plus one; ``*`` pointer, ``+`` always
    written (no omitempty), ``~`` omitzero, ``!Type`` an inlined struct of that type, ``&`` a list
    that protobuf wraps into a message.
    """
    words, last = [name], 0
    for field, (number, _wire, type_name, *rest) in sorted(
        fields.items(), key=lambda item: item[1][0]
    ):
        flags = presence.get(field, "")
        word = field if number == last + 1 else f"{field}@{number}"
        last = number
        if "inline" in rest or "i" in flags:
            word += f"!{type_name}"
        else:
            word += "*" if "p" in flags else ""
            word += "" if "e" in flags or "z" in flags else "+"
            word += "~" if "z" in flags else ""
            word += "&" if type_name.endswith(".Verbs") else ""
        words.append(word)
    return " ".join(words)


def main(source: pathlib.Path) -> None:
    fields = json.loads((source / "protobuf/fields-1.25-1.37.json").read_text())
    presence = json.loads((source / "protobuf/presence-1.25-1.37.json").read_text())
    lines = [message_line(n, f, presence.get(n, {})) for n, f in sorted(fields.items())]
    (TARGET / "messages.txt").write_text("\n".join(lines) + "\n")
    tables = source / "types-tables"
    resources = json.loads((tables / "resources.json").read_text())
    rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in resources)
    (TARGET / "resources.json").write_text(f"[\n{rows}\n]\n")
    order = json.loads((tables / "discovery-order-1.36.json").read_text())["groups"]
    (TARGET / "groups.json").write_text(json.dumps(order, indent=1) + "\n")
    for name, target in (
        ("openapi-v3-default-exceptions-1.36.json", "defaults.json"),
        ("openapi-enums-1.36.json", "enums.json"),
    ):
        table = json.loads((tables / name).read_text())
        (TARGET / target).write_text(json.dumps(table, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
