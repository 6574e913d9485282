"""Tokens of expressions. Implements the lexis of the CEL language definition."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Any

from kapi.cel.syntax import Issue
from kapi.cel.values import Uint

__all__ = ["Token", "tokenize"]

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<float>(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?))
    |(?P<uint>(?:0[xX][0-9a-fA-F]+|\d+)[uU])
    |(?P<int>0[xX][0-9a-fA-F]+|\d+)
    |(?P<string>[bB]?[rR]?(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}
        |"(?:[^\\"\n]|\\.)*"|'(?:[^\\'\n]|\\.)*'))
    |(?P<ident>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<quoted>`[A-Za-z0-9_.\-/\ ]+`)
    |(?P<op>==|!=|<=|>=|&&|\|\||[\[\]{}().,:?+\-*/%!<>])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_RAW = re.compile(r"([bB]?[rR][bB]?)(\"{3}.*?\"{3}|'{3}.*?'{3}|\"[^\"\n]*\"|'[^'\n]*')", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))",
    re.DOTALL,
)
# Of a number of 64 bits.
_MOST_DIGITS = 20
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class _NoCharacter(ValueError):
    """A number in a text is not that of a character."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its kind (an operator is its own kind), its text, what it stands for."""

    kind: str
    text: str
    position: int
    value: Any = None


def tokenize(source: str, issues: list[Issue]) -> list[Token]:
    """All tokens, the end as the last one; what is none is told and left out."""
    tokens: list[Token] = []
    position, end = 0, len(source)
    while position < end:
        match = _RAW.match(source, position) or _TOKEN.match(source, position)
        if match is None:
            position = _unknown(source, position, issues)
            continue
        token = _token(match, position, issues)
        if token is not None:
            tokens.append(token)
        position = match.end()
    tokens.append(Token("EOF", "<EOF>", end))
    return tokens


def _unknown(source: str, position: int, issues: list[Issue]) -> int:
    """Half an operator spoils the character after it; half a string the rest of the line."""
    first = source[position]
    if first in "\"'":
        stop = source.find("\n", position)
        stop = len(source) if stop < 0 else stop
    else:
        stop = min(position + (2 if first in "=&|" else 1), len(source))
    text = source[position:stop]
    issues.append(Issue(position, f"Syntax error: token recognition error at: '{text}'"))
    return stop


def _token(match: re.Match[str], position: int, issues: list[Issue]) -> Token | None:
    text = match[0]
    if match.re is _RAW:
        return _string(match[1].lower(), match[2], text, position, issues)
    kind = match.lastgroup or ""
    if kind == "space":
        return None
    if kind == "op":
        return Token(text, text, position)
    if kind == "ident":
        if text in ("true", "false", "null", "in"):
            return Token(text, text, position)
        return Token("IDENT", text, position, text)
    if kind == "quoted":
        return Token("QUOTED", text, position, text[1:-1])
    if kind == "float":
        return Token("LITERAL", text, position, float(text))
    if kind == "int":
        return Token("LITERAL", text, position, _number(text))
    if kind == "uint":
        return Token("LITERAL", text, position, Uint(_number(text[:-1])))
    prefix = text[: len(text) - len(text.lstrip("bBrR"))].lower()
    return _string(prefix, text[len(prefix) :], text, position, issues)


def _number(text: str) -> int:
    """A number in base ten or sixteen; one with too many digits is only larger than any other."""
    base = 16 if text[:2] in ("0x", "0X") else 10
    digits = text[2:] if base == 16 else text
    significant = digits.lstrip("0")
    return int(significant or "0", base) if len(significant) <= _MOST_DIGITS else 1 << 64


def _string(prefix: str, quoted: str, text: str, position: int, issues: list[Issue]) -> Token:
    width = 3 if quoted[:3] in ('"""', "'''") and len(quoted) >= 6 else 1
    body = quoted[width:-width]
    is_bytes = "b" in prefix
    if "r" in prefix or "\\" not in body:
        return Token("LITERAL", text, position, body.encode() if is_bytes else body)
    try:
        value = _unescaped_bytes(body) if is_bytes else _ESCAPE.sub(_unescape, body)
    except _NoCharacter:
        issues.append(Issue(position, "invalid unicode code point"))
        value = ""
    except ValueError:
        issues.append(Issue(position, "Syntax error: unable to unescape string"))
        value = b"" if is_bytes else ""
    return Token("LITERAL", text, position, value)


def _unescape(match: re.Match[str]) -> str:
    """What an escape in a text stands for; raises ValueError."""
    if match[1]:
        return _SIMPLE.get(match[1], match[1])
    if match[6]:
        raise ValueError(match[0])
    code = match[2] or match[3] or match[4]
    value = int(code, 16) if code else int(match[5], 8)
    if 0xD800 <= value < 0xE000 or value > sys.maxunicode:  # half a character, or none
        raise _NoCharacter(match[0])
    return chr(value)


def _unescaped_bytes(body: str) -> bytes:
    """Bytes, where escapes with numbers are bytes themselves; raises ValueError."""
    found, position = bytearray(), 0
    for match in _ESCAPE.finditer(body):
        found += body[position : match.start()].encode()
        if match[3] or match[4]:
            raise ValueError(match[0])
        found += _unescape(match).encode("utf-8" if match[1] else "latin-1")
        position = match.end()
    return bytes(found + body[position:].encode())
