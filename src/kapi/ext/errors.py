"""What extensions say when something is wrong: field errors, and mistakes in a declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.field import ErrorList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kapi.apimachinery.types import JSONValue

__all__ = [
    "DeclarationError",
    "FieldError",
    "Unfit",
    "duplicate",
    "forbidden",
    "invalid",
    "not_found",
    "not_supported",
    "required",
]


class DeclarationError(Exception):
    """An extension that no server can serve; the text says what to change."""


class FieldError(Exception):
    """One broken rule at one field: raise it, return it or yield it from a ``@validate`` function.

    ``field`` is the path in the object as clients see it (``spec.openingHours[0]``), ``reason``
    what machines read (``FieldValueInvalid``), ``body`` the message without the path. The
    functions of this module make them.
    """

    def __init__(self, reason: str, field: str, body: str) -> None:
        super().__init__(f"{field}: {body}")
        self.reason = reason
        self.field = field
        self.body = body


class Unfit(ValueError):
    """A JSON value that a Python type does not take; ``problems`` are (path, message)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(text for _, text in problems))
        self.problems = problems

    def below(self, path: str) -> Unfit:
        """The same as seen from one level up; ``path`` is a member's name or ``[0]``."""
        return Unfit([(_join(path, inner), text) for inner, text in self.problems])


def _join(outer: str, inner: str) -> str:
    if not inner or inner.startswith("["):
        return outer + inner
    return f"{outer}.{inner}"


def _made(add: Callable[[ErrorList], None]) -> FieldError:
    """A field error in the words of Kubernetes."""
    errors = ErrorList()
    add(errors)
    return FieldError(errors[0].reason, errors[0].path, errors[0].body)


def invalid(field: str, value: JSONValue, detail: str) -> FieldError:
    """The value breaks a rule; ``value`` is shown as JSON."""
    return _made(lambda errors: errors.invalid(field, value, detail))


def required(field: str, detail: str = "") -> FieldError:
    """The field must be set."""
    return _made(lambda errors: errors.required(field, detail))


def forbidden(field: str, detail: str) -> FieldError:
    """The field may not be set, or not be changed."""
    return _made(lambda errors: errors.forbidden(field, detail))


def not_supported(field: str, value: JSONValue, supported: Iterable[str]) -> FieldError:
    """The value is none of the supported ones."""
    return _made(lambda errors: errors.not_supported(field, value, supported))


def duplicate(field: str, value: JSONValue) -> FieldError:
    """The value stands there twice."""
    return _made(lambda errors: errors.duplicate(field, value))


def not_found(field: str, value: JSONValue) -> FieldError:
    """The value refers to something that does not exist."""
    return _made(lambda errors: errors.not_found(field, value))
