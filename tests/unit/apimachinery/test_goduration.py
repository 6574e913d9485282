"""Durations are read as Go reads them."""

from __future__ import annotations

import pytest

from kapi.apimachinery.goduration import parse

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("1s", SECOND),
        ("+1s", SECOND),
        ("-1s", -SECOND),
        ("1h2m3s", 3723 * SECOND),
        ("1.5s", 3 * SECOND // 2),
        (".5s", SECOND // 2),
        ("1.ms", 1_000_000),
        ("2us3ns", 2003),
    ],
)
def test_durations(text: str, nanoseconds: int) -> None:
    """Numbers with units add up."""
    assert parse(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'time: invalid duration ""'),
        ("-", 'time: invalid duration "-"'),
        ("x", 'time: invalid duration "x"'),
        (".s", 'time: invalid duration ".s"'),
        (" 1s", 'time: invalid duration " 1s"'),
        ("99999999999999h", 'time: invalid duration "99999999999999h"'),
        ("5", 'time: missing unit in duration "5"'),
        ("1s2", 'time: missing unit in duration "1s2"'),
        ("1x", 'time: unknown unit "x" in duration "1x"'),
    ],
)
def test_what_is_none(text: str, message: str) -> None:
    """The message is that of Go's parser."""
    with pytest.raises(ValueError, match="time: ") as caught:
        parse(text)
    assert str(caught.value) == message
