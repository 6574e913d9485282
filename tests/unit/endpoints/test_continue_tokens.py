"""Continue tokens are read back as they were written, and nothing else is."""

from __future__ import annotations

import base64

import pytest

from kapi.apimachinery.errors import BadRequest
from kapi.endpoints.continue_token import ContinueToken, decode_token, encode_token

PREFIX = "invalid continue token: continue key is not valid: "


def encoded(text: str) -> str:
    """A token with this text inside."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("revision", [1, -1, 1 << 40])
def test_tokens_come_back(revision: int) -> None:
    """A token says where the next page starts."""
    token = encode_token(revision, "default/a")
    assert decode_token(token) == ContinueToken(revision, "default/a")


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("x", "illegal base64 data at input byte 0"),
        ("abcde", "illegal base64 data at input byte 4"),
        ("YW=", "illegal base64 data at input byte 2"),
        ("a b", "illegal base64 data at input byte 1"),
        ("+/aa", "illegal base64 data at input byte 0"),
        ("YWJj", "invalid character 'a' looking for beginning of value"),
        (encoded("nope"), "invalid character 'o' in literal null (expecting 'u')"),
        (encoded("{"), "unexpected end of JSON input"),
        (encoded("{}x"), "invalid character 'x' after top-level value"),
        (encoded("[]"), "json: cannot unmarshal array into Go value of type storage.continueToken"),
        (encoded("5"), "json: cannot unmarshal number into Go value of type storage.continueToken"),
        (encoded("null"), "server does not recognize this encoded version "),
        (encoded("{}"), "server does not recognize this encoded version "),
        (encoded('{"v":"v2"}'), "server does not recognize this encoded version v2"),
        (
            encoded('{"v":5}'),
            "json: cannot unmarshal number into Go struct field continueToken.v of type string",
        ),
        (
            encoded('{"v":"meta.k8s.io/v1","rv":"5"}'),
            "json: cannot unmarshal string into Go struct field continueToken.rv of type int64",
        ),
        (
            encoded('{"v":"meta.k8s.io/v1","rv":1.5}'),
            "json: cannot unmarshal number 1.5 into Go struct field continueToken.rv of type int64",
        ),
        (
            encoded('{"v":"meta.k8s.io/v1"}'),
            "incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
        ),
        (
            encoded('{"v":"meta.k8s.io/v1","rv":1}'),
            "encoded start key empty (version meta.k8s.io/v1)",
        ),
        (encoded('{"v":"meta.k8s.io/v1","rv":1,"start":"../x"}'), "../x"),
        (encoded('{"v":"meta.k8s.io/v1","rv":1,"start":"a//x"}'), "a//x"),
    ],
)
def test_what_is_no_token(token: str, why: str) -> None:
    """The message says where the text stops to be a token."""
    with pytest.raises(BadRequest) as caught:
        decode_token(token)
    assert caught.value.message == PREFIX + why
