"""Functions of strings, and regular expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapi.cel.values import CelError
from kapi.util.patterns import Pattern, PatternError, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.cel.functions import Functions

__all__ = ["declare_strings", "quote_text"]

_LOWER = str.maketrans({chr(code): chr(code + 32) for code in range(65, 91)})
_UPPER = str.maketrans({chr(code): chr(code - 32) for code in range(97, 123)})
_ILLEGAL = "Illegal regex: {}"
_SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def _at(text: str, position: int) -> str:
    if not 0 <= position <= len(text):
        raise CelError(f"index out of range: {position}")
    return text[position : position + 1]


def _index(text: str, part: str, start: int = 0) -> int:
    if not 0 <= start <= len(text):
        raise CelError(f"index out of range: {start}")
    return text.find(part, start)


def _last_index(text: str, part: str, last: int | None = None) -> int:
    if last is None:
        return text.rfind(part)
    if not 0 <= last <= len(text):
        raise CelError(f"index out of range: {last}")
    return text.rfind(part, 0, last + len(part))


def _substring(text: str, start: int, end: int | None = None) -> str:
    stop = len(text) if end is None else end
    if not 0 <= start <= len(text):
        raise CelError(f"index out of range: {start}")
    if not 0 <= stop <= len(text):
        raise CelError(f"index out of range: {stop}")
    if start > stop:
        raise CelError(f"invalid substring range. start: {start}, end: {stop}")
    return text[start:stop]


def _split(text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if not separator:
        pieces = list(text)
        if 0 < limit < len(pieces):
            return [*pieces[: limit - 1], "".join(pieces[limit - 1 :])]
        return pieces
    return text.split(separator, limit - 1) if limit > 0 else text.split(separator)


def _join(parts: list[Any], separator: str = "") -> str:
    try:
        return separator.join(parts)
    except TypeError as error:
        raise CelError("no such overload") from error


def quote_text(text: str) -> str:
    """A text in double quotes, as expressions write it."""
    escapes = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    escapes |= {"\v": "\\v", "\\": "\\\\", '"': '\\"'}
    return '"' + "".join(escapes.get(letter, letter) for letter in text) + '"'


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    return text.replace(old, new, max(count, -1))


def _pattern(text: str, problem: str) -> Pattern:
    try:
        return compile_pattern(text)
    except PatternError as error:
        raise CelError(problem.format(error)) from error


def _find(text: str, pattern: str) -> str:
    return _pattern(pattern, _ILLEGAL).search(text) or ""


def _finder(pattern: str) -> Callable[[str], str]:
    search = _pattern(pattern, "{}").search
    return lambda text: search(text) or ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    return _pattern(pattern, _ILLEGAL).find_all(text, limit)


def _all_finder(pattern: str) -> Callable[[str], list[str]]:
    return _pattern(pattern, "{}").find_all


def _matches(text: str, pattern: str) -> bool:
    return _pattern(pattern, "{}").matches(text)


def _matcher(pattern: str) -> Callable[[str], bool]:
    """``matches`` with a pattern that is known when a program is compiled."""
    return _pattern(pattern, "{}").matches


def declare_strings(functions: Functions) -> None:
    """Declare the functions of strings."""
    declare = functions.declare
    declare("startsWith", "string.(string) -> bool", str.startswith)
    declare("endsWith", "string.(string) -> bool", str.endswith)
    declare("contains", "string.(string) -> bool", str.__contains__)
    declare("matches", "string.(string) -> bool", _matches, _matcher)
    declare("matches", "(string, string) -> bool", _matches)
    declare("find", "string.(string) -> string", _find, _finder)
    declare("findAll", "string.(string) -> list<string>", _find_all, _all_finder)
    declare("findAll", "string.(string, int) -> list<string>", _find_all, _all_finder)
    declare("charAt", "string.(int) -> string", _at)
    for name, call in (("indexOf", _index), ("lastIndexOf", _last_index)):
        declare(name, "string.(string) -> int", call)
        declare(name, "string.(string, int) -> int", call)
    declare("lowerAscii", "string.() -> string", lambda text: text.translate(_LOWER))
    declare("upperAscii", "string.() -> string", lambda text: text.translate(_UPPER))
    declare("replace", "string.(string, string) -> string", _replace)
    declare("replace", "string.(string, string, int) -> string", _replace)
    declare("split", "string.(string) -> list<string>", _split)
    declare("split", "string.(string, int) -> list<string>", _split)
    declare("substring", "string.(int) -> string", _substring)
    declare("substring", "string.(int, int) -> string", _substring)
    declare("trim", "string.() -> string", lambda text: text.strip(_SPACES))
    declare("join", "list<string>.() -> string", _join)
    declare("join", "list<string>.(string) -> string", _join)
    declare("strings.quote", "(string) -> string", quote_text)
