"""RequestAuthenticator: the order in which a request's credentials are tried.

Implements "Authentication strategies" of the authentication documentation: the client certificate
first, then the bearer token with each token authenticator, and the anonymous user only when no
token was given. A token that nobody knows is an error even where anonymous requests are welcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kapi.apimachinery.errors import Unauthorized
from kapi.apimachinery.user import ALL_UNAUTHENTICATED, ANONYMOUS, UserInfo
from kapi.authentication.bearer import EXTRA_SPACE_WARNING, bearer_token, has_extra_space
from kapi.authentication.x509 import ClientCertificateAuthenticator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.authentication.x509 import ClientCertificate
    from kapi.util.clock import Clock

__all__ = ["ANONYMOUS_USER", "RequestAuthenticator", "TokenAuthenticator"]

ANONYMOUS_USER = UserInfo(ANONYMOUS, groups=(ALL_UNAUTHENTICATED,))


class TokenAuthenticator(Protocol):
    """Something that knows bearer tokens."""

    def authenticate_token(self, token: str) -> UserInfo | None:
        """The token's user, ``system:authenticated`` included; None when it is not known here."""
        ...


class RequestAuthenticator:
    """Decides who asks from a request's Authorization header and client certificate."""

    def __init__(
        self,
        tokens: Sequence[TokenAuthenticator],
        clock: Clock,
        *,
        minor: int,
        anonymous: bool = True,
    ) -> None:
        self._tokens = tuple(tokens)
        self._clock = clock
        self._anonymous = anonymous
        self._certificates = ClientCertificateAuthenticator(minor)

    def authenticate(
        self,
        authorization: bytes,
        certificate: ClientCertificate | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> UserInfo:
        """The user of a request; Unauthorized when a credential is given that nobody accepts.

        ``authorization`` is the header's value, empty without one. ``warn`` takes the texts that
        the answer carries as Warning headers.
        """
        if certificate is not None:
            user = self._certificates.authenticate(certificate, self._clock.now())
            if user is not None:
                return user
        header = authorization.decode("latin-1")
        token = bearer_token(header) if header else ""
        if token:
            return self.authenticate_token(token)
        if header and warn is not None and has_extra_space(header):
            warn(EXTRA_SPACE_WARNING)
        expired = certificate is not None and self._clock.now() > certificate.not_after
        if expired or not self._anonymous:
            raise Unauthorized
        return ANONYMOUS_USER

    def authenticate_token(self, token: str) -> UserInfo:
        """The user of a bearer token; Unauthorized when no authenticator knows it."""
        for authenticator in self._tokens:
            user = authenticator.authenticate_token(token)
            if user is not None:
                return user
        raise Unauthorized
