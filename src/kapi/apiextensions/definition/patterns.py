"""Patterns in schemas: what RE2 says about those that it cannot read."""

from __future__ import annotations

import re

from kapi.util.patterns import compile_pattern

__all__ = ["pattern_problem"]

_PERL_GROUP = re.compile(r"(?<!\\)(?:\\\\)*\(\?(?![:imsU-]|P<\w+>|<\w+>)(.?)")
_BACKREFERENCE = re.compile(r"(?<!\\)(?:\\\\)*(\\[1-9])")


def pattern_problem(pattern: str) -> str:
    """What RE2 says about a pattern that it cannot read; empty for one that it can."""
    group = _PERL_GROUP.search(pattern)
    if group is not None:
        return f"error parsing regexp: invalid or unsupported Perl syntax: `(?{group[1]}`"
    reference = _BACKREFERENCE.search(pattern)
    if reference is not None:
        return f"error parsing regexp: invalid escape sequence: `{reference[1]}`"
    try:
        compile_pattern(pattern)
    except re.error as error:
        return f"error parsing regexp: {_re2_words(pattern, error)}"
    return ""


def _re2_words(pattern: str, error: re.error) -> str:
    text, at = error.msg, error.pos or 0
    if "unterminated subpattern" in text:
        return f"missing closing ): `{pattern}`"
    if "unbalanced parenthesis" in text:
        return f"unexpected ): `{pattern}`"
    if "unterminated character set" in text:
        return f"missing closing ]: `{pattern[pattern.rfind('[') :]}`"
    if "nothing to repeat" in text:
        return f"missing argument to repetition operator: `{pattern[at : at + 1]}`"
    if "multiple repeat" in text:
        return f"invalid nested repetition operator: `{pattern[at - 1 : at + 1]}`"
    if "bad character range" in text:
        return f"invalid character class range: `{text.removeprefix('bad character range ')}`"
    if "bad escape (end of pattern)" in text:
        return "trailing backslash at end of expression: ``"
    if "bad escape" in text:
        return f"invalid escape sequence: `{text.removeprefix('bad escape ').split(' ')[0]}`"
    return text
