"""StructuralSchema: the schema of one version of a custom resource, compiled as it is used.

A definition may never get an instance; until one is read, only where its schema can be found is
kept. Rules of ``x-kubernetes-validations`` stay in the schema for whoever evaluates them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import orjson

from kapi.apiextensions.schema.embedded import compile_embedded
from kapi.apiextensions.schema.failures import ABSENT, Failures
from kapi.apiextensions.schema.lists import compile_lists
from kapi.apiextensions.schema.pruning import compile_pruner
from kapi.apiextensions.schema.reading import compile_reader
from kapi.apiextensions.schema.validation import compile_validator
from kapi.apiextensions.schema.validity import compile_validity
from kapi.apimachinery.field import ErrorList

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apiextensions.schema.embedded import CheckEmbedded
    from kapi.apiextensions.schema.failures import Check
    from kapi.apiextensions.schema.lists import CheckLists
    from kapi.apiextensions.schema.reading import Reader, ReadMetadata
    from kapi.apiextensions.schema.validity import IsValid
    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["CheckRules", "CompileRules", "StructuralSchema"]

# (object, old object or None, errors so far, warn): appends the rules that do not hold.
CheckRules: TypeAlias = (
    "Callable[[JSONObject, JSONObject | None, ErrorList, Callable[[str], None]], None]"
)
# Compiles the rules of a schema; None when it has none.
CompileRules: TypeAlias = "Callable[[JSONObject], CheckRules | None]"

_EMPTY: JSONObject = {}


class StructuralSchema:
    """Reads and checks the objects of one version; ``load`` gives its schema."""

    def __init__(
        self,
        load: Callable[[], JSONObject],
        read_metadata: ReadMetadata,
        compile_rules: CompileRules | None = None,
    ) -> None:
        self._load = load
        self._read_metadata = read_metadata
        self._compile_rules = compile_rules

    @cached_property
    def schema(self) -> JSONObject:
        """The schema as the definition has it."""
        return self._load()

    @cached_property
    def read(self) -> Reader:
        """Reads a whole object: pruned, defaulted, numbers normal."""
        return compile_reader(self.schema, self._read_metadata, root=True)

    @cached_property
    def prune(self) -> Callable[[JSONValue], JSONValue]:
        """Takes fields that another version has and this one has not out of a whole object."""
        return compile_pruner(self.schema, root=True)

    @cached_property
    def _check(self) -> Check:
        return compile_validator(self.schema)

    @cached_property
    def _is_valid(self) -> IsValid:
        return compile_validity(self.schema)

    @cached_property
    def _check_status(self) -> Check | None:
        status = (self.schema.get("properties") or _EMPTY).get("status")
        return None if status is None else compile_validator(status)

    @cached_property
    def _check_embedded(self) -> CheckEmbedded | None:
        return compile_embedded(self.schema)

    @cached_property
    def _check_rules(self) -> CheckRules | None:
        return None if self._compile_rules is None else self._compile_rules(self.schema)

    @cached_property
    def _check_lists(self) -> CheckLists | None:
        return compile_lists(self.schema)

    @cached_property
    def status_default(self) -> bytes | None:
        """The status of an object that was given none, as JSON."""
        status = self.read({}, []).get("status")
        return None if status is None else orjson.dumps(status)

    def validate(self, obj: JSONObject, old: JSONObject | None, errors: ErrorList) -> None:
        """Append what breaks the schema; what ``old`` has already is let pass."""
        if self._is_valid(obj):
            return
        _report(self._check, obj, old, "", errors)

    def validate_status(self, obj: JSONObject, old: JSONObject | None, errors: ErrorList) -> None:
        """Append what breaks the schema in the status alone."""
        if self._check_status is None or "status" not in obj:
            return
        before = None if old is None else old.get("status")
        _report(self._check_status, obj["status"], before, "status", errors)

    def validate_embedded(self, obj: JSONObject, errors: ErrorList) -> None:
        """Append what is wrong with the metadata of embedded resources."""
        if self._check_embedded is not None:
            self._check_embedded(obj, "", errors)

    def validate_lists(self, obj: JSONObject, old: JSONObject | None, errors: ErrorList) -> None:
        """Append repeated items of sets and keyed lists, unless ``old`` had such."""
        if self._check_lists is None:
            return
        found = ErrorList()
        self._check_lists(obj, "", found)
        if found and old is not None:
            before = ErrorList()
            self._check_lists(old, "", before)
            if before:
                return
        errors.extend(found)

    def validate_rules(
        self,
        obj: JSONObject,
        old: JSONObject | None,
        errors: ErrorList,
        warn: Callable[[str], None],
    ) -> None:
        """Append the rules of ``x-kubernetes-validations`` that do not hold.

        ``errors`` has what was found before: many rules need an object that fits its schema.
        Rules that did not hold before, for values that did not change, are warned of.
        """
        if self._check_rules is not None:
            self._check_rules(obj, old, errors, warn)


def _report(check: Check, value: JSONValue, old: JSONValue, prefix: str, errors: ErrorList) -> None:
    """Look at everything first; comparing with the old value is for the few that fail."""
    failures = Failures()
    check(value, ABSENT, "", failures)
    if failures and old is not None:
        failures = Failures()
        check(value, old, "", failures)
    failures.report(prefix, errors)
