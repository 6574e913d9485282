"""YAML bodies: what scalars mean, duplicate keys, bounds, errors and output."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapi.apimachinery.serializer import yaml


@pytest.mark.parametrize(
    ("scalar", "want"),
    [
        ("yes", True),
        ("Off", False),
        ("n", False),
        ("~", None),
        ("", None),
        ("010", 8),
        ("0x1F", 31),
        ("0b11", 3),
        ("1_000", 1000),
        ("+7", 7),
        ("09", 9),
        ("1.10", 1.1),
        ("1e3", 1000),
        ("1.0", 1),
        ("-0x10_0z", "-0x10_0z"),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("!other 5", "5"),
        ("18446744073709551615", 2**64 - 1),
    ],
)
def test_scalars(scalar: str, want: object) -> None:
    """A plain scalar has its YAML 1.1 value, dates stay text, and whole floats are integers."""
    value = yaml.load(f"a: {scalar}".encode()).value["a"]
    assert value == want
    assert type(value) is type(want)


def test_keys_are_text() -> None:
    """Keys become the text of their value, which surprises with n, y and on."""
    document = yaml.load(b"n: 1\ny: 2\n'on': 3\n4: 5\n1.5: 6\n")
    assert document.value == {"false": 1, "true": 2, "on": 3, "4": 5, "1.5": 6}


def test_duplicates_are_named_with_their_line() -> None:
    """The last value counts, and each repetition is reported."""
    document = yaml.load(b"a:\n  x: 1\n  x: 2\n5: 1\n5: 2\n")
    assert document.value == {"a": {"x": 2}, "5": 2}
    assert document.duplicates == [
        'line 3: key "x" already set in map',
        "line 5: key 5 already set in map",
    ]


def test_aliases_are_copies() -> None:
    """An alias and a merge have values of their own."""
    value = yaml.load(b"a: &x {b: [1]}\nc: *x\nd: {<<: *x, e: 2}\n").value
    assert value == {"a": {"b": [1]}, "c": {"b": [1]}, "d": {"b": [1], "e": 2}}
    value["c"]["b"].append(2)
    assert value["a"] == {"b": [1]}


def test_only_the_first_document_is_read() -> None:
    """What follows the end of the first document does not matter."""
    assert yaml.load(b"{a: b}\n---\nc: d\n").value == {"a": "b"}
    assert yaml.load(b"").value is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: [", "line 1: did not find expected node content"),
        (b"a: b\nc: d\ne: [", "line 3: did not find expected node content"),
        (b"a: 1\nb: 2\n  c: x\n", "line 3: mapping values are not allowed in this context"),
        (b"a:\n\t- b", "line 2: found character that cannot start any token"),
        (b"a: \x01", "control characters are not allowed"),
        (b"a: *b", "unknown anchor 'b' referenced"),
        (b"a: &a [*a]", "anchor 'a' value contains itself"),
        (b"a: .nan", "json: unsupported value: NaN"),
        (b"a: !!int x", "cannot decode !!str `x` as a !!int"),
        (b"[" * 100_000, "exceeded max depth of 250"),
    ],
)
def test_broken_text(text: bytes, message: str) -> None:
    """A text that is no YAML is refused with the line of the problem."""
    with pytest.raises(yaml.YAMLError) as caught:
        yaml.load(text)
    assert str(caught.value) == message


def test_aliases_do_not_explode() -> None:
    """A text whose aliases would expand to a billion nodes is refused at once."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    with pytest.raises(yaml.YAMLError, match="document contains excessive aliasing"):
        yaml.load("\n".join(lines).encode())


def test_output_form() -> None:
    """Keys are sorted as people do, lists not indented, ambiguous texts quoted, lines folded."""
    value = {
        "x10": 1,
        "x9": [{"b": [], "a": {}}, [1.0, None, True]],
        "date": "2024-01-01T00:00:00Z",
        "yes": "no",
        "number": "0o7",
        "lines": "a\nb\n",
        "plain": "a:b",
        "long": "word " * 18,
    }
    assert yaml.dump(value) == (
        'date: "2024-01-01T00:00:00Z"\n'
        "lines: |\n  a\n  b\n"
        "long: 'word word word word word word word word word word word word word word word\n"
        "  word word word '\n"
        'number: "0o7"\n'
        "plain: a:b\n"
        "x9:\n- a: {}\n  b: []\n- - 1\n  - null\n  - true\n"
        "x10: 1\n"
        '"yes": "no"\n'
    )


TEXT = st.text("aNnoyes0123456789.:-_#' \n\"{}[]&*!|>%@`,?~<=+xTZ\té", max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=12,
)


@given(VALUES)
def test_output_reads_back(value: object) -> None:
    """Whatever is written is read back as the same value."""
    assert yaml.load(yaml.dump(value).encode()) == (value, [])
