"""What is wrong with a text that is no JSON, in the words that Go's decoder uses.

Only runs after a fast parser refused the text; clients show these messages to people.
"""

from __future__ import annotations

import re

__all__ = ["syntax_error"]

_END = "unexpected end of JSON input"
_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*')
_LITERALS = {0x74: b"true", 0x66: b"false", 0x6E: b"null"}
_DIGITS = re.compile(rb"[0-9]*")
_NUMBER_START = frozenset(b"-0123456789")
_HEX = frozenset(b"0123456789abcdefABCDEF")

# What may follow: a value, a key, the colon after a key, or the end of a member or element.
_VALUE, _VALUE_OR_END, _KEY, _KEY_OR_END, _COLON, _AFTER = range(6)


def syntax_error(data: bytes) -> str | None:
    """The message for the first error, or None when the text is well-formed JSON."""
    try:
        _scan(data)
    except _SyntaxError as error:
        return str(error)
    return None


class _SyntaxError(Exception):
    """Carries the message."""


def _fail(data: bytes, position: int, where: str) -> _SyntaxError:
    if position >= len(data):
        return _SyntaxError(_END)
    return _SyntaxError(f"invalid character {_quote(data[position])} {where}")


def _quote(byte: int) -> str:
    """A byte as Go shows it; it takes the byte for a code point."""
    char = chr(byte)
    escapes = {"'": "\\'", "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f"}
    escapes |= {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
    shown = escapes.get(char) or (char if char.isprintable() else None)
    if shown is None:
        shown = f"\\x{byte:02x}" if byte < 0x80 else f"\\u{byte:04x}"
    return f"'{shown}'"


def _scan(data: bytes) -> None:
    """Walk through the text; ``stack`` holds the open brackets."""
    stack = bytearray()
    position, state = 0, _VALUE
    while True:
        match = _SPACE.match(data, position)
        position = match.end() if match else position
        if state == _AFTER and not stack and position == len(data):
            return
        if position >= len(data):
            raise _SyntaxError(_END)
        position, state = _step(data, position, state, stack)


def _step(data: bytes, position: int, state: int, stack: bytearray) -> tuple[int, int]:
    """Read one token; the position behind it and what may follow."""
    char = data[position]
    if state == _AFTER:
        return _after(data, position, stack)
    if state == _COLON:
        if char != 0x3A:
            raise _fail(data, position, "after object key")
        return position + 1, _VALUE
    if state in (_KEY, _KEY_OR_END):
        if char == 0x7D and state == _KEY_OR_END:
            stack.pop()
            return position + 1, _AFTER
        if char != 0x22:
            raise _fail(data, position, "looking for beginning of object key string")
        return _string(data, position), _COLON
    if char == 0x5D and state == _VALUE_OR_END:
        stack.pop()
        return position + 1, _AFTER
    if char in (0x5B, 0x7B):
        stack.append(char)
        return position + 1, _VALUE_OR_END if char == 0x5B else _KEY_OR_END
    if char == 0x22:
        return _string(data, position), _AFTER
    if char in _LITERALS:
        return _literal(data, position, _LITERALS[char]), _AFTER
    if char in _NUMBER_START:
        return _number(data, position), _AFTER
    raise _fail(data, position, "looking for beginning of value")


def _after(data: bytes, position: int, stack: bytearray) -> tuple[int, int]:
    char = data[position]
    if not stack:
        raise _fail(data, position, "after top-level value")
    in_object = stack[-1] == 0x7B
    if char == 0x2C:
        return position + 1, _KEY if in_object else _VALUE
    if char == (0x7D if in_object else 0x5D):
        stack.pop()
        return position + 1, _AFTER
    what = "after object key:value pair" if in_object else "after array element"
    raise _fail(data, position, what)


def _string(data: bytes, position: int) -> int:
    match = _STRING.match(data, position)
    end = match.end() if match else position
    if end < len(data) and data[end] == 0x22:
        return end + 1
    if data[end : end + 1] != b"\\":
        raise _fail(data, end, "in string literal")
    if data[end + 1 : end + 2] != b"u":
        raise _fail(data, end + 1, "in string escape code")
    end += 2
    while end < len(data) and data[end] in _HEX:
        end += 1
    raise _fail(data, end, "in \\u hexadecimal character escape")


def _literal(data: bytes, position: int, word: bytes) -> int:
    for offset, char in enumerate(word):
        if data[position + offset : position + offset + 1] != bytes((char,)):
            where = f"in literal {word.decode()} (expecting {_quote(char)})"
            raise _fail(data, position + offset, where)
    return position + len(word)


def _number(data: bytes, position: int) -> int:
    if data[position] == 0x2D:
        position += 1
        if position >= len(data) or not 0x30 <= data[position] <= 0x39:
            raise _fail(data, position, "in numeric literal")
    position = position + 1 if data[position] == 0x30 else _digits(data, position, "")
    if data[position : position + 1] == b".":
        position = _digits(data, position + 1, "after decimal point in numeric literal")
    if data[position : position + 1] in (b"e", b"E"):
        position += 1
        if data[position : position + 1] in (b"+", b"-"):
            position += 1
        position = _digits(data, position, "in exponent of numeric literal")
    return position


def _digits(data: bytes, position: int, where: str) -> int:
    match = _DIGITS.match(data, position)
    end = match.end() if match else position
    if end == position:
        raise _fail(data, position, where)
    return end
