"""Field and Rule: what ``Annotated`` says about a field beyond its Python type.

Bounds are also read from the metadata of annotated-types and pydantic, which have the same names
(``ge``, ``min_length``, ...); this module needs neither of them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from kapi.ext.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kapi.apimachinery.types import JSONObject

__all__ = ["Field", "Rule", "constrain", "merged_field", "rules_schema"]

_REASONS = (
    "FieldValueInvalid",
    "FieldValueForbidden",
    "FieldValueRequired",
    "FieldValueDuplicate",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A validation rule in CEL (``x-kubernetes-validations``): ``Rule("self.min <= self.max")``."""

    rule: str
    message: str = ""
    message_expression: str = ""
    reason: str = ""
    field_path: str = ""
    optional_old_self: bool = False

    def schema(self) -> JSONObject:
        """The rule as it stands in a schema."""
        if self.reason and self.reason not in _REASONS:
            raise DeclarationError(f"a rule's reason is one of {', '.join(_REASONS)}")
        found: JSONObject = {"rule": self.rule}
        for name, value in (
            ("message", self.message),
            ("messageExpression", self.message_expression),
            ("reason", self.reason),
            ("fieldPath", self.field_path),
            ("optionalOldSelf", self.optional_old_self),
        ):
            if value:
                found[name] = value
        return found


@dataclass(frozen=True, slots=True)
class Field:
    """What a field may hold: ``Annotated[int, Field(ge=1, le=10)]``.

    ``name`` is the field's name in JSON; without it ``opening_hours`` is ``openingHours``.
    ``min_length`` and ``max_length`` count characters of texts, items of lists and members of
    maps. ``list_type`` is ``atomic``, ``set`` or ``map``, the last with the ``list_map_keys``.
    ``nullable`` keeps an explicit null; otherwise null means absent.
    """

    name: str = ""
    description: str = ""
    title: str = ""
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    format: str = ""
    list_type: Literal["", "atomic", "set", "map"] = ""
    list_map_keys: Sequence[str] = ()
    map_type: Literal["", "atomic", "granular"] = ""
    nullable: bool = False
    preserve_unknown_fields: bool = False
    embedded_resource: bool = False
    rules: Sequence[Rule] = ()


# Members of Field that annotated-types and pydantic spell in the same way.
_SHARED = (
    "ge",
    "gt",
    "le",
    "lt",
    "multiple_of",
    "min_length",
    "max_length",
    "pattern",
    "description",
    "title",
)


def merged_field(metadata: Iterable[Any]) -> Field:
    """All that ``Annotated`` says in one Field; later words win, rules add up."""
    found: dict[str, Any] = {}
    rules: list[Rule] = []
    for item in _flat(metadata):
        if isinstance(item, Rule):
            rules.append(item)
        elif isinstance(item, Field):
            rules.extend(item.rules)
            for member in fields(item):
                value = getattr(item, member.name)
                if value != member.default:
                    found[member.name] = value
        else:
            for name in _SHARED:
                value = getattr(item, name, None)
                if value is not None and not callable(value):
                    found[name] = getattr(value, "pattern", value)  # a compiled pattern is text too
            text = getattr(item, "documentation", None)
            if isinstance(text, str):
                found["description"] = text
    found["rules"] = tuple(rules)
    return Field(**found)


def _flat(metadata: Iterable[Any]) -> Iterable[Any]:
    """Metadata with its groups (``annotated_types.Interval``, pydantic's Field) opened."""
    for item in metadata:
        inner = getattr(item, "metadata", None)
        if isinstance(inner, list):  # pydantic's Field
            yield from _flat(inner)
            yield item
        elif not isinstance(item, (Field, Rule, str)) and hasattr(item, "__iter__"):
            yield from _flat(item)
        else:
            yield item


# What bounds are called in the schema of a type, and which types have them.
_LENGTHS = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}


def constrain(schema: JSONObject, field: Field, where: str) -> JSONObject:
    """A schema with what a Field says; DeclarationError where that means nothing."""
    kind = schema.get("type", "")
    found = {**schema}
    _bounds(found, field, kind, where)
    if field.min_length is not None or field.max_length is not None:
        names = _LENGTHS.get(kind)
        if names is None:
            raise DeclarationError(f"{where}: only text, lists and maps have a length")
        lengths = zip(names, (field.min_length, field.max_length), strict=True)
        found.update({name: length for name, length in lengths if length is not None})
    if field.pattern is not None:
        if kind != "string":
            raise DeclarationError(f"{where}: only text has a pattern")
        found["pattern"] = field.pattern
    _collections(found, field, kind, where)
    plain: JSONObject = {
        "description": field.description,
        "title": field.title,
        "format": field.format,
        "nullable": field.nullable,
        "x-kubernetes-preserve-unknown-fields": field.preserve_unknown_fields,
        "x-kubernetes-embedded-resource": field.embedded_resource,
    }
    found.update({name: value for name, value in plain.items() if value})
    if field.rules:
        found["x-kubernetes-validations"] = [
            *found.get("x-kubernetes-validations", ()),
            *rules_schema(field.rules),
        ]
    return found


def rules_schema(rules: Iterable[Rule]) -> list[JSONObject]:
    """Rules as they stand in a schema."""
    return [rule.schema() for rule in rules]


def _bounds(found: JSONObject, field: Field, kind: str, where: str) -> None:
    numbers = (field.ge, field.gt, field.le, field.lt, field.multiple_of)
    if all(number is None for number in numbers):
        return
    if kind not in {"integer", "number"}:
        raise DeclarationError(f"{where}: only numbers have bounds")
    for name, inclusive, exclusive in (
        ("minimum", field.ge, field.gt),
        ("maximum", field.le, field.lt),
    ):
        if exclusive is not None:
            found[name] = exclusive
            found[f"exclusiveM{name[1:]}"] = True
        elif inclusive is not None:
            found[name] = inclusive
    if field.multiple_of is not None:
        found["multipleOf"] = field.multiple_of


def _collections(found: JSONObject, field: Field, kind: str, where: str) -> None:
    if field.list_type or field.list_map_keys:
        if kind != "array":
            raise DeclarationError(f"{where}: only lists have a list_type")
        found["x-kubernetes-list-type"] = field.list_type or "map"
        if field.list_map_keys:
            found["x-kubernetes-list-map-keys"] = list(field.list_map_keys)
    if field.map_type:
        if kind != "object":
            raise DeclarationError(f"{where}: only maps and objects have a map_type")
        found["x-kubernetes-map-type"] = field.map_type
