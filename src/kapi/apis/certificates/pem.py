"""PEM blocks, and the two kinds of content a certificate signing request carries.

Implements RFC 7468 as far as requests and certificates need it.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.x509 import CertificateSigningRequest

__all__ = ["PEMError", "blocks", "check_certificates", "parse_request"]

_BLOCK = re.compile(
    rb"^-----BEGIN ([^-\r\n]+)-----[ \t]*\r?\n(.*?)^-----END \1-----[ \t]*\r?$",
    re.MULTILINE | re.DOTALL,
)
_HEADER = re.compile(rb"[^:\r\n]+:[^\r\n]*\r?\n")


class PEMError(ValueError):
    """The content is not what it should be; the message says how."""


def blocks(data: bytes) -> Iterator[tuple[str, bool, bytes]]:
    """Type, whether there are headers, and content of each well-formed block."""
    for match in _BLOCK.finditer(data):
        body = match[2]
        headers = _HEADER.match(body) is not None
        if headers:
            body = _HEADER.sub(b"", body)
        try:
            content = base64.b64decode(b"".join(body.split()), validate=True)
        except binascii.Error:
            continue
        yield match[1].decode("utf-8", "replace"), headers, content


def parse_request(data: bytes) -> CertificateSigningRequest:
    """The PKCS #10 request of the first block; PEMError when there is none."""
    from cryptography import x509  # noqa: PLC0415 - slow to import and rarely needed

    first = next(blocks(data), None)
    if first is None or first[0] != "CERTIFICATE REQUEST":
        raise PEMError("PEM block type must be CERTIFICATE REQUEST")
    try:
        return x509.load_der_x509_csr(first[2])
    except ValueError as error:
        raise PEMError(str(error)) from None


def check_certificates(data: bytes) -> None:
    """Nothing but certificates, at least one; PEMError otherwise."""
    from cryptography import x509  # noqa: PLC0415 - slow to import and rarely needed

    found = False
    for block_type, headers, content in blocks(data):
        if block_type != "CERTIFICATE":
            raise PEMError(f"only CERTIFICATE PEM blocks are allowed, found {block_type!r}")
        if headers:
            raise PEMError("no PEM block headers are permitted")
        try:
            x509.load_der_x509_certificate(content)
        except ValueError as error:
            raise PEMError(str(error)) from None
        found = True
    if not found:
        raise PEMError("must contain at least one CERTIFICATE PEM block")
