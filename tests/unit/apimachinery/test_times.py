"""Times and bytes in bodies: what is read, and the words for what is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kapi.apimachinery.scheme.decode import DecodeError, DecoderCompiler
from kapi.apimachinery.scheme.model import Type
from kapi.apimachinery.scheme.times import read_time

LAYOUT = "2006-01-02T15:04:05Z07:00"
MICRO_LAYOUT = "2006-01-02T15:04:05.000000Z07:00"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T3:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05,5Z", datetime(2026, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
        ("2026-01-02T03:04:05-01:30", datetime(2026, 1, 2, 4, 34, 5, tzinfo=UTC)),
    ],
)
def test_times_that_are_read(text, want):
    """Hours of one digit, fractions of any length and a comma before them are fine."""
    assert read_time(text, micro=False) == want


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x", f'"x" as "{LAYOUT}": cannot parse "x" as "2006"'),
        ("2026-01-02", f'"2026-01-02" as "{LAYOUT}": cannot parse "" as "T"'),
        (
            "2026-1-02T03:04:05Z",
            f'"2026-1-02T03:04:05Z" as "{LAYOUT}": cannot parse "1-02T03:04:05Z" as "01"',
        ),
        (
            "2026-01-02T03:04:05",
            f'"2026-01-02T03:04:05" as "{LAYOUT}": cannot parse "" as "Z07:00"',
        ),
        ("2026-13-02T03:04:05Z", '"2026-13-02T03:04:05Z": month out of range'),
        ("2026-02-30T03:04:05Z", '"2026-02-30T03:04:05Z": day out of range'),
        ("2026-01-02T24:04:05Z", '"2026-01-02T24:04:05Z": hour out of range'),
        (
            "2026-01-02T03:04:05+25:00",
            '"2026-01-02T03:04:05+25:00": time zone offset hour out of range',
        ),
        ("2026-01-02T03:04:05Zx", '"2026-01-02T03:04:05Zx": extra text: "x"'),
        ('"é', rf'"\"\xc3\xa9" as "{LAYOUT}": cannot parse "\"\xc3\xa9" as "2006"'),
    ],
)
def test_times_that_are_not_read(text, problem):
    """The message names the element of the layout, what is out of range, or what is too much."""
    with pytest.raises(ValueError) as caught:
        read_time(text, micro=False)
    assert str(caught.value) == f"parsing time {problem}"


@pytest.mark.parametrize(
    ("text", "rest", "element"),
    [
        ("2026-01-02T03:04:05Z", "Z", ".000000"),
        ("2026-01-02T03:04:05.123456", "", "Z07:00"),
        ("2026-01-02T03:04:05.123456789Z", "789Z", "Z07:00"),
    ],
)
def test_times_with_microseconds_have_six_digits(text, rest, element):
    """Neither more nor less."""
    with pytest.raises(ValueError) as caught:
        read_time(text, micro=True)
    assert str(caught.value) == (
        f'parsing time "{text}" as "{MICRO_LAYOUT}": cannot parse "{rest}" as "{element}"'
    )


def _decode_bytes(text):
    return DecoderCompiler().decoder(Type("bytes"))(text, [])


@pytest.mark.parametrize(("text", "want"), [("YWI=", "YWI="), ("YG==", "YA=="), ("Y\nWI=", "YWI=")])
def test_bytes_come_back_canonical(text, want):
    """Bits that mean nothing and line ends go."""
    assert _decode_bytes(text) == want


@pytest.mark.parametrize(
    ("text", "position"),
    [("Yg", 0), ("Yg=", 3), ("Y===", 1), ("Yg=x", 2), ("Z3JhY2U=x", 8), ("YW-=", 2), ("YWJjZ", 4)],
)
def test_bytes_that_are_no_base64(text, position):
    """The message names the byte at which Go's decoder stops."""
    with pytest.raises(DecodeError, match=f"^illegal base64 data at input byte {position}$"):
        _decode_bytes(text)
