"""Default values in schemas: each must be valid by itself and have no unknown fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apiextensions.schema.embedded import compile_embedded
from kapi.apiextensions.schema.failures import ABSENT, Failures
from kapi.apiextensions.schema.pruning import prune
from kapi.apiextensions.schema.reading import META_FIELDS
from kapi.apiextensions.schema.validation import compile_validator
from kapi.apiextensions.validations.check import has_rules

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["validate_defaults"]


def validate_defaults(schema: JSONObject, path: str, errors: ErrorList) -> None:
    """Check all defaults below a schema; its structure has been found valid."""
    _validate(schema, path, errors, root=True, inside_meta=False)


def _validate(
    schema: JSONObject, path: str, errors: ErrorList, *, root: bool, inside_meta: bool
) -> None:
    default = schema.get("default")
    if default is not None:
        at = f"{path}.default"
        if not inside_meta and prune(default, schema, root=root) != default:
            errors.invalid(at, default, "must not have unknown fields")
        embedded = {**schema, "x-kubernetes-embedded-resource": True} if root else schema
        check = compile_embedded(embedded)
        if check is not None:
            check(default, at, errors)
        failures = Failures()
        compile_validator(schema)(default, ABSENT, "", failures)
        failures.report(at, errors)
        _validate_rules(schema, default, at, errors, root=root)
    has_meta = root or bool(schema.get("x-kubernetes-embedded-resource"))
    for name, part in (schema.get("properties") or {}).items():
        meta = inside_meta or (has_meta and name in META_FIELDS)
        _validate(part, f"{path}.properties[{name}]", errors, root=False, inside_meta=meta)
    for keyword in ("items", "additionalProperties"):
        part = schema.get(keyword)
        if isinstance(part, dict):
            _validate(part, f"{path}.{keyword}", errors, root=False, inside_meta=inside_meta)


def _validate_rules(
    schema: JSONObject, default: JSONValue, path: str, errors: ErrorList, *, root: bool
) -> None:
    """A default must hold the rules; those that cannot be compiled are told elsewhere."""
    if not has_rules(schema):
        return
    from kapi.apiextensions.validations.evaluation import (  # noqa: PLC0415 - loads CEL
        compile_rules,
        evaluate_rules,
    )
    from kapi.apiextensions.validations.rules import RuleError  # noqa: PLC0415 - loads CEL

    try:
        evaluate = compile_rules(schema, root=root)
    except RuleError:
        return
    if evaluate is not None:
        evaluate_rules(evaluate, default, None, path, errors)
