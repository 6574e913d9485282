"""The schema definitions of one Kubernetes version and the presence facts beside them.

Definitions come from the ``kubernetes-validate`` package, which carries those of every served
minor version; the package is located, never imported. Presence (pointer, omitempty, inlined
structs) and protobuf field numbers come from our own table ``facts/messages.txt``.
"""

from __future__ import annotations

import importlib.resources
import importlib.util
import pathlib
import re
from typing import TYPE_CHECKING, NamedTuple

import orjson

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["FieldPresence", "Presence", "load_definitions"]

_WORD = re.compile(r"([^@!*+~&]+)(?:@(\d+))?(?:!([\w.\-]+))?(\*)?(\+)?(~)?(&)?")


def load_definitions(minor: int) -> dict[str, JSONObject]:
    """All definitions of Kubernetes 1.``minor``, by name, as the package holds them.

    Raises FileNotFoundError when the package lacks that version.
    """
    spec = importlib.util.find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package kubernetes-validate is not installed")
    folder = pathlib.Path(spec.submodule_search_locations[0]) / "kubernetes-json-schema"
    path = folder / f"v1.{minor}.0-local" / "_definitions.json"
    definitions: dict[str, JSONObject] = orjson.loads(path.read_bytes())["$defs"]
    return definitions


class FieldPresence(NamedTuple):
    """How Go declares one member."""

    number: int
    pointer: bool = False
    omitempty: bool = True
    omitzero: bool = False
    inline: str = ""  # the inlined struct's definition name
    wrapped: bool = False  # a list that is a message of its own in protobuf


_UNKNOWN = FieldPresence(0)


class Presence:
    """The presence table, parsed message by message on first use."""

    def __init__(self) -> None:
        text = importlib.resources.files("kapi.facts").joinpath("messages.txt").read_text()
        self._lines = {line.partition(" ")[0]: line for line in text.splitlines()}
        self._parsed: dict[str, dict[str, FieldPresence]] = {}

    def message(self, name: str) -> dict[str, FieldPresence]:
        """The members of a message in number order; empty when the table lacks it."""
        found = self._parsed.get(name)
        if found is None:
            found = self._parsed[name] = _parse(self._lines.get(name, ""))
        return found

    def field(self, message: str, name: str) -> FieldPresence:
        """One JSON member of a message, looked up through inlined structs."""
        members = self.message(message)
        found = members.get(name)
        if found is not None and not found.inline:
            return found
        for member in members.values():
            if member.inline:
                found = self.field(member.inline, name)
                if found is not _UNKNOWN:
                    return found
        return _UNKNOWN

    def embedding(self, message: str, name: str) -> list[str]:
        """The Go names of the inlined structs around a member, outermost first."""
        return self._embedding(message, name) or []

    def _embedding(self, message: str, name: str) -> list[str] | None:
        members = self.message(message)
        found = members.get(name)
        if found is not None and not found.inline:
            return []
        for member in members.values():
            inner = self._embedding(member.inline, name) if member.inline else None
            if inner is not None:
                return [member.inline.rpartition(".")[2], *inner]
        return None


def _parse(line: str) -> dict[str, FieldPresence]:
    members: dict[str, FieldPresence] = {}
    number = 0
    for word in line.split()[1:]:
        if word.isalnum():  # most members: the next number and nothing special
            number += 1
            members[word] = FieldPresence(number)
            continue
        match = _WORD.fullmatch(word)
        if match is None:
            raise ValueError(f"messages.txt: cannot read {word!r}")
        name, at, inline, pointer, always, omitzero, wrapped = match.groups()
        number = int(at) if at else number + 1
        members[name] = FieldPresence(
            number, bool(pointer), not always, bool(omitzero), inline or "", bool(wrapped)
        )
    return members
