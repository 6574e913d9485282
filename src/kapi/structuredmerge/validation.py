"""Validation: whether a value has the form that its schema demands.

The messages are those that "Server-Side Apply" answers with for a body that does not fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kapi.structuredmerge.fieldpath import path_text
from kapi.structuredmerge.listitems import SchemaError, element_of
from kapi.structuredmerge.schema import ListSchema, MapSchema, ScalarSchema, Schema

if TYPE_CHECKING:
    from kapi.structuredmerge.schema import SchemaRef

__all__ = ["Foreign", "message", "validate"]

_UNDEFINED = "{{undefined}}"


class Foreign(NamedTuple):
    """A value of a type that JSON lacks, which fits no schema: how messages show it."""

    plain: str
    syntax: str
    type: str


def message(problems: list[str]) -> str:
    """One text for one or more problems."""
    return problems[0] if len(problems) == 1 else "\n  ".join(["errors:", *problems])


def validate(schema: Schema, value: Any, *, duplicates: bool = False) -> list[str]:
    """What is wrong with the value, as texts with the path of the field in front.

    ``duplicates`` allows items of a list to share a key, as they may in stored objects.
    """
    errors = _Errors(duplicates=duplicates)
    _validate(schema, value, "", errors)
    if len(errors) > 0:  # only what is wrong is told in order
        errors = _Errors(duplicates=duplicates, in_order=True)
        _validate(schema, value, "", errors)
    return errors


class _Errors(list[str]):
    """Texts; ``in_order`` goes through the members of maps by name."""

    def __init__(self, *, duplicates: bool, in_order: bool = False) -> None:
        super().__init__()
        self.duplicates = duplicates
        self.in_order = in_order


def _validate(schema: Schema, value: Any, path: str, errors: _Errors) -> None:
    if value is None:
        return
    if isinstance(schema, ScalarSchema):
        _validate_scalar(schema, value, path, errors)
    elif isinstance(schema, MapSchema):
        if isinstance(value, dict):
            _validate_map(schema, value, path, errors)
        else:
            errors.append(f"{_at(path)}expected map, got &{{{_plain(value)}}}")
    elif isinstance(schema, ListSchema):
        if isinstance(value, list):
            _validate_list(schema, value, path, errors)
        else:
            errors.append(f"{_at(path)}expected list, got &{{{_plain(value)}}}")


def _at(path: str) -> str:
    return f"{path}: " if path else ""


def _validate_scalar(schema: ScalarSchema, value: Any, path: str, errors: _Errors) -> None:
    kind = schema.scalar
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "string":
        if not isinstance(value, str):
            found = f"&value.valueUnstructured{{Value:{_syntax(value)}}}"
            errors.append(f"{_at(path)}expected string, got {found}")
    elif kind == "numeric":
        if not number:
            errors.append(f"{_at(path)}expected numeric (int or float), got {_type(value)}")
    elif kind == "boolean":
        if not isinstance(value, bool):
            errors.append(f"{_at(path)}expected boolean, got &{{{_plain(value)}}}")
    elif isinstance(value, (dict, list, Foreign)):
        errors.append(f"{_at(path)}expected any scalar, got &{{{_plain(value)}}}")


def _validate_map(schema: MapSchema, value: dict[str, Any], path: str, errors: _Errors) -> None:
    for name, item in sorted(value.items()) if errors.in_order else value.items():
        ref: SchemaRef | None = schema.fields.get(name, schema.element)
        if ref is None:
            errors.append(f"{path}.{name}: field not declared in schema")
            return
        _validate(ref(), item, f"{path}.{name}", errors)


def _validate_list(schema: ListSchema, value: list[Any], path: str, errors: _Errors) -> None:
    item_schema = schema.element()
    if schema.type == "atomic":
        for number, item in enumerate(value):
            _validate(item_schema, item, f"{path}[{number}]", errors)
        return
    element = element_of(schema)
    seen: set[str] = set()
    for number, item in enumerate(value):
        if _is_unnamed(schema, item):
            keys = ",".join(f"{key}={_UNDEFINED}" for key in schema.keys) or f"={_UNDEFINED}"
            _validate(item_schema, item, f"{path}[{keys}]", errors)
            continue
        try:
            name = element(item)
        except SchemaError as error:
            errors.append(f"{_at(path)}element {number}: {error}")
            continue
        text = path_text((name,))
        if name in seen and not errors.duplicates:
            errors.append(f"{_at(path)}duplicate entries for key {text}")
        seen.add(name)
        _validate(item_schema, item, path + text, errors)


def _is_unnamed(schema: ListSchema, item: Any) -> bool:
    """Whether an item cannot be told from others by what no JSON has."""
    if item.__class__ is dict:
        return any(item.get(key).__class__ is Foreign for key in schema.keys)
    return item.__class__ is Foreign and not schema.keys


def _type(value: Any) -> str:
    """The value's type as Go's %T names it."""
    if isinstance(value, Foreign):
        return value.type
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    return "map[string]interface {}" if isinstance(value, dict) else "[]interface {}"


def _plain(value: Any) -> str:
    """The value as Go's %v prints it."""
    if isinstance(value, Foreign):
        return value.plain
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "map[" + " ".join(f"{name}:{_plain(value[name])}" for name in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_plain, value)) + "]"
    return "<nil>" if value is None else _scalar(value)


def _syntax(value: Any) -> str:
    """The value as Go's %#v prints it."""
    if isinstance(value, Foreign):
        return value.syntax
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        inner = ", ".join(f"{_syntax(name)}:{_syntax(value[name])}" for name in sorted(value))
        return f"map[string]interface {{}}{{{inner}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(_syntax, value))}}}"
    return "interface {}(nil)" if value is None else _scalar(value)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
