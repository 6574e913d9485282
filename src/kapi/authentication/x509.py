"""Client certificates: the user and groups that a verified certificate names.

Implements "X.509 client certificates" of the authentication documentation. The TLS layer verifies
the chain; this module reads the subject. It parses no ASN.1: the subject comes decoded from
``ssl.SSLObject.getpeercert()``.
"""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.apimachinery.user import CREDENTIAL_ID, UserInfo, with_authenticated_group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kapi.apimachinery.types import JSONValue

__all__ = ["ClientCertificate", "ClientCertificateAuthenticator"]

# The attribute type that carries a user's uid in the subject of a certificate.
_UID_ATTRIBUTE = "1.3.6.1.4.1.57683.2"
# The minor versions since which a certificate's fingerprint and uid are read.
_CREDENTIAL_ID_SINCE = 32
_UID_SINCE = 33
# Users of so many certificates are remembered; a server rarely sees more than a few.
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate that the client proved to hold and that the client CA vouches for.

    ``subject`` lists attribute names (as OpenSSL spells them, or dotted) and values in order.
    ``not_after`` is the Unix time of its end.
    """

    der: bytes
    subject: tuple[tuple[str, str], ...]
    not_after: float

    @classmethod
    def from_peer(cls, der: bytes, decoded: Mapping[str, JSONValue]) -> ClientCertificate:
        """The certificate as ``getpeercert()`` gives it in both of its forms."""
        subject = tuple(
            (name, value) for relative_name in decoded["subject"] for name, value in relative_name
        )
        return cls(der, subject, float(ssl.cert_time_to_seconds(decoded["notAfter"])))


class ClientCertificateAuthenticator:
    """Reads users from client certificates, once per certificate.

    ``minor`` is the Kubernetes minor version that is served: newer ones read more.
    """

    def __init__(self, minor: int) -> None:
        self._minor = minor
        self._users: dict[bytes, UserInfo | None] = {}

    def authenticate(self, certificate: ClientCertificate, now: float) -> UserInfo | None:
        """The certificate's user; None when it has expired or names nobody."""
        if now > certificate.not_after:
            return None
        try:
            return self._users[certificate.der]
        except KeyError:
            pass
        if len(self._users) >= _REMEMBERED:
            self._users.clear()
        user = self._users[certificate.der] = _user(certificate, self._minor)
        return user


def _user(certificate: ClientCertificate, minor: int) -> UserInfo | None:
    name = ""
    groups: list[str] = []
    uids: list[str] = []
    for attribute, value in certificate.subject:
        if attribute == "commonName":
            name = value
        elif attribute == "organizationName":
            groups.append(value)
        elif attribute == _UID_ATTRIBUTE and minor >= _UID_SINCE:
            uids.append(value)
    if not name or len(uids) > 1:
        return None
    extra: dict[str, list[str]] = {}
    if minor >= _CREDENTIAL_ID_SINCE:
        fingerprint = hashlib.sha256(certificate.der).hexdigest()
        extra[CREDENTIAL_ID] = [f"X509SHA256={fingerprint}"]
    uid = uids[0] if uids else ""
    return with_authenticated_group(UserInfo(name, uid, tuple(groups), extra))
