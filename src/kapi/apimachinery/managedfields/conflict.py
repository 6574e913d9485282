"""The 409 of an apply that would change fields of other managers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import Conflict
from kapi.apimachinery.field import quote
from kapi.apimachinery.managedfields.entries import UPDATE, ManagerID
from kapi.structuredmerge.fieldpath import path_text, paths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.structuredmerge.fieldpath import FieldSet

__all__ = ["apply_conflict"]


def apply_conflict(conflicts: Mapping[ManagerID, FieldSet]) -> Conflict:
    """The error with a cause for each field, by manager and then by path."""
    fields = [
        (_describe(manager), [path_text(path) for path in paths(conflicts[manager])])
        for manager in sorted(conflicts)
    ]
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {owner}", "field": field}
        for owner, owned in fields
        for field in owned
    ]
    if len(causes) == 1:
        owner, owned = fields[0]
        return Conflict(
            f"Apply failed with 1 conflict: conflict with {owner}: {owned[0]}", {"causes": causes}
        )
    lines = []
    for owner, owned in fields:
        lines.append(f"conflicts with {owner}:")
        lines += [f"- {field}" for field in owned]
    text = "\n".join(lines)
    return Conflict(f"Apply failed with {len(causes)} conflicts: {text}", {"causes": causes})


def _describe(manager: ManagerID) -> str:
    text = quote(manager.manager)
    if manager.subresource:
        text += f" with subresource {quote(manager.subresource)}"
    return f"{text} using {manager.api_version}" if manager.operation == UPDATE else text
