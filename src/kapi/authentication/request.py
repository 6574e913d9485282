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
from kapi.authentication.service_account import AuthenticatedToken, TokenRefusedError
from kapi.authentication.x509 import ClientCertificateAuthenticator

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from kapi.authentication.x509 import ClientCertificate
    from kapi.util.clock import Clock

__all__ = [
    "ANONYMOUS_USER",
    "AudienceTokenAuthenticator",
    "RequestAuthenticator",
    "TokenAuthenticator",
]

ANONYMOUS_USER = UserInfo(ANONYMOUS, groups=(ALL_UNAUTHENTICATED,))


class TokenAuthenticator(Protocol):
    """Something that knows bearer tokens."""

    def authenticate_token(self, token: str) -> UserInfo | None:
        """The token's user, ``system:authenticated`` included; None when it is not known here."""
        ...


class AudienceTokenAuthenticator(Protocol):
    """Something that knows bearer tokens with audiences, and looks elsewhere to judge them."""

    async def authenticate_token(
        self, token: str, audiences: Sequence[str] = ()
    ) -> AuthenticatedToken | None:
        """The token's user; None when the token is of another kind.

        ``audiences`` are those asked for, the server's own if empty. Raises TokenRefusedError
        for a token of this kind that is not good.
        """
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
        later: Sequence[AudienceTokenAuthenticator] = (),
    ) -> None:
        self._tokens = tuple(tokens)
        self._later = tuple(later)
        self._clock = clock
        self._anonymous = anonymous
        self._certificates = ClientCertificateAuthenticator(minor)

    def authenticate(
        self,
        authorization: bytes,
        certificate: ClientCertificate | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> UserInfo | Awaitable[UserInfo]:
        """The user of a request; Unauthorized when a credential is given that nobody accepts.

        To be awaited only where a token needs to be looked into: most requests do not wait.
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

    def authenticate_token(self, token: str) -> UserInfo | Awaitable[UserInfo]:
        """The user of a bearer token; Unauthorized when no authenticator knows it."""
        user = self._known_user(token)
        if user is not None:
            return user
        if self._later:
            return self._authenticate_later(token)
        raise Unauthorized

    def _known_user(self, token: str) -> UserInfo | None:
        for authenticator in self._tokens:
            user = authenticator.authenticate_token(token)
            if user is not None:
                return user
        return None

    async def _authenticate_later(self, token: str) -> UserInfo:
        for authenticator in self._later:
            try:
                found = await authenticator.authenticate_token(token)
            except TokenRefusedError:
                continue
            if found is not None:
                return found.user
        raise Unauthorized

    async def review_token(
        self, token: str, audiences: Sequence[str], own: Sequence[str]
    ) -> AuthenticatedToken:
        """What a TokenReview finds out about a token.

        Tokens without audiences are meant for the server's ``own``. Raises Unauthorized for an
        unknown token, TokenRefusedError for one that is known and not good.
        """
        user = self._known_user(token)
        if user is not None:
            matching = tuple(each for each in audiences or own if each in own)
            if not matching:
                raise Unauthorized
            return AuthenticatedToken(user, matching)
        for authenticator in self._later:
            found = await authenticator.authenticate_token(token, audiences)
            if found is not None:
                return found
        raise Unauthorized
