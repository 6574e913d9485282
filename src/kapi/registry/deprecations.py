"""Which versions of kinds are deprecated, since when, and what to use instead.

Implements the warnings of "Deprecated API Migration Guide": every request for such a version
answers with one. The table ``facts/lifecycle.json`` holds what each minor version says.
"""

from __future__ import annotations

import functools
import importlib.resources
from typing import NamedTuple

import orjson

__all__ = ["deprecation_warning"]


class _Lifecycle(NamedTuple):
    """What a minor version and those after it say; ``removed`` is 0 when not announced."""

    minor: int
    deprecated: int
    removed: int
    replacement: str


# Stable kinds that are deprecated without an announced end.
_STABLE = {
    ("", "v1", "ComponentStatus"): (_Lifecycle(19, 19, 0, ""),),
    ("", "v1", "Endpoints"): (_Lifecycle(33, 33, 0, "discovery.k8s.io/v1 EndpointSlice"),),
}


@functools.cache
def _table() -> dict[tuple[str, str, str], tuple[_Lifecycle, ...]]:
    text = importlib.resources.files("kapi.facts").joinpath("lifecycle.json").read_bytes()
    return _STABLE | {
        (group, version, kind): tuple(_Lifecycle(*row) for row in rows)
        for group, version, kind, rows in orjson.loads(text)
    }


def deprecation_warning(group: str, version: str, kind: str, minor: int) -> str:
    """The text of the Warning header on Kubernetes 1.``minor``; empty for none."""
    said = [row for row in _table().get((group, version, kind), ()) if row.minor <= minor]
    if not said:
        return ""
    _, deprecated, removed, replacement = said[-1]
    name = f"{group}/{version}" if group else version
    text = f"{name} {kind} is deprecated in v1.{deprecated}+"
    if removed:
        text += f", unavailable in v1.{removed}+"
    return f"{text}; use {replacement}" if replacement else text
