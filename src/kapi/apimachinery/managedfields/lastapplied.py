"""The annotation of client-side apply: kept in step with, and taken over by, server-side apply.

Implements "Upgrading from client-side apply to server-side apply" for the manager ``kubectl``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.structuredmerge.fieldpath import LEAF, FieldSet, difference
from kapi.structuredmerge.listitems import SchemaError

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.structuredmerge.typed import TypedSchema

__all__ = ["LAST_APPLIED_ANNOTATION", "agreed_fields", "set_last_applied"]

LAST_APPLIED_ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
# All annotations of an object together, keys and values.
_MAX_ANNOTATIONS_BYTES = 256 * 1024


def agreed_fields(typed: TypedSchema, live: JSONObject) -> FieldSet:
    """The fields that the annotation of ``live`` sets and that still have that value."""
    text = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED_ANNOTATION)
    if not text:
        return LEAF
    try:
        applied = orjson.loads(text)
        if applied.get("apiVersion") != live.get("apiVersion") or typed.validate(applied):
            return LEAF
        fields = typed.field_set(applied)
        changed, removed = typed.comparer.changes(typed.schema)(applied, live)
    except (orjson.JSONDecodeError, SchemaError, AttributeError):
        return LEAF
    return difference(difference(fields, changed or LEAF), removed or LEAF)


def set_last_applied(obj: JSONObject, applied: JSONObject) -> None:
    """Rewrite the annotation of ``obj``, when it has one, to what was applied now.

    ``obj``'s metadata must not be shared with another object.
    """
    metadata = obj["metadata"]
    annotations = metadata.get("annotations") or {}
    if not annotations.get(LAST_APPLIED_ANNOTATION):
        return
    annotations = {**annotations, LAST_APPLIED_ANNOTATION: _configuration(applied)}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in annotations.items())
    if size > _MAX_ANNOTATIONS_BYTES:
        del annotations[LAST_APPLIED_ANNOTATION]
    metadata["annotations"] = annotations


def _configuration(applied: JSONObject) -> str:
    """The applied object without the annotation, as Go's JSON encoder writes it."""
    metadata = applied["metadata"]
    annotations = metadata.get("annotations")
    if annotations is not None:
        rest = {name: v for name, v in annotations.items() if name != LAST_APPLIED_ANNOTATION}
        applied = {**applied, "metadata": {**metadata, "annotations": rest}}
    text = orjson.dumps(applied, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
