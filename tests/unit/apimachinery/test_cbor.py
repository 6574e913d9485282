"""CBOR carries what JSON does."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapi.apimachinery.serializer import cbor

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_values_survive(value: object) -> None:
    """What is written is read again as it was."""
    assert cbor.load(cbor.dumps(value)) == value


def test_answers_are_self_described_with_byte_strings() -> None:
    """Answers begin with the tag for CBOR, and texts are byte strings."""
    data = cbor.dumps({"kind": "Pod"})
    assert data[:3] == bytes.fromhex("d9d9f7")
    assert cbor2.loads(data[3:]) == {b"kind": b"Pod"}


def test_texts_are_read_too() -> None:
    """A client may send texts as texts."""
    assert cbor.load(cbor2.dumps({"a": ["b", 1]})) == {"a": ["b", 1]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"\x9f",
        cbor2.dumps(float("nan")),
        cbor2.dumps({1: 2}),
        cbor2.dumps(2**64),
        b"\x41\xff",
        b"\x81" * 100_000,
        cbor2.dumps(cbor2.CBORTag(0, "2026-01-01T00:00:00Z")),
    ],
)
def test_what_json_cannot_hold_is_refused(data: bytes) -> None:
    """Broken bytes, and values that JSON does not have, are errors of one kind."""
    with pytest.raises(cbor.CBORError):
        cbor.load(data)


@given(st.binary(max_size=64))
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    """Whatever comes is a value or a CBORError."""
    try:
        cbor.load(data)
    except cbor.CBORError:
        return
