"""Default values in schemas: each must be valid by itself and have no unknown fields.

A default inside of the metadata of a resource is judged as a part of that resource: one with
nothing else in it than a kind and an apiVersion.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

import orjson

from kapi.apiextensions.schema.embedded import compile_embedded, compile_embedded_types
from kapi.apiextensions.schema.failures import ABSENT, Failures
from kapi.apiextensions.schema.pruning import prune
from kapi.apiextensions.schema.reading import META_FIELDS
from kapi.apiextensions.schema.validation import compile_validator
from kapi.apiextensions.validations.check import has_rules
from kapi.apimachinery.field import ErrorList

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["validate_defaults"]

_EMBEDDED = "x-kubernetes-embedded-resource"
# What surrounds a default in metadata where nothing else says what it is.
_TYPE_META = {"apiVersion": "validation/v1", "kind": "Validation"}


class _Place(NamedTuple):
    """Where a schema stands."""

    path: str
    # The schema of the resource around, and the steps from it to here: names, or 0 for an item.
    resource: JSONObject
    steps: tuple[str | int, ...] = ()
    inside_meta: bool = False
    root: bool = False


def validate_defaults(schema: JSONObject, path: str, errors: ErrorList) -> None:
    """Check all defaults below a schema; its structure has been found valid."""
    whole = {**schema, _EMBEDDED: True}
    _validate(whole, _Place(path, whole, root=True), errors)


def _validate(schema: JSONObject, place: _Place, errors: ErrorList) -> None:
    """Defaults of additionalProperties are not followed, and never used."""
    if schema.get(_EMBEDDED):
        place = place._replace(resource=schema, steps=(), inside_meta=False)
    default = schema.get("default")
    if default is not None:
        _validate_default(default, schema, place, errors)
    items = schema.get("items")
    if isinstance(items, dict):
        below = place._replace(path=f"{place.path}.items", steps=(*place.steps, 0), root=False)
        _validate(items, below, errors)
    properties = schema.get("properties") or {}
    for name in sorted(properties):
        meta = place.inside_meta or bool(schema.get(_EMBEDDED) and name in META_FIELDS)
        at, steps = f"{place.path}.properties[{name}]", (*place.steps, name)
        below = place._replace(path=at, steps=steps, inside_meta=meta, root=False)
        _validate(properties[name], below, errors)


def _validate_default(
    default: JSONValue, schema: JSONObject, place: _Place, errors: ErrorList
) -> None:
    at, found = f"{place.path}.default", ErrorList()
    # Members stand in the order of their names where a default is shown.
    shown = orjson.loads(orjson.dumps(default, option=orjson.OPT_SORT_KEYS))
    if place.inside_meta:
        _check_resources(_surrounded(default, place.steps), place.resource, "", found)
        if found:
            why = f"must result in valid metadata: {_joined(found)}"
            errors.invalid(at, shown, why)
            return
    else:
        readable = _check_resources(default, schema, at, found)
        embedded = bool(schema.get(_EMBEDDED))
        if readable and prune(default, schema, root=embedded) != default:
            errors.invalid(at, shown, "must not have unknown fields")
    if not found:
        failures = Failures()
        compile_validator(schema)(default, ABSENT, "", failures)
        failures.report(at, found)
    if not found:
        _validate_rules(schema, default, at, found, root=place.root)
    errors.extend(found)


def _check_resources(value: JSONValue, schema: JSONObject, path: str, errors: ErrorList) -> bool:
    """Check all resources in a default; false if one cannot even be read."""
    check_types, check = compile_embedded_types(schema), compile_embedded(schema)
    if check_types is not None:
        check_types(value, path, errors)
        if errors:
            return False
    if check is not None:
        check(value, path, errors)
    return True


def _surrounded(default: JSONValue, steps: tuple[str | int, ...]) -> JSONObject:
    """The smallest resource that has a default where it belongs."""
    value = deepcopy(default)
    for step in reversed(steps):
        value = [value] if step == 0 else {step: value}
    return {**_TYPE_META, **value}


def _joined(errors: ErrorList) -> str:
    texts = list(dict.fromkeys(map(str, errors)))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


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
