"""Named formats of strings: the library of ``format``."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.cel.library.times import timestamp
from kapi.cel.library.urls import parse_url
from kapi.cel.types import opaque
from kapi.cel.values import CelError, Optional

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.cel.functions import Functions

__all__ = ["declare_formats"]

_UUID = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NONE = Optional(present=False)


@dataclass(frozen=True, slots=True)
class NamedFormat:
    """A format: its name, and what is wrong with a text."""

    name: str
    problems: Callable[[str], list[str]]

    def validate(self, text: str) -> Optional:
        """The problems of a text, if it has any."""
        problems = self.problems(text)
        return Optional(problems) if problems else _NONE


def _uri(text: str) -> list[str]:
    try:
        parse_url(text)
    except CelError as error:
        return [str(error).removeprefix("URL parse error during conversion from string: ")]
    return []


def _uuid(text: str) -> list[str]:
    return [] if _UUID.fullmatch(text) else ["does not match the UUID format"]


def _byte(text: str) -> list[str]:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ["invalid base64"]
    return []


def _date(text: str) -> list[str]:
    try:
        if _DATE.fullmatch(text):
            date.fromisoformat(text)
            return []
    except ValueError:
        pass
    return ["invalid date"]


def _datetime(text: str) -> list[str]:
    try:
        timestamp(text)
    except CelError:
        return ["invalid datetime"]
    return []


_FORMATS: dict[str, Callable[[str], list[str]]] = {
    "dns1123Label": names.dns1123_label,
    "dns1123Subdomain": names.dns1123_subdomain,
    "dns1035Label": names.dns1035_label,
    "qualifiedName": names.qualified_name,
    "dns1123LabelPrefix": lambda text: names.dns1123_label(text, prefix=True),
    "dns1123SubdomainPrefix": lambda text: names.dns1123_subdomain(text, prefix=True),
    "dns1035LabelPrefix": lambda text: names.dns1035_label(text, prefix=True),
    "labelValue": names.label_value,
    "uri": _uri,
    "uuid": _uuid,
    "byte": _byte,
    "date": _date,
    "datetime": _datetime,
}


def declare_formats(functions: Functions) -> None:
    """Declare the formats by their names."""
    opaque("kubernetes.NamedFormat", NamedFormat)
    declare = functions.declare
    formats = {name: NamedFormat(name, problems) for name, problems in _FORMATS.items()}
    for name, each in formats.items():
        declare(f"format.{name}", "() -> kubernetes.NamedFormat", lambda each=each: each)
    declare(
        "format.named",
        "(string) -> optional_type<kubernetes.NamedFormat>",
        lambda name: Optional(formats[name]) if name in formats else _NONE,
    )
    kind = "kubernetes.NamedFormat.(string) -> optional_type<list<string>>"
    declare("validate", kind, NamedFormat.validate)
