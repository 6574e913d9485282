"""Secret of type kubernetes.io/tls: warnings about a certificate and key that do not fit."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject

__all__ = ["tls_warnings"]

_PEM_BLOCK = re.compile(
    rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n.*?-----END \1-----", re.DOTALL | re.ASCII
)


def tls_warnings(data: JSONObject) -> list[str]:
    """What to warn about; nothing when certificate and key make a pair."""
    certificate, key = _bytes(data.get("tls.crt")), _bytes(data.get("tls.key"))
    text = _certificate_warning(certificate) or _key_warning(key) or _pair_warning(certificate, key)
    return [text] if text else []


def _bytes(encoded: str | None) -> bytes:
    try:
        return base64.b64decode(encoded or "")
    except binascii.Error:
        return b""


def _no_block(raw: bytes, wanted: str, what: str) -> str:
    """The warning when no PEM block of a kind is there."""
    kinds = [match.group(1).decode() for match in _PEM_BLOCK.finditer(raw)]
    if any(kind.endswith(wanted) for kind in kinds):
        return ""
    if not kinds:
        return f"tls: failed to find any PEM data in {what} input"
    if len(kinds) == 1 and wanted == "CERTIFICATE" and kinds[0].endswith("PRIVATE KEY"):
        return (
            "tls: failed to find certificate PEM data in certificate input, but did find a private"
            " key; PEM inputs may have been switched"
        )
    if wanted == "CERTIFICATE":
        return (
            'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM'
            f" blocks of the following types: [{' '.join(kinds)}]"
        )
    if len(kinds) == 1 and kinds[0] == "CERTIFICATE":
        return "tls: found a certificate rather than a key in the PEM for the private key"
    return (
        'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after'
        f" skipping PEM blocks of the following types: [{' '.join(kinds)}]"
    )


def _certificate_warning(raw: bytes) -> str:
    return _no_block(raw, "CERTIFICATE", "certificate")


def _key_warning(raw: bytes) -> str:
    return _no_block(raw, "PRIVATE KEY", "key")


def _pair_warning(certificate: bytes, key: bytes) -> str:
    # cryptography is heavy and only needed for TLS secrets that look right so far.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    try:
        public = x509.load_pem_x509_certificate(_block(certificate, b"CERTIFICATE")).public_key()
    except ValueError:
        return "x509: malformed certificate"
    try:
        own = serialization.load_pem_private_key(_block(key, b"PRIVATE KEY"), None).public_key()
    except (ValueError, TypeError):
        return "tls: failed to parse private key"
    if type(public) is not type(own):
        return "tls: private key type does not match public key type"
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if public.public_bytes(*form) != own.public_bytes(*form):
        return "tls: private key does not match public key"
    return ""


def _block(raw: bytes, wanted: bytes) -> bytes:
    """The first block of a kind; parameters of curves and the like may stand before it."""
    for match in _PEM_BLOCK.finditer(raw):
        if match.group(1).endswith(wanted):
            return match.group(0) + b"\n"
    return b""
