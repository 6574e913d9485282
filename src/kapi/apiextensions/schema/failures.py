"""Failures: what validation finds, before it is known below which field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from kapi.apimachinery.field import ErrorList, FieldError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["ABSENT", "Check", "CompileValidator", "Failures", "json_text"]


class _Absent:
    __slots__ = ()


# There is no old value to compare with.
ABSENT: Final = _Absent()

# (value, old, path, failures): ``path`` is the path below the schema's root.
Check: TypeAlias = "Callable[[JSONValue, JSONValue, str, Failures], None]"
# Compiles the check of all values that a schema describes.
CompileValidator: TypeAlias = "Callable[[JSONObject], Check]"


class Failures(list[tuple[FieldError, bool]]):
    """What is wrong, with paths relative to the root of the schema.

    True marks numbers that do not fit: those are told even from an alternative (anyOf and so on)
    that was not the best one.
    """

    def fail(self, reason: str, path: str, body: str, *, important: bool = False) -> None:
        """Add one failure."""
        self.append((FieldError(reason, path, body), important))

    def invalid(self, path: str, value: JSONValue, rule: str) -> None:
        """Add a broken rule in the words of validators of OpenAPI."""
        shown = ErrorList()
        shown.invalid(path, value, f"{path} in body {rule}")
        self.append((shown[0], False))

    def report(self, prefix: str, errors: ErrorList) -> None:
        """Add the failures to field errors, below ``prefix``."""
        for error, _ in self:
            path = error.path.removeprefix(".")
            if not path:
                path = prefix or "<nil>"
            elif prefix:
                path = f"{prefix}.{path}"
            errors.append(FieldError(error.reason, path, error.body))


def json_text(value: JSONValue) -> bytes:
    """A value as text that is the same for equal values."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
