"""JSON bodies: values, duplicate members and error messages."""

from __future__ import annotations

import json as standard

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapi.apimachinery.serializer import json
from kapi.apimachinery.serializer.json_syntax import syntax_error

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text('a"\\:,{\n', max_size=6),
    lambda inner: st.lists(inner) | st.dictionaries(st.text('a"\\: b', max_size=4), inner),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "unexpected end of JSON input"),
        (b'{"a": {', "unexpected end of JSON input"),
        (b'{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        (b"{'a':1}", r"invalid character '\'' looking for beginning of object key string"),
        (b'{"a":1} x', "invalid character 'x' after top-level value"),
        (b'{"a":1 "b":2}', "invalid character '\"' after object key:value pair"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b"[1 2]", "invalid character '2' after array element"),
        (b"kind: A", "invalid character 'k' looking for beginning of value"),
        (b"not json", "invalid character 'o' in literal null (expecting 'u')"),
        (b"[01]", "invalid character '1' after array element"),
        (b"-x", "invalid character 'x' in numeric literal"),
        (b"1.x", "invalid character 'x' after decimal point in numeric literal"),
        (b"1ex", "invalid character 'x' in exponent of numeric literal"),
        (b'"a\nb"', r"invalid character '\n' in string literal"),
        (rb'"\x"', "invalid character 'x' in string escape code"),
        (rb'"\u00x"', r"invalid character 'x' in \u hexadecimal character escape"),
        (b"NaN", "invalid character 'N' looking for beginning of value"),
    ],
)
def test_broken_text(text: bytes, message: str) -> None:
    """A text that is no JSON is refused in the words of Go's decoder."""
    with pytest.raises(json.JSONError) as caught:
        json.load(text)
    assert str(caught.value) == message


def test_duplicates_are_merged_and_named() -> None:
    """Objects that stand twice are merged, other values replaced; each is named once, in order."""
    text = b'{"d":{"x":1,"x":2},"d":{"y":3},"l":[{"a":1},{"a":1,"a":[]}],"d":{"y":4}}'
    assert json.load(text) == (
        {"d": {"x": 2, "y": 4}, "l": [{"a": 1}, {"a": []}]},
        ['duplicate field "d.x"', 'duplicate field "d"', 'duplicate field "l[1].a"'],
    )
    assert json.load(text, merge=False).value["d"] == {"y": 4}


def test_text_that_only_looks_like_duplicates() -> None:
    """Embedded JSON and blanks before a colon are no duplicates."""
    inner = standard.dumps({"a": {"a": '"'}})
    for text in (standard.dumps({"x": inner, "\\": '":"'}), '{"a" : 1, "b" :2}'):
        assert json.load(text.encode()) == (standard.loads(text), [])


def test_broken_characters_are_replaced() -> None:
    """Broken UTF-8 and lone surrogates become the replacement character."""
    assert json.load(b'{"a":"\xff"}').value == {"a": "�"}
    assert json.load(rb'{"a":"\ud800"}').value == {"a": "�"}


def test_depth_is_bounded() -> None:
    """Text nested without end is refused, however it is nested."""
    for text in (b"[" * 20_000 + b"]" * 20_000, b'{"a":' * 300 + b"1" + b"}" * 300):
        with pytest.raises(json.JSONError, match="exceeded max depth"):
            json.load(text)


@given(VALUES, st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]))
def test_values_come_back(value: object, separators: tuple[str, str]) -> None:
    """Any JSON, written by anybody, is read without duplicates."""
    text = standard.dumps(value, separators=separators).encode()
    assert json.load(text) == (value, [])
    assert json.loads(json.dumps(value)) == value


@given(st.text('{}[]",:\\ truefalsn0-1.e', max_size=12))
def test_syntax_errors_agree_with_a_parser(text: str) -> None:
    """The message is there exactly when the text is no JSON."""
    try:
        standard.loads(text)
        fine = "Infinity" not in text
    except ValueError:
        fine = False
    assert (syntax_error(text.encode()) is None) is fine


@pytest.mark.parametrize("read", [json.loads, json.load])
@pytest.mark.parametrize("number", ["1e400", "-1e999", "9" * 400, "9" * 5000])
def test_numbers_that_no_float_holds(read, number):
    """They are refused, since they could not be written again."""
    with pytest.raises(json.JSONError, match=f"cannot unmarshal number {number} into Go value"):
        read(b'{"a":1,"b":%b}' % number.encode())
