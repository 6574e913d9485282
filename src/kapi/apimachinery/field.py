"""Field errors: what is wrong with which field of an object, in Kubernetes' words.

A path is plain text (``spec.containers[0].name``, ``metadata.labels[a]``); it is only put
together on the way down, so a valid object costs little. Values stand in messages as JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = ["ErrorList", "FieldError", "child", "quote", "render"]


def child(path: str, name: str) -> str:
    """The path of a member; ``path`` may be empty."""
    return f"{path}.{name}" if path else name


def quote(text: str) -> str:
    """Text in double quotes with the escapes that Go's %q uses."""
    out = ['"']
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char.isprintable():
            out.append(char)
        else:
            out.append(_ESCAPES.get(char) or _hex_escape(ord(char)))
    out.append('"')
    return "".join(out)


_ESCAPES = {
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\v": "\\v",
}


def _hex_escape(code: int) -> str:
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def render(value: JSONValue) -> str:
    """A value as it stands in a message: quoted text, a plain number, or JSON."""
    if isinstance(value, str):
        return quote(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    text = orjson.dumps(value).decode()
    for char, escape in _ESCAPED_IN_JSON:
        if char in text:
            text = text.replace(char, escape)
    return text


# As Go's encoder writes them, so that JSON may stand inside of HTML.
_ESCAPED_IN_JSON = (
    ("<", "\\u003c"),
    (">", "\\u003e"),
    ("&", "\\u0026"),
    ("\u2028", "\\u2028"),
    ("\u2029", "\\u2029"),
)


class FieldError:
    """One broken rule at one field.

    ``reason`` is the machine-read cause reason (``FieldValueRequired`` and so on), ``body`` the
    message without the path.
    """

    __slots__ = ("body", "path", "reason")

    def __init__(self, reason: str, path: str, body: str) -> None:
        self.reason = reason
        self.path = path
        self.body = body

    def __str__(self) -> str:
        return f"{self.path}: {self.body}"

    def __repr__(self) -> str:
        return f"FieldError({self.reason}, {self})"

    def cause(self) -> JSONObject:
        """The StatusCause."""
        return {"reason": self.reason, "message": self.body, "field": self.path}


class ErrorList(list[FieldError]):
    """Collects field errors; one method for each type of error of the field package."""

    __slots__ = ()

    def required(self, path: str, detail: str = "") -> None:
        """The field must be set."""
        body = f"Required value: {detail}" if detail else "Required value"
        self.append(FieldError("FieldValueRequired", path, body))

    def invalid(self, path: str, value: JSONValue, detail: str) -> None:
        """The value breaks a rule; ``value`` is shown as JSON."""
        body = f"Invalid value: {render(value)}"
        self.append(FieldError("FieldValueInvalid", path, f"{body}: {detail}" if detail else body))

    def invalid_each(self, path: str, value: JSONValue, details: Iterable[str]) -> None:
        """One ``invalid`` for each detail, as name checks return them."""
        for detail in details:
            self.invalid(path, value, detail)

    def not_supported(self, path: str, value: JSONValue, supported: Iterable[str]) -> None:
        """The value is none of the supported ones (shown in the order given)."""
        known = ", ".join(quote(s) for s in supported)
        body = f"Unsupported value: {render(value)}"
        if known:
            body += f": supported values: {known}"
        self.append(FieldError("FieldValueNotSupported", path, body))

    def duplicate(self, path: str, value: JSONValue) -> None:
        """The value stands there twice."""
        self.append(FieldError("FieldValueDuplicate", path, f"Duplicate value: {render(value)}"))

    def forbidden(self, path: str, detail: str) -> None:
        """The field may not be set (or changed)."""
        body = f"Forbidden: {detail}" if detail else "Forbidden"
        self.append(FieldError("FieldValueForbidden", path, body))

    def not_found(self, path: str, value: JSONValue) -> None:
        """The value refers to something that is not there."""
        self.append(FieldError("FieldValueNotFound", path, f"Not found: {render(value)}"))

    def too_long(self, path: str, max_bytes: int) -> None:
        """The text exceeds a limit in bytes."""
        body = f"Too long: may not be more than {max_bytes} bytes"
        self.append(FieldError("FieldValueTooLong", path, body))

    def too_many(self, path: str, actual: int, maximum: int) -> None:
        """The list exceeds a limit in items."""
        unit = "item" if maximum == 1 else "items"
        body = f"Too many: {actual}: must have at most {maximum} {unit}"
        self.append(FieldError("FieldValueTooMany", path, body))

    def type_invalid(self, path: str, value: JSONValue, detail: str) -> None:
        """The value has the wrong type."""
        body = f"Invalid value: {render(value)}: {detail}"
        self.append(FieldError("FieldValueTypeInvalid", path, body))

    def internal(self, path: str, detail: str) -> None:
        """The rule itself could not be evaluated."""
        self.append(FieldError("InternalError", path, f"Internal error: {detail}"))
