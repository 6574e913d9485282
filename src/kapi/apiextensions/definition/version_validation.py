"""Validation of what a version says beside its schema.

Deprecation, subresources, printer columns and selectable fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apiextensions.schema.field_path import FieldPathError, find_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "validate_columns",
    "validate_deprecation_warning",
    "validate_selectable_fields",
    "validate_subresources",
]

_MAX_WARNING = 256
_MAX_SELECTABLE_FIELDS = 8
_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS = (
    "byte",
    "date",
    "date-time",
    "double",
    "float",
    "int32",
    "int64",
    "password",
)
_SELECTABLE_TYPES = frozenset({"string", "boolean", "integer"})


def validate_deprecation_warning(version: JSONObject, path: str, errors: ErrorList) -> None:
    """A warning is short, printable, and for deprecated versions."""
    warning = version.get("deprecationWarning")
    if warning is None:
        return
    if not version.get("deprecated"):
        errors.invalid(path, warning, "can only be set for deprecated versions")
        return
    if len(warning) > _MAX_WARNING:
        errors.invalid(path, warning, f"must be <= {_MAX_WARNING} characters long")
    if not warning:
        errors.invalid(path, warning, "must not be an empty string")
    for index, char in enumerate(warning):
        if not char.isprintable():
            why = (
                "must only contain printable UTF-8 characters; non-printable character found at "
                f"index {index}"
            )
            errors.invalid(path, warning, why)
            break


def validate_subresources(subresources: JSONObject, path: str, errors: ErrorList) -> None:
    """The paths of scale are simple, and where replicas belong."""
    scale = subresources.get("scale")
    if scale is None:
        return
    at = f"{path}.scale"
    _replicas_path(scale, "specReplicasPath", ".spec", at, errors)
    _replicas_path(scale, "statusReplicasPath", ".status", at, errors)
    selector = scale.get("labelSelectorPath")
    if not selector or not _is_simple(selector, f"{at}.labelSelectorPath", errors):
        return
    if not selector.startswith((".spec.", ".status.")):
        why = "should be a json path under either .spec or .status"
        errors.invalid(f"{at}.labelSelectorPath", selector, why)


def _replicas_path(scale: JSONObject, member: str, root: str, path: str, errors: ErrorList) -> None:
    at, value = f"{path}.{member}", scale.get(member) or ""
    if not value:
        errors.required(at)
    elif _is_simple(value, at, errors) and not value.startswith(f"{root}."):
        errors.invalid(at, value, f"should be a json path under {root}")


def _is_simple(value: str, path: str, errors: ErrorList) -> bool:
    if not value.startswith("."):
        errors.invalid(path, value, "must be a simple json path starting with .")
        return False
    return True


def validate_columns(columns: Sequence[JSONObject], path: str, errors: ErrorList) -> None:
    """Each printer column has a name, a type and a path."""
    for index, column in enumerate(columns):
        at = f"{path}[{index}]"
        if not column.get("name"):
            errors.required(f"{at}.name")
        kind = column.get("type") or ""
        known = f"must be one of {','.join(_COLUMN_TYPES)}"
        if not kind:
            errors.required(f"{at}.type", known)
        elif kind not in _COLUMN_TYPES:
            errors.invalid(f"{at}.type", kind, known)
        declared = column.get("format") or ""
        if declared and declared not in _COLUMN_FORMATS:
            why = f"must be one of {','.join(_COLUMN_FORMATS)}"
            errors.invalid(f"{at}.format", declared, why)
        value = column.get("jsonPath") or ""
        if value:
            _is_simple(value, f"{at}.JSONPath", errors)
        else:
            errors.required(f"{at}.JSONPath")


def validate_selectable_fields(
    fields: Sequence[JSONObject], schema: JSONObject, path: str, errors: ErrorList
) -> None:
    """Selectable fields are few, and scalars of the schema."""
    seen: set[str] = set()
    for index, field in enumerate(fields):
        at, value = f"{path}[{index}].jsonPath", field.get("jsonPath") or ""
        if not value:
            errors.required(at)
            continue
        try:
            found = find_field(value, schema, brackets=False)
        except FieldPathError as error:
            errors.invalid(at, value, f"is an invalid path: {error}")
            continue
        if found.names[0] == "metadata":
            errors.invalid(at, value, "must not point to fields in metadata")
        if (found.schema.get("type") or "") not in _SELECTABLE_TYPES:
            why = (
                "must point to a field of type string, boolean or integer. Enum string fields "
                "and strings with formats are allowed."
            )
            errors.invalid(at, value, why)
        if found.shown in seen:
            errors.duplicate(at, value)
        seen.add(found.shown)
    if len(seen) > _MAX_SELECTABLE_FIELDS:
        errors.too_many(path, len(seen), _MAX_SELECTABLE_FIELDS)
