"""Merging of OpenAPI v2 documents: the paths of other servers' group versions join this one's.

Their definitions come along as far as they are used; one that has the name of another one here is
renamed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["merge_v2"]

_SECTIONS = ("definitions", "parameters")


def merge_v2(document: JSONObject, other: JSONObject, prefix: str) -> JSONObject:
    """The document with what the other one has at ``prefix`` and below; both stay as they are."""
    paths = {
        path: item
        for path, item in (other.get("paths") or {}).items()
        if (path.rstrip("/") == prefix or path.startswith(f"{prefix}/"))
        and path not in document["paths"]
    }
    used = _closure(paths, other)
    merged = {section: dict(document.get(section) or {}) for section in _SECTIONS}
    renamed: dict[str, str] = {}
    for reference in used:
        section, name = _parts(reference)
        if merged[section].get(name, other[section][name]) != other[section][name]:
            renamed[reference] = f"#/{section}/{_free(name, merged[section])}"
    for reference in used:
        section, name = _parts(reference)
        _, own_name = _parts(renamed.get(reference, reference))
        merged[section].setdefault(own_name, _rewritten(other[section][name], renamed))
    added = {path: _rewritten(item, renamed) for path, item in paths.items()}
    return {**document, "paths": dict(sorted({**document["paths"], **added}.items())), **merged}


def _parts(reference: str) -> tuple[str, str]:
    _, section, name = reference.split("/", 2)
    return section, name


def _free(name: str, taken: Mapping[str, JSONValue]) -> str:
    number = 2
    while f"{name}_v{number}" in taken:
        number += 1
    return f"{name}_v{number}"


def _closure(value: JSONValue, document: JSONObject) -> list[str]:
    """All references in a value, and in what they refer to; those that lead nowhere left out."""
    found: dict[str, None] = {}
    waiting = list(_references(value))
    while waiting:
        reference = waiting.pop()
        if reference in found or not reference.startswith(("#/definitions/", "#/parameters/")):
            continue
        section, name = _parts(reference)
        target = (document.get(section) or {}).get(name)
        if target is not None:
            found[reference] = None
            waiting.extend(_references(target))
    return list(found)


def _references(value: JSONValue) -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            if key == "$ref" and isinstance(member, str):
                yield member
            else:
                yield from _references(member)
    elif isinstance(value, list):
        for member in value:
            yield from _references(member)


def _rewritten(value: JSONValue, renamed: Mapping[str, str]) -> JSONValue:
    if not renamed:
        return value
    if isinstance(value, dict):
        return {
            key: renamed.get(member, member)
            if key == "$ref" and isinstance(member, str)
            else _rewritten(member, renamed)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [_rewritten(member, renamed) for member in value]
    return value
