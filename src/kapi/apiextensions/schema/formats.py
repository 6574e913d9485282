"""Formats of strings: what ``format`` in a schema means.

Implements "OpenAPI v3 validation: formats" of the documentation of CustomResourceDefinitions.
Unknown formats mean nothing.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from kapi.apimachinery import names

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FORMATS", "is_format_known", "string_format"]

_HOSTNAME = re.compile(
    r"([a-zA-Z0-9\u00a1-\uffff]((-?[a-zA-Z0-9\u00a1-\uffff]{0,62})[a-zA-Z0-9\u00a1-\uffff])*)"
    r"(\.[a-zA-Z0-9\u00a1-\uffff]([-a-zA-Z0-9\u00a1-\uffff]{0,61}[a-zA-Z0-9\u00a1-\uffff])?)*\.?"
).fullmatch
_EMAIL = re.compile(
    r"(\"[^\"]*\"|[^\s@<>\",;:()\[\]\\]+)@([^\s@<>\",;:()\[\]\\]+|\[[^\]]*\])"
).fullmatch
_UUID = re.compile(
    r"(?i)[0-9A-F]{8}-?[0-9A-F]{4}-?[0-9A-F]{4}-?[0-9A-F]{4}-?[0-9A-F]{12}"
).fullmatch
_UUID3 = re.compile(
    r"(?i)[0-9A-F]{8}-?[0-9A-F]{4}-?3[0-9A-F]{3}-?[0-9A-F]{4}-?[0-9A-F]{12}"
).fullmatch
_UUID4 = re.compile(
    r"(?i)[0-9A-F]{8}-?[0-9A-F]{4}-?4[0-9A-F]{3}-?[89AB][0-9A-F]{3}-?[0-9A-F]{12}"
).fullmatch
_UUID5 = re.compile(
    r"(?i)[0-9A-F]{8}-?[0-9A-F]{4}-?5[0-9A-F]{3}-?[89AB][0-9A-F]{3}-?[0-9A-F]{12}"
).fullmatch
_MAC = re.compile(
    r"(?i)([0-9a-f]{2}([:-])[0-9a-f]{2}(\2[0-9a-f]{2}){4}((\2[0-9a-f]{2}){2}|(\2[0-9a-f]{2}){14})?"
    r"|([0-9a-f]{4}\.){2}[0-9a-f]{4}((\.[0-9a-f]{4})|(\.[0-9a-f]{4}){7})?)"
).fullmatch
_HEX_COLOR = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})").fullmatch
_RGB = r"\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*"
_RGB_COLOR = re.compile(rf"rgb\({_RGB},{_RGB},{_RGB}\)").fullmatch
_SSN = re.compile(r"\d{3}[- ]?\d{2}[- ]?\d{4}").fullmatch
_CREDIT_CARD = re.compile(
    r"(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}"
    r"|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})"
).fullmatch
_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}").fullmatch
_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}([.,]\d+)?([Zz]|[+-]\d{2}:?\d{2})"
).fullmatch
_GO_DURATION = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)").match
_GO_DURATIONS = re.compile(
    r"[+-]?((\d+(\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h))+|[+-]?0"
).fullmatch
# Words for units, as "5 minutes"; the number and its unit may stand anywhere in the text.
_DURATION = re.compile(
    r"(?i)\d+\s*(nanoseconds|nanosecond|nanos|nano|ns|microseconds|microsecond|micros|micro|us"
    r"|\u00b5s|milliseconds|millisecond|millis|milli|ms|seconds|second|secs|sec|s|minutes|minute"
    r"|mins|min|m|hours|hour|hrs|hr|h|days|day|d|weeks|week|wks|wk|w)"
).search
_ISBN_DIGITS = re.compile(r"[\s-]")
_LAST_10 = 10


def _uri(text: str) -> bool:
    """An absolute URL or an absolute path, as an HTTP request line may have it."""
    if not text or any(ord(char) <= 32 or ord(char) == 127 for char in text):
        return False
    if text.startswith("/"):
        return True
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme)


def _email(text: str) -> bool:
    return _EMAIL(text) is not None


def _hostname(text: str) -> bool:
    if _HOSTNAME(text) is None or len(text) > 255:
        return False
    return all(len(part) <= 63 for part in text.split("."))


def _ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


def _cidr(text: str) -> bool:
    if "/" not in text:
        return False
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return text.partition("/")[2].isdigit()


def _byte(text: str) -> bool:
    if not text:
        return False
    try:
        base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        return False
    return True


def _date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2006-01-02")


def _date_time(text: str) -> bool:
    if _DATE_TIME(text) is None:
        return False
    try:
        datetime.fromisoformat(text[:19].upper().replace(" ", "T"))
    except ValueError:
        return False
    return True


def _duration(text: str) -> bool:
    return _GO_DURATIONS(text) is not None or _DURATION(text) is not None


def _isbn10(text: str) -> bool:
    digits = _ISBN_DIGITS.sub("", text)
    if re.fullmatch(r"\d{9}[\dX]", digits) is None:
        return False
    total = sum((index + 1) * int(char) for index, char in enumerate(digits[:9]))
    total += _LAST_10 * (_LAST_10 if digits[9] == "X" else int(digits[9]))
    return total % 11 == 0


def _isbn13(text: str) -> bool:
    digits = _ISBN_DIGITS.sub("", text)
    if re.fullmatch(r"\d{13}", digits) is None:
        return False
    total = sum((3 if index % 2 else 1) * int(char) for index, char in enumerate(digits))
    return total % 10 == 0


def _credit_card(text: str) -> bool:
    digits = re.sub(r"[^0-9]+", "", text)
    if _CREDIT_CARD(digits) is None:
        return False
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _matches(match: Callable[[str], re.Match[str] | None]) -> Callable[[str], bool]:
    return lambda text: match(text) is not None


def _anything(text: str) -> bool:
    return True


FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "bsonobjectid": _matches(_OBJECT_ID),
    "uri": _uri,
    "email": _email,
    "hostname": _hostname,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "cidr": _cidr,
    "mac": _matches(_MAC),
    "uuid": _matches(_UUID),
    "uuid3": _matches(_UUID3),
    "uuid4": _matches(_UUID4),
    "uuid5": _matches(_UUID5),
    "isbn": lambda text: _isbn10(text) or _isbn13(text),
    "isbn10": _isbn10,
    "isbn13": _isbn13,
    "creditcard": _credit_card,
    "ssn": _matches(_SSN),
    "hexcolor": _matches(_HEX_COLOR),
    "rgbcolor": _matches(_RGB_COLOR),
    "byte": _byte,
    "password": _anything,
    "date": _date,
    "duration": _duration,
    "datetime": _date_time,
    "k8sshortname": lambda text: not names.dns1123_label(text),
    "k8slongname": lambda text: not names.dns1123_subdomain(text),
}


def string_format(name: str) -> Callable[[str], bool] | None:
    """What a format demands of a string; dashes in its name do not count."""
    return FORMATS.get(name.replace("-", ""))


def is_format_known(name: str) -> bool:
    """Whether a format means anything to strings."""
    return string_format(name) is not None
