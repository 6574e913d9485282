"""Validation of managedFields and of field manager names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.managedfields.entries import APPLY, UPDATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_field_manager", "validate_managed_fields"]

_MAX_MANAGER_BYTES = 128
_MAX_SUBRESOURCE_BYTES = 256


def validate_field_manager(name: str, path: str, errors: ErrorList) -> None:
    """Check a manager's name, as the query parameter ``fieldManager`` or in an entry."""
    if len(name.encode()) > _MAX_MANAGER_BYTES:
        errors.too_long(path, _MAX_MANAGER_BYTES)
    if name.isprintable():
        return
    position = 0
    for char in name:
        if not char.isprintable():
            detail = f"invalid character U+{ord(char):04X} (at position {position})"
            errors.invalid(path, name, detail)
        position += len(char.encode())


def validate_managed_fields(entries: Iterable[JSONObject], path: str, errors: ErrorList) -> None:
    """Check ``metadata.managedFields`` of an object that is about to be stored."""
    for number, entry in enumerate(entries):
        at = f"{path}[{number}]"
        operation = entry.get("operation") or ""
        if operation not in (APPLY, UPDATE):
            errors.invalid(f"{at}.operation", operation, "must be `Apply` or `Update`")
        fields_type = entry.get("fieldsType") or ""
        if fields_type not in ("", "FieldsV1"):
            errors.invalid(f"{at}.fieldsType", fields_type, "must be `FieldsV1`")
        validate_field_manager(entry.get("manager") or "", f"{at}.manager", errors)
        if len((entry.get("subresource") or "").encode()) > _MAX_SUBRESOURCE_BYTES:
            errors.too_long(f"{at}.subresource", _MAX_SUBRESOURCE_BYTES)
