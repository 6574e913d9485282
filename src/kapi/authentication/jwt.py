"""JSON Web Tokens as service-account tokens need them: signed compactly with EC or RSA keys.

Implements RFC 7515 (JWS compact serialization), the signature algorithms ES256, ES384, ES512 and
RS256 of RFC 7518, and RFC 7517 for the public keys. Importing this module imports cryptography.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from kapi.authentication.base64url import encode_segment

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = [
    "SigningKey",
    "UnusableKeyError",
    "VerifyingKey",
    "read_signing_key",
    "read_verifying_keys",
]

_PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
_PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

# By the size of the curve: algorithm, hash, name of the curve in a JWK.
_CURVES: dict[int, tuple[str, hashes.HashAlgorithm, str]] = {
    256: ("ES256", hashes.SHA256(), "P-256"),
    384: ("ES384", hashes.SHA384(), "P-384"),
    521: ("ES512", hashes.SHA512(), "P-521"),
}
_PEM_END = b"-----END "


class UnusableKeyError(ValueError):
    """A key file that holds no key to sign or verify with."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key. ``key_id`` is what tokens signed with its private half name it by."""

    public: _PublicKey
    key_id: str
    algorithm: str

    @classmethod
    def of(cls, public: _PublicKey) -> VerifyingKey:
        """The key with the id that kube-apiserver gives it: the hash of its DER form."""
        der = public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        key_id = encode_segment(hashlib.sha256(der).digest()).decode()
        return cls(public, key_id, _algorithm(public))

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        """Whether the signature of the text was made with the private half."""
        public = self.public
        try:
            if isinstance(public, rsa.RSAPublicKey):
                public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
            else:
                size = (public.curve.key_size + 7) // 8
                if len(signature) != 2 * size:
                    return False
                r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
                algorithm = ec.ECDSA(_CURVES[public.curve.key_size][1])
                public.verify(encode_dss_signature(r, s), signed, algorithm)
        except InvalidSignature:
            return False
        return True

    def jwk(self) -> JSONObject:
        """The key as a JSON Web Key."""
        numbers = self.public.public_numbers()
        found: JSONObject = {"use": "sig", "kid": self.key_id, "alg": self.algorithm}
        if isinstance(numbers, rsa.RSAPublicNumbers):
            return {**found, "kty": "RSA", "n": _integer(numbers.n), "e": _integer(numbers.e)}
        bits = numbers.curve.key_size
        size = (bits + 7) // 8
        return {
            **found,
            "kty": "EC",
            "crv": _CURVES[bits][2],
            "x": _integer(numbers.x, size),
            "y": _integer(numbers.y, size),
        }


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and what verifies its signatures."""

    private: _PrivateKey
    verifying: VerifyingKey

    def sign(self, claims: JSONObject) -> str:
        """The claims as a signed token."""
        header = {"alg": self.verifying.algorithm, "kid": self.verifying.key_id}
        text = b".".join(encode_segment(orjson.dumps(part)) for part in (header, claims))
        return b".".join((text, encode_segment(self._signature(text)))).decode()

    def _signature(self, text: bytes) -> bytes:
        private = self.private
        if isinstance(private, rsa.RSAPrivateKey):
            return private.sign(text, padding.PKCS1v15(), hashes.SHA256())
        bits = private.curve.key_size
        r, s = decode_dss_signature(private.sign(text, ec.ECDSA(_CURVES[bits][1])))
        size = (bits + 7) // 8
        return r.to_bytes(size) + s.to_bytes(size)


def read_signing_key(pem: bytes) -> SigningKey:
    """The private key of a PEM file; UnusableKeyError when it holds none."""
    try:
        private = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise UnusableKeyError("it holds no private key in PEM form") from error
    if not isinstance(private, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise UnusableKeyError("its key is neither an EC nor an RSA key")
    return SigningKey(private, VerifyingKey.of(private.public_key()))


def read_verifying_keys(pem: bytes) -> list[VerifyingKey]:
    """The public halves of all keys in a PEM file; UnusableKeyError when it holds none."""
    keys = [_public_half(block) for block in _blocks(pem)]
    if not keys:
        raise UnusableKeyError("it holds no key in PEM form")
    return [VerifyingKey.of(key) for key in keys]


def _blocks(pem: bytes) -> list[bytes]:
    lines: list[bytes] = []
    blocks: list[bytes] = []
    for line in pem.splitlines(keepends=True):
        lines.append(line)
        if line.startswith(_PEM_END):
            blocks.append(b"".join(lines))
            lines = []
    return blocks


def _public_half(block: bytes) -> _PublicKey:
    public: object
    try:
        if b"PRIVATE KEY" in block:
            return read_signing_key(block).verifying.public
        if b"CERTIFICATE" in block:
            from cryptography import x509  # noqa: PLC0415 - rarely needed, and big

            public = x509.load_pem_x509_certificate(block).public_key()
        else:
            public = serialization.load_pem_public_key(block)
    except ValueError as error:
        raise UnusableKeyError("it holds a block that is no key") from error
    if not isinstance(public, (ec.EllipticCurvePublicKey, rsa.RSAPublicKey)):
        raise UnusableKeyError("its key is neither an EC nor an RSA key")
    return public


def _algorithm(public: _PublicKey) -> str:
    if isinstance(public, rsa.RSAPublicKey):
        return "RS256"
    known = _CURVES.get(public.curve.key_size)
    if known is None:
        raise UnusableKeyError(f"keys on the curve {public.curve.name} sign no tokens")
    return known[0]


def _integer(value: int, size: int = 0) -> str:
    return encode_segment(value.to_bytes(size or (value.bit_length() + 7) // 8)).decode()
