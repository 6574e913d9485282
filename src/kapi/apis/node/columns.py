"""Table columns of RuntimeClass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.registry.duration import age
from kapi.registry.rules import Column, Columns
from kapi.registry.standard_columns import AGE, NAME

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["RUNTIME_CLASS"]


def _runtime_class_cells(obj: JSONObject, now: float) -> list[JSONValue]:
    meta = obj["metadata"]
    return [meta["name"], obj.get("handler", ""), age(meta.get("creationTimestamp"), now)]


RUNTIME_CLASS = Columns((NAME, Column("Handler"), AGE), _runtime_class_cells)
