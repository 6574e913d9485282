"""Patterns in RE2's syntax, compiled for Python: what Hypothesis makes texts from."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["python_pattern"]

_POSIX: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\\x00-\\x7f",
    "blank": "\\t ",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_UNICODE: Final = {
    "L": "A-Za-z\u00aa\u00b5\u00ba\u00c0-\u02af\u0370-\u1fff\u2c00-\ud7ff",
    "Lu": "A-Z\u00c0-\u00de",
    "Ll": "a-z\u00df-\u00ff",
    "N": "0-9",
    "Nd": "0-9",
}
_CLASS = re.compile(r"\[:(\^?)(\w+):\]")
_PROPERTY = re.compile(r"[pP](?:\{(\w+)\}|(\w))")
_NAMED = re.compile(r"\(\?<(\w+)>")
_FLAGS = re.compile(r"\(\?([imsU]*(?:-[imsU]+)?)\)")
_MULTILINE = re.compile(r"\(\?[a-z]*m")


@lru_cache(maxsize=4096)
def python_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern, to be searched for anywhere in a text; raises ``re.error``."""
    return re.compile(_translate(pattern), re.ASCII)


def _translate(pattern: str) -> str:
    """RE2's ``$`` is the very end; POSIX classes and Unicode properties are spelled out."""
    pattern = _NAMED.sub(r"(?P<\1>", pattern)
    multiline = _MULTILINE.search(pattern) is not None
    out: list[str] = []
    position, in_class = 0, False
    # For each open group, how many groups that carry flags end with it.
    scoped = [0]
    while position < len(pattern):
        char = pattern[position]
        if char == "\\":
            text, position = _escape(pattern, position, in_class=in_class)
            out.append(text)
            continue
        if in_class and char == "[":
            found = _CLASS.match(pattern, position)
            if found is not None and found[2] in _POSIX:
                out.append(_POSIX[found[2]])
                position = found.end()
                continue
            out.append("\\[")
        elif in_class:
            in_class = char != "]" or _opens(out)
            out.append(char)
        elif char == "[":
            in_class = True
            out.append(char)
        elif char == "(":
            flags = _FLAGS.match(pattern, position)
            if flags is not None:  # they hold to the end of the group around them
                out.append(f"(?{flags[1]}:")
                scoped[-1] += 1
                position = flags.end()
                continue
            scoped.append(0)
            out.append(char)
        elif char == ")" and len(scoped) > 1:
            out.append(")" * (scoped.pop() + 1))
        elif char == "$" and not multiline:
            out.append("\\Z")
        else:
            out.append(char)
        position += 1
    return "".join(out) + ")" * scoped[0]


def _opens(out: list[str]) -> bool:
    """Whether a closing bracket here is the first member of its class."""
    return out[-1] == "[" or (out[-1] == "^" and len(out) > 1 and out[-2] == "[")


def _escape(pattern: str, position: int, *, in_class: bool) -> tuple[str, int]:
    following = pattern[position + 1 : position + 2]
    if following == "z":
        return "\\Z", position + 2
    if following == "Q":
        end = pattern.find("\\E", position)
        end = len(pattern) if end < 0 else end
        return re.escape(pattern[position + 2 : end]), end + 2
    found = _PROPERTY.match(pattern, position + 1)
    if found is not None:
        members = _UNICODE.get(found[1] or found[2])
        if members is None:
            raise re.error(f"invalid character class range: `{pattern}`")
        return members if in_class else f"[{members}]", found.end()
    return pattern[position : position + 2], position + 2
