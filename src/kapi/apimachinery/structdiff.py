"""How two structs stand in a message as a difference: the lines that changed, with context."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["struct_diff", "with_sorted_maps"]


def struct_diff(old: JSONObject, new: JSONObject) -> str:
    """A unified difference of the indented JSON of two shown structs."""
    lines = difflib.unified_diff(_lines(old), _lines(new), lineterm="", n=3)
    # The first two lines name files, which there are none of.
    return "".join(f"{line}\n" for line in list(lines)[2:])


def with_sorted_maps(value: JSONValue) -> JSONValue:
    """Maps in the order of their keys; a struct's own order comes when it is shown.

    Label selectors keep their JSON names, so their order is made here.
    """
    if isinstance(value, list):
        return [with_sorted_maps(item) for item in value]
    if not isinstance(value, dict):
        return value
    keys = sorted(value, key=lambda key: (key != "matchLabels", key))
    return {key: with_sorted_maps(value[key]) for key in keys}


def _lines(value: JSONObject) -> list[str]:
    return json.dumps(value, indent=1, ensure_ascii=False).split("\n")
