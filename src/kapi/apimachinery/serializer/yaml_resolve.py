"""What a plain YAML scalar means: booleans, numbers, null or text.

The rules are YAML 1.1 as Kubernetes clients rely on it: ``yes`` and ``on`` are booleans, ``010`` is
eight, ``1_000`` a thousand; dates stay text, and so do sexagesimal numbers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONValue

__all__ = ["is_text", "resolve"]

_WORDS: dict[str, JSONValue] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
for _word in ("y", "yes", "on", "true"):
    _WORDS |= dict.fromkeys((_word, _word.capitalize(), _word.upper()), True)
for _word in ("n", "no", "off", "false"):
    _WORDS |= dict.fromkeys((_word, _word.capitalize(), _word.upper()), False)
for _word in (".inf", ".Inf", ".INF"):
    _WORDS |= {_word: float("inf"), f"+{_word}": float("inf"), f"-{_word}": float("-inf")}
_WORDS |= dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan"))

_MAYBE_NUMBER = frozenset("+-.0123456789")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(
    r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))", re.ASCII
)
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]*)?"
    r"[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?)?)?"
)
_LONGEST_INTEGER = 70  # characters of a 64-bit number in base two


def resolve(text: str) -> JSONValue:
    """The value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _MAYBE_NUMBER:
        return text
    number = _number(text)
    return text if number is None else number


def is_text(text: str) -> bool:
    """Whether the plain scalar is text for every reader, so that it needs no quotes."""
    if text in _WORDS or text in ("<<", "="):
        return False
    if text[0] not in _MAYBE_NUMBER:
        return True
    return _number(text) is None and not (
        _SEXAGESIMAL.fullmatch(text) or _TIMESTAMP.fullmatch(text)
    )


def _number(text: str) -> int | float | None:
    plain = text.replace("_", "") if "_" in text else text
    match = _INTEGER.fullmatch(plain) if len(plain) <= _LONGEST_INTEGER else None
    if match is not None:
        number = _integer(match)
        if -(1 << 63) <= number < 1 << 64:
            return number
    if not _FLOAT.fullmatch(plain):
        return None
    value = float(plain)
    # JSON, into which YAML is turned, has no difference between 1.0 and 1.
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _integer(match: re.Match[str]) -> int:
    sign, hexadecimal, binary, octal, decimal = match.groups()
    if hexadecimal:
        number = int(hexadecimal, 16)
    elif binary:
        number = int(binary, 2)
    else:
        number = int(octal, 8) if octal else int(decimal)
    return -number if sign == "-" else number
