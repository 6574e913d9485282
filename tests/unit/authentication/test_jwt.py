"""Signed tokens: every kind of key, and what does not verify."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from kapi.authentication.base64url import decode_segment
from kapi.authentication.jwt import UnusableKeyError, read_signing_key, read_verifying_keys


def pem(key):
    """A private key as PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.mark.parametrize(
    ("key", "algorithm", "kind"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256", "EC"),
        (ec.generate_private_key(ec.SECP384R1()), "ES384", "EC"),
        (ec.generate_private_key(ec.SECP521R1()), "ES512", "EC"),
        (rsa.generate_private_key(65537, 2048), "RS256", "RSA"),
    ],
)
def test_sign_and_verify(key, algorithm, kind):
    """What one key signs, its public half verifies and no other does."""
    signing = read_signing_key(pem(key))
    token = signing.sign({"iss": "me"})
    text, _, signature = token.rpartition(".")
    header, payload = (json.loads(decode_segment(part)) for part in text.split("."))
    assert header == {"alg": algorithm, "kid": signing.verifying.key_id}
    assert payload == {"iss": "me"}
    [verifying] = read_verifying_keys(pem(key))
    assert verifying.key_id == signing.verifying.key_id
    assert verifying.verifies(text.encode(), decode_segment(signature))
    assert not verifying.verifies(text.encode() + b"x", decode_segment(signature))
    assert not verifying.verifies(text.encode(), decode_segment(signature)[:-1])
    assert (verifying.jwk()["kty"], verifying.jwk()["alg"]) == (kind, algorithm)


def test_unusable_keys():
    """A file without a key, and a key of another kind, are refused."""
    other = pem(ed25519.Ed25519PrivateKey.generate())
    for data in (b"", b"text", other):
        with pytest.raises(UnusableKeyError):
            read_signing_key(data)
        with pytest.raises(UnusableKeyError):
            read_verifying_keys(data)


def test_several_keys_in_a_file():
    """Key files may hold keys of the past beside the present one."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    public = [
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        for key in keys
    ]
    assert len(read_verifying_keys(b"".join(public))) == 2
