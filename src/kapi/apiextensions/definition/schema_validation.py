"""Validation of the schema of one version, in the order in which its problems are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apiextensions.definition.default_values import validate_defaults
from kapi.apiextensions.definition.openapi_schema import (
    subschemas,
    unsupported_keyword,
    validate_openapi_schema,
)
from kapi.apiextensions.definition.structural import validate_structural
from kapi.apiextensions.schema.formats import is_format_known
from kapi.apiextensions.schema.go_schema import SCHEMA_MEMBERS, show_schema
from kapi.apiextensions.validations.check import has_rules
from kapi.apimachinery.field import ErrorList

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.apimachinery.types import JSONObject

__all__ = ["has_defaults", "unrecognized_formats", "validate_schema"]

# What the root may say when status is a subresource: its schema is used apart from the rest.
_AT_ROOT = (
    "description",
    "type",
    "format",
    "title",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "multipleOf",
    "required",
    "items",
    "properties",
    "externalDocs",
    "example",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
)


def validate_schema(
    schema: JSONObject,
    path: str,
    errors: ErrorList,
    *,
    status_subresource: bool,
    unchanged: bool = False,
) -> None:
    """Check the schema of a version: root, structure, defaults, keywords, rules, in this order.

    Defaults are judged only in structural schemas, rules compiled only where both are good.
    Rules of an ``unchanged`` schema may each cost what they have cost before.
    """
    if status_subresource:
        _validate_root(schema, path, errors)
    if schema.get("nullable"):
        errors.forbidden(f"{path}.nullable", "nullable cannot be true at the root")
    unsupported = unsupported_keyword(schema)
    structural, found = ErrorList(), ErrorList()
    if not unsupported:
        validate_structural(schema, path, structural)
        if not structural:
            validate_defaults(schema, path, structural)
    validate_openapi_schema(schema, path, found)
    errors.extend(structural)
    errors.extend(found)
    if unsupported:
        if not errors:
            errors.invalid(path, "", unsupported)
    elif not structural and has_rules(schema):
        from kapi.apiextensions.validations.definition import (  # noqa: PLC0415 - loads CEL
            validate_rules,
        )

        broken = frozenset(error.path for error in found)
        total = validate_rules(schema, path, errors, broken=broken, unchanged=unchanged)
        total.report(path, errors)


def _validate_root(schema: JSONObject, path: str, errors: ErrorList) -> None:
    kind = schema.get("type") or ""
    for member in SCHEMA_MEMBERS:
        value = schema.get(member)
        if value is None or value in ("", False, [], {}):
            continue
        if member == "type" and kind != "object":
            why = (
                'only "object" is allowed as the type at the root of the schema if the status '
                "subresource is enabled"
            )
            errors.invalid(f"{path}.type", kind, why)
            return
        if member not in _AT_ROOT:
            known = " ".join(SCHEMA_MEMBERS[name][0] for name in _AT_ROOT)
            why = (
                f"only [{known}] fields are allowed at the root of the schema if the status "
                "subresource is enabled"
            )
            errors.invalid(path, show_schema(schema), why)
            return


def has_defaults(schema: JSONObject) -> bool:
    """Whether there is a default anywhere in a schema."""
    if schema.get("default") is not None:
        return True
    return any(has_defaults(part) for _, _, part in subschemas(schema))


_NUMBER_FORMATS = {"integer": ("int32", "int64"), "number": ("float", "double")}


def unrecognized_formats(schema: JSONObject) -> list[str]:
    """The formats that mean nothing to the server for the type that they stand at, each once."""
    return list(dict.fromkeys(_unrecognized(schema)))


def _unrecognized(schema: JSONObject) -> Iterator[str]:
    name, kind = schema.get("format") or "", schema.get("type") or "string"
    if name:
        known = name in _NUMBER_FORMATS.get(kind, ())
        if not known and not (kind == "string" and is_format_known(name)):
            yield name
    for _, _, part in subschemas(schema):
        yield from _unrecognized(part)
