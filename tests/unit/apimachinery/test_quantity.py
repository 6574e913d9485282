"""Quantities: canonical text, order and arithmetic."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapi.apimachinery.quantity import QuantityError, canonical, canonical_milli, parse

UNITS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def exact(text: str) -> Fraction:
    """The value of a canonical text, computed independently."""
    if text[-2:] in BINARY:
        return Fraction(text[:-2]) * 1024 ** BINARY[text[-2:]]
    if text[-1] in UNITS:
        return Fraction(text[:-1]) * Fraction(10) ** UNITS[text[-1]]
    return Fraction(text)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1.0", "1"),
        ("1000", "1k"),
        ("1024", "1024"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.1Gi", "107374182400m"),
        ("1e3", "1e3"),
        ("12E3", "12E3"),
        ("12000E3", "12e6"),
        ("5e-1", "500e-3"),
        ("1E", "1E"),
        ("1000k", "1M"),
        ("1000000n", "1m"),
        ("0.0000000001", "1n"),
        ("-0.0000000001", "-1n"),
        ("1.5Ki", "1536"),
        ("0.5Ki", "512"),
        ("0.0005Ki", "512m"),
        ("100Ki", "100Ki"),
        ("80Ei", "9223372036854775807"),
        ("-1Mi", "-1Mi"),
        ("0Ki", "0"),
        ("00.50", "500m"),
        (".5", "500m"),
        (" 1 ", "1"),
        (1.5, "1500m"),
        (7, "7"),
    ],
)
def test_canonical_text(text: str | float, want: str) -> None:
    """A quantity is written back whole, with the largest suffix of its own family."""
    assert canonical(text) == want


@pytest.mark.parametrize(
    "text", ["7.", "+1", "007", "1E3", "1.500", "123.456k", "+5Gi", "-1.001", "1.234567891"]
)
def test_text_that_is_kept(text: str) -> None:
    """What a quick test takes for canonical is stored as it was written."""
    assert canonical(text) == text


def test_rounding_writes_anew() -> None:
    """Only what has digits below a thousandth loses its text."""
    assert [canonical_milli(t) for t in ("1.500", "007", "1.234567")] == ["1.500", "007", "1235m"]


@pytest.mark.parametrize("text", ["", "1kb", "1.1.M", "1 k", "ten", "1e3.5"])
def test_bad_form(text: str) -> None:
    """Text that does not look like a quantity names the regular expression."""
    with pytest.raises(QuantityError, match="must match the regular expression"):
        parse(text)


@pytest.mark.parametrize("text", ["1i", "0.1mi", "1e", "3e-", "1+5", "1mk"])
def test_bad_suffix(text: str) -> None:
    """An unknown suffix is named as such."""
    with pytest.raises(QuantityError, match="unable to parse quantity's suffix"):
        parse(text)


def test_a_huge_exponent_costs_nothing() -> None:
    """An exponent of many digits neither hangs comparison nor text."""
    huge = parse("1e2000000000")
    assert huge > parse("1Ei")
    assert huge.value() == 2**63 - 1
    assert str(huge) == "100e1999999998"


def test_resource_lists_are_rounded_to_thousandths() -> None:
    """Rounding up to a scale goes away from zero and leaves coarser amounts alone."""
    assert [canonical_milli(t) for t in ("0.0001", "1Gi", "1500u")] == ["1m", "1Gi", "2m"]


def test_zero_takes_the_other_format() -> None:
    """Summing binary amounts from zero stays binary."""
    assert str(parse("0") + parse("1Gi") + parse("1Gi")) == "2Gi"
    assert str(parse("1Gi") - parse("1Mi")) == "1023Mi"


@given(
    st.integers(-(10**12), 10**12),
    st.integers(0, 9),
    st.sampled_from([*UNITS, *BINARY]),
    st.integers(-(10**12), 10**12),
)
def test_text_keeps_the_value(number: int, places: int, suffix: str, other: int) -> None:
    """Canonical text reads back as the same amount, and order and sums are those of the numbers."""
    whole, fraction = divmod(abs(number), 10**places)
    text = f"{'-' if number < 0 else ''}{whole}.{fraction:0{places}d}"
    quantity = parse(text + suffix)
    again = parse(str(quantity))
    assert again == quantity
    assert str(again) == str(quantity)
    assert exact(str(quantity)) == Fraction(quantity.mantissa) * Fraction(10) ** quantity.exponent
    addend = parse(f"{other}m")
    assert exact(str(quantity + addend)) == exact(str(quantity)) + exact(str(addend))
    assert (quantity < addend) == (exact(str(quantity)) < exact(str(addend)))
