"""Whole numbers in texts."""

from __future__ import annotations

import pytest

from kapi.util.integers import parse_int64, parse_uint64


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("007", 7), ("18446744073709551615", (1 << 64) - 1), ("0" * 5000 + "7", 7)],
)
def test_numbers(text, number):
    """Leading zeros say nothing."""
    assert parse_uint64(text) == number


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "invalid syntax"),
        ("-1", "invalid syntax"),
        ("²", "invalid syntax"),
        ("٣", "invalid syntax"),
        ("18446744073709551616", "value out of range"),
        ("9" * 5000, "value out of range"),
    ],
)
def test_what_is_none(text, problem):
    """Other digits than ASCII's are none, and more than 64 bits are too many."""
    with pytest.raises(ValueError, match=problem):
        parse_uint64(text)


def test_numbers_with_a_sign():
    """They have 63 bits, and one number more below zero."""
    assert (parse_int64("+5"), parse_int64("-9223372036854775808")) == (5, -(1 << 63))
    for text in ("9223372036854775808", "-9223372036854775809", "-" + "9" * 5000):
        with pytest.raises(ValueError, match="value out of range"):
            parse_int64(text)
    for text in ("", "-", "+-1", "1-"):
        with pytest.raises(ValueError, match="invalid syntax"):
            parse_int64(text)
