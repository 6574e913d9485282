"""How two structs stand in a message as a difference: the lines that changed, with context."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["struct_diff"]


def struct_diff(old: JSONObject, new: JSONObject) -> str:
    """A unified difference of the indented JSON of two shown structs."""
    lines = difflib.unified_diff(_lines(old), _lines(new), lineterm="", n=3)
    # The first two lines name files, which there are none of.
    return "".join(f"{line}\n" for line in list(lines)[2:])


def _lines(value: JSONObject) -> list[str]:
    return json.dumps(value, indent=1, ensure_ascii=False).split("\n")
