"""Validation of the names in a CustomResourceDefinition, declared or accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names as name_rules

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["require_names", "validate_names"]

_REQUIRED = ("plural", "singular", "kind", "listKind")


def require_names(names: JSONObject, path: str, errors: ErrorList) -> None:
    """A definition has all names that clients need."""
    for member in _REQUIRED:
        if not names.get(member):
            errors.required(f"{path}.{member}")


def validate_names(names: JSONObject, path: str, errors: ErrorList) -> None:
    """Check declared or accepted names: of resources DNS labels, of kinds so in lower case."""
    for member in ("plural", "singular"):
        _label(names.get(member) or "", f"{path}.{member}", errors)
    for member in ("kind", "listKind"):
        kind = names.get(member) or ""
        problems = name_rules.dns1035_label(kind.lower()) if kind else []
        if problems:
            why = f"may have mixed case, but should otherwise match: {','.join(problems)}"
            errors.invalid(f"{path}.{member}", kind, why)
    for index, name in enumerate(names.get("shortNames") or ()):
        _label(name, f"{path}.shortNames[{index}]", errors, required=True)
    if names.get("kind") and names["kind"] == names.get("listKind"):
        why = "kind and listKind may not be the same"
        errors.invalid(f"{path}.listKind", names["listKind"], why)
    for index, name in enumerate(names.get("categories") or ()):
        _label(name, f"{path}.categories[{index}]", errors, required=True)


def _label(name: str, path: str, errors: ErrorList, *, required: bool = False) -> None:
    problems = name_rules.dns1035_label(name) if name or required else []
    if problems:
        errors.invalid(path, name, ",".join(problems))
