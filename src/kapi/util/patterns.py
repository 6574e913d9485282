"""Patterns: regular expressions in the syntax of RE2, matched in time linear in the text.

The library is loaded when the first pattern is compiled. What is wrong with a pattern is told in
the words of Go's package, which API servers use.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

__all__ = ["Pattern", "PatternError", "compile_pattern"]

_WORDS = {
    "invalid escape sequence": "invalid escape sequence",
    "invalid character class": "invalid character class",
    "invalid character class range": "invalid character class range",
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "unexpected )": "unexpected )",
    "trailing \\": "trailing backslash at end of expression",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
    "invalid UTF-8": "invalid UTF-8",
}
# A single byte, which texts have none of.
_ANY_BYTE = re.compile(r"(?<!\\)(?:\\\\)*(\\C)")


class PatternError(re.error):
    """A text is no pattern; ``msg`` says why in the words of Go."""

    def __str__(self) -> str:
        return f"error parsing regexp: {self.msg}"


class Pattern:
    """A compiled pattern, to be searched for anywhere in a text."""

    __slots__ = ("_anchor", "_match", "text")

    def __init__(self, text: str) -> None:
        re2, options, anchor = _library()
        byte = _ANY_BYTE.search(text)
        if byte is not None:
            raise PatternError(f"invalid escape sequence: `{byte[1]}`")
        try:
            # Its public methods make an object of every match, which takes four times as long.
            self._match = re2.compile(text, options)._regexp.Match  # noqa: SLF001
        except re2.error as error:
            raise PatternError(_reworded(error.args[0])) from None
        self._anchor = anchor
        self.text = text

    def matches(self, text: str) -> bool:
        """Whether the pattern is found in a text."""
        data = text.encode("utf-8", "replace")
        found: bool = self._match(self._anchor, data, 0, len(data))[0][0] >= 0
        return found

    def search(self, text: str) -> str | None:
        """What is found first, which may be empty; None if there is nothing."""
        found = self.find_all(text, 1)
        return found[0] if found else None

    def find_all(self, text: str, limit: int = -1) -> list[str]:
        """All that is found, but at most ``limit`` if that is not negative.

        An empty match right behind another one is none.
        """
        data = text.encode("utf-8", "replace")
        found: list[str] = []
        position, last_end, size = 0, -1, len(data)
        while position <= size and len(found) != limit:
            start, end = self._match(self._anchor, data, position, size)[0]
            if start < 0:
                break
            if end > position or start != last_end:
                found.append(data[start:end].decode())
            position = end if end > position else _next(data, position)
            last_end = end
        return found


def _next(data: bytes, position: int) -> int:
    """Where the next character starts."""
    position += 1
    while position < len(data) and data[position] & 0xC0 == 0x80:
        position += 1
    return position


@cache
def _library() -> tuple[Any, Any, Any]:
    import re2  # noqa: PLC0415 - only servers that meet a pattern need it

    options = re2.Options()
    options.log_errors = False
    return re2, options, re2._Anchor.UNANCHORED  # noqa: SLF001 - see Pattern


def _reworded(told: bytes) -> str:
    """What RE2 says about a pattern in the words of Go."""
    text = told.decode("utf-8", "replace")
    for theirs in sorted(_WORDS, key=len, reverse=True):
        if text.startswith(theirs):
            return f"{_WORDS[theirs]}: `{text[len(theirs) :].removeprefix(': ')}`"
    return text


@lru_cache(maxsize=4096)
def compile_pattern(text: str) -> Pattern:
    """The pattern; raises PatternError."""
    return Pattern(text)
