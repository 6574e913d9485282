"""TypedSchema: the schema of one kind of object with everything that is compiled from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapi.structuredmerge import fieldset, validation, valuemerge
from kapi.structuredmerge.comparison import Comparer

if TYPE_CHECKING:
    from kapi.structuredmerge.fieldpath import FieldSet
    from kapi.structuredmerge.schema import Schema

__all__ = ["TypedSchema"]


class TypedSchema:
    """What server-side apply does with the values of one schema.

    ``zero`` is the empty object of the kind; its members are there before anybody sets them.
    ``exact`` must be true when the schema has untyped parts, ``strict`` when stored objects might
    not fit the schema.
    """

    def __init__(
        self, schema: Schema, zero: dict[str, Any], *, exact: bool, strict: bool = False
    ) -> None:
        self.schema = schema
        self.zero = zero
        self.strict = strict
        self.comparer = Comparer(exact=exact)
        self.equal = self.comparer.equal

    def validate(self, value: Any, *, duplicates: bool = False) -> list[str]:
        """What does not fit the schema, as messages; ``duplicates`` may be allowed in lists."""
        return validation.validate(self.schema, value, duplicates=duplicates)

    def field_set(self, value: Any) -> FieldSet:
        """The fields that a valid object names."""
        return fieldset.field_set(self.schema, value)

    def with_named_members(self, fields: FieldSet) -> FieldSet:
        """The set with the struct members on the way added."""
        return fieldset.with_named_members(self.schema, fields)

    def reconcile(self, fields: FieldSet) -> FieldSet:
        """The set as it is after what it names became atomic."""
        return fieldset.reconcile(self.schema, fields)

    def merge(self, live: dict[str, Any], applied: dict[str, Any]) -> dict[str, Any]:
        """The live object with what the applied one names."""
        merged: dict[str, Any] = valuemerge.merge(self.schema, live, applied)
        return merged

    def remove(self, value: dict[str, Any], fields: FieldSet) -> dict[str, Any]:
        """The object without these fields."""
        return valuemerge.remove(self.schema, value, fields) or {}
