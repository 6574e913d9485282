"""Request headers: the user that a proxy which is trusted has authenticated.

Implements "Authenticating Proxy" of the authentication documentation, with which an API server
behind another one learns who asks. The proxy is known by a client certificate of an authority of
its own, which vouches for nobody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from kapi.apimachinery.user import UserInfo, with_authenticated_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kapi.authentication.x509 import ClientCertificate

__all__ = ["RequestHeaderAuthenticator", "header_user"]

_USER = b"x-remote-user"
_UID = b"x-remote-uid"
_GROUP = b"x-remote-group"
_EXTRA = b"x-remote-extra-"
# Certificates whose issuer is remembered.
_REMEMBERED = 1024


def header_user(headers: Iterable[tuple[bytes, bytes]]) -> UserInfo | None:
    """The user that the headers name; None when they name nobody."""
    name, uid = "", ""
    groups: list[str] = []
    extra: dict[str, list[str]] = {}
    for key, value in headers:
        if not key.startswith(b"x-remote-"):
            continue
        text = value.decode("utf-8", "replace")
        if key == _USER:
            name = name or text
        elif key == _UID:
            uid = uid or text
        elif key == _GROUP:
            groups.append(text)
        elif key.startswith(_EXTRA):
            extra.setdefault(unquote(key[len(_EXTRA) :].decode("latin-1")), []).append(text)
    if not name:
        return None
    return with_authenticated_group(UserInfo(name, uid, tuple(groups), extra))


class RequestHeaderAuthenticator:
    """Believes headers of those whose certificate the proxies' authority has signed.

    ``authorities`` and ``client_authorities`` are PEM: of proxies, and of ordinary clients.
    ``allowed_names`` are the proxies' common names, any if empty.
    """

    def __init__(
        self, authorities: bytes, client_authorities: bytes, allowed_names: Sequence[str]
    ) -> None:
        self._authorities = authorities
        self._client_authorities = client_authorities
        self._allowed = frozenset(allowed_names)
        self._issuers: dict[bytes, tuple[bool, bool]] = {}

    def authenticate(
        self, certificate: ClientCertificate, headers: Iterable[tuple[bytes, bytes]], now: float
    ) -> UserInfo | None:
        """The user that a proxy names; None when there is none, or the client is no proxy."""
        if now > certificate.not_after or not self._issued(certificate)[0]:
            return None
        names = [value for attribute, value in certificate.subject if attribute == "commonName"]
        if self._allowed and not self._allowed.intersection(names[-1:]):
            return None
        return header_user(headers)

    def is_client(self, certificate: ClientCertificate) -> bool:
        """Whether the certificate is good for a client of its own right."""
        return self._issued(certificate)[1]

    def _issued(self, certificate: ClientCertificate) -> tuple[bool, bool]:
        """Whether the proxies' authority has signed the certificate, and whether the clients'.

        Only direct signatures count: an intermediate of the proxies' authority must not make users.
        """
        found = self._issuers.get(certificate.der)
        if found is None:
            if len(self._issuers) >= _REMEMBERED:
                self._issuers.clear()
            found = self._issuers[certificate.der] = (
                _is_issued_by(certificate.der, self._authorities),
                _is_issued_by(certificate.der, self._client_authorities),
            )
        return found


def _is_issued_by(der: bytes, authorities: bytes) -> bool:
    if not authorities:
        return False
    from cryptography import x509  # noqa: PLC0415 - heavy, and seldom used
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

    certificate = x509.load_der_x509_certificate(der)
    for authority in x509.load_pem_x509_certificates(authorities):
        try:
            certificate.verify_directly_issued_by(authority)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False
