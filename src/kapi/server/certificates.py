"""Certificates and keys that kapi makes itself: the CA, serving, client and service-account keys.

Implements "PKI certificates and requirements" of the Kubernetes documentation for one server.
All keys are EC P-256, which take well under a millisecond to make. Importing this module costs
more than using it, so it is imported only when something has to be made.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Authority", "KeyPair", "create_authority", "create_service_account_key"]

# The CA outlives everything it signs.
_AUTHORITY_VALIDITY = timedelta(days=3650)
# Clocks of clients may be behind.
_BACKDATING = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, both as PEM."""

    certificate: bytes
    private_key: bytes


class Authority:
    """A certificate authority that signs serving and client certificates."""

    def __init__(self, pair: KeyPair) -> None:
        self.pair = pair
        self._certificate = x509.load_pem_x509_certificate(pair.certificate)
        key = serialization.load_pem_private_key(pair.private_key, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the key of the CA is no EC key")
        self._key = key

    def serving_certificate(
        self, names: Sequence[str], now: float, validity_seconds: float
    ) -> KeyPair:
        """A certificate for a server that is reached by these DNS names and IP addresses."""
        alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
        return self._issue(
            _name("kube-apiserver"),
            ExtendedKeyUsageOID.SERVER_AUTH,
            _Validity(now, validity_seconds),
            alternatives,
        )

    def client_certificate(
        self, user: str, groups: Sequence[str], now: float, validity_seconds: float
    ) -> KeyPair:
        """A certificate that authenticates a user and their groups."""
        return self._issue(
            _name(user, groups), ExtendedKeyUsageOID.CLIENT_AUTH, _Validity(now, validity_seconds)
        )

    def _issue(
        self,
        subject: x509.Name,
        usage: x509.ObjectIdentifier,
        validity: _Validity,
        alternatives: x509.SubjectAlternativeName | None = None,
    ) -> KeyPair:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            _builder(subject, self._certificate.subject, key, validity)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(issuer_key, critical=False)
        )
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        return _pair(builder.sign(self._key, hashes.SHA256()), key)


@dataclass(frozen=True, slots=True)
class _Validity:
    now: float
    seconds: float


def create_authority(name: str, now: float) -> Authority:
    """A new self-signed certificate authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    validity = _Validity(now, _AUTHORITY_VALIDITY.total_seconds())
    builder = (
        _builder(subject, subject, key, validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )
    return Authority(_pair(builder.sign(key, hashes.SHA256()), key))


def create_service_account_key() -> tuple[bytes, bytes]:
    """A new key for service-account tokens as PEM: the private and the public half."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return _private_pem(key), public


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, validity: _Validity
) -> x509.CertificateBuilder:
    start = datetime.fromtimestamp(validity.now, UTC)
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - _BACKDATING)
        .not_valid_after(start + timedelta(seconds=validity.seconds))
        .add_extension(subject_key, critical=False)
    )


def _name(common_name: str, organizations: Sequence[str] = ()) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, each) for each in organizations]
    attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    return KeyPair(certificate.public_bytes(serialization.Encoding.PEM), _private_pem(key))
