"""Request headers: the user that a proxy which is trusted has authenticated.

Implements "Authenticating Proxy" of the authentication documentation, with which an API server
behind another one learns who asks. The proxy is known by a client certificate of an authority of
its own, which vouches for nobody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from kapi.apimachinery.user import UserInfo, with_authenticated_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kapi.authentication.x509 import ClientCertificate

__all__ = ["HeaderNames", "RequestHeaderAuthenticator", "header_user"]

# Certificates whose issuer is remembered.
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class HeaderNames:
    """What the headers are called that name the user, as flags and the ConfigMap spell it."""

    users: tuple[str, ...] = ("X-Remote-User",)
    groups: tuple[str, ...] = ("X-Remote-Group",)
    uids: tuple[str, ...] = ("X-Remote-Uid",)
    extra_prefixes: tuple[str, ...] = ("X-Remote-Extra-",)

    def include(self, name: bytes) -> bool:
        """Whether a header (in lower case) is one of them."""
        text = name.decode("latin-1")
        names = (*self.users, *self.groups, *self.uids)
        return any(text == each.lower() for each in names) or any(
            text.startswith(prefix.lower()) for prefix in self.extra_prefixes
        )


_DEFAULT_NAMES = HeaderNames()


def header_user(
    headers: Iterable[tuple[bytes, bytes]], names: HeaderNames = _DEFAULT_NAMES
) -> UserInfo | None:
    """The user that the headers name; None when they name nobody.

    Of several names for the user, and for the uid, the first that has a value counts.
    """
    found: dict[str, list[str]] = {}
    for key, value in headers:
        found.setdefault(key.decode("latin-1"), []).append(value.decode("utf-8", "replace"))
    user = _first(found, names.users)
    if not user:
        return None
    groups = [group for name in names.groups for group in found.get(name.lower(), ())]
    extra: dict[str, list[str]] = {}
    for prefix in names.extra_prefixes:
        start = prefix.lower()
        for name, values in found.items():
            if name.startswith(start):
                extra.setdefault(unquote(name[len(start) :]), []).extend(values)
    uid = _first(found, names.uids)
    return with_authenticated_group(UserInfo(user, uid, tuple(groups), extra))


def _first(found: Mapping[str, Sequence[str]], names: Iterable[str]) -> str:
    for name in names:
        for value in found.get(name.lower(), ()):
            if value:
                return value
    return ""


class RequestHeaderAuthenticator:
    """Believes headers of those whose certificate the proxies' authority has signed.

    ``authorities`` and ``client_authorities`` are PEM: of proxies, and of ordinary clients.
    ``allowed_names`` are the proxies' common names, any if empty; ``names`` those of headers.
    """

    def __init__(
        self,
        authorities: bytes,
        client_authorities: bytes,
        allowed_names: Sequence[str],
        names: HeaderNames = _DEFAULT_NAMES,
    ) -> None:
        self._names = names
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
        return header_user(headers, self._names)

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
