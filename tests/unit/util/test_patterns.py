"""Patterns in the syntax of RE2."""

from __future__ import annotations

import subprocess
import sys
from time import process_time

import pytest

from kapi.util.patterns import PatternError, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^a$", "a\n", False),  # the end is the very end
        ("(?m)^a$", "b\na\nc", True),
        ("^((?i)a)b$", "AB", False),  # flags hold to the end of their group
        ("^((?i)a)b$", "Ab", True),
        ("^[[:alpha:]]+$", "ab", True),
        (r"^\w+$", "é", False),  # classes are those of ASCII
        (r"^\p{L}+$", "é", True),
        (r"^\pN+$", "12", True),
        ("^.$", "\U0001f451", True),  # a character, not a byte
        (r"\Qa.b\E", "a.b", True),
        ("(?P<x>a)(?<y>b)", "ab", True),
        ("^a{0}$", "", True),
        ("(?s)a.b", "a\nb", True),
        ("(?U)^a+$", "aa", True),
    ],
)
def test_what_matches(pattern, text, found):
    """The syntax is that of RE2, and the whole text is searched."""
    assert compile_pattern(pattern).matches(text) is found
    assert (compile_pattern(pattern).search(text) is not None) is found


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("a(", "missing closing ): `a(`"),
        ("a)", "unexpected ): `a)`"),
        ("[a", "missing closing ]: `[a`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        (r"\8", r"invalid escape sequence: `\8`"),
        (r"(a)\1", r"invalid escape sequence: `\1`"),
        (r"\C", r"invalid escape sequence: `\C`"),
        ("\\", "trailing backslash at end of expression: ``"),
        ("(?!a)", "invalid or unsupported Perl syntax: `(?!`"),
    ],
)
def test_what_is_no_pattern(pattern, problem):
    """What is wrong is told in the words of Go."""
    with pytest.raises(PatternError) as refused:
        compile_pattern(pattern)
    assert str(refused.value) == f"error parsing regexp: {problem}"


@pytest.mark.parametrize(
    ("pattern", "text", "limit", "found"),
    [
        ("a+", "aabaa", -1, ["aa", "aa"]),
        ("a", "aaa", 2, ["a", "a"]),
        ("a", "aaa", 0, []),
        ("a*", "baaac", -1, ["", "aaa", ""]),  # no empty match right behind another one
        ("", "aé", -1, ["", "", ""]),
        ("é", "é-é", -1, ["é", "é"]),
        (r"^a", "aa", -1, ["a"]),
        (r"\bb", "ab b", -1, ["b"]),
    ],
)
def test_all_that_is_found(pattern, text, limit, found):
    """Matches do not overlap, and look at what is before them."""
    assert compile_pattern(pattern).find_all(text, limit) == found


def test_time_is_linear_in_the_text():
    """Patterns that others take forever for are no slower here."""
    start = process_time()
    assert compile_pattern("^(a+)+$").matches("a" * 100_000 + "b") is False
    assert compile_pattern("^(a|a)*(a|a)*$").matches("a" * 100_000 + "b") is False
    assert process_time() - start < 2


def test_the_library_is_loaded_for_the_first_pattern():
    """Servers that meet no pattern start without it."""
    code = "import sys, kapi.util.patterns; sys.exit('re2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
