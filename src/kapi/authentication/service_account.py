"""Service-account tokens: issuing them, and authenticating requests that carry one.

A token is checked twice: its signature, issuer and time once (the result is kept while the token
lives), and with every request that its account, and what it is bound to, still exist.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import orjson

from kapi.apimachinery.user import service_account_username
from kapi.authentication.base64url import decode_segment
from kapi.authentication.service_account_claims import (
    LEGACY_ISSUER,
    ServiceAccountClaims,
    audiences_text,
    claims_of,
    legacy_claims,
    read_claims,
    read_legacy_claims,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.apimachinery.types import JSONObject
    from kapi.apimachinery.user import UserInfo
    from kapi.authentication.jwt import SigningKey, VerifyingKey
    from kapi.authentication.service_account_claims import BoundObject
    from kapi.util.clock import Clock

__all__ = [
    "AuthenticatedToken",
    "ObjectReader",
    "ServiceAccountAuthenticator",
    "TokenIssuer",
    "TokenRefusedError",
]

# Clocks of those who issue and those who verify differ this much at most.
_LEEWAY_SECONDS = 60
# Tokens whose signature is known; a client uses one for an hour or so.
_REMEMBERED = 4096
_INVALIDATED = "service account token has been invalidated"


class TokenRefusedError(Exception):
    """Why a token of this server's issuer is not accepted; the text goes into TokenReviews."""


class ObjectReader(Protocol):
    """Reads objects as they are now; answers are shared, nobody may change them."""

    async def get(self, group: str, resource: str, namespace: str, name: str) -> JSONObject | None:
        """One object, or None."""
        ...


@dataclass(frozen=True, slots=True)
class AuthenticatedToken:
    """The user of a token, and the audiences of those asked for that it is meant for."""

    user: UserInfo
    audiences: tuple[str, ...]


class TokenIssuer:
    """Signs tokens in the name of the first issuer; ``key`` is read when the first one is."""

    def __init__(self, issuer: str, key: Callable[[], SigningKey]) -> None:
        self.issuer = issuer
        self._key = key

    def issue(self, claims: ServiceAccountClaims) -> str:
        """A signed token."""
        return self._key().sign(claims_of(claims, self.issuer))

    def issue_for_secret(self, namespace: str, account: BoundObject, secret: str) -> str:
        """A token that is good as long as the Secret that holds it."""
        return self._key().sign(legacy_claims(namespace, account, secret))


class ServiceAccountAuthenticator:
    """Verifies tokens of the issuers that a server accepts.

    ``audiences`` are the server's own: a token must be meant for one of them, unless a review
    asks for others. ``keys`` are read when the first token comes.
    """

    def __init__(
        self,
        issuers: Sequence[str],
        keys: Callable[[], Sequence[VerifyingKey]],
        audiences: Sequence[str],
        objects: ObjectReader,
        clock: Clock,
        *,
        minor: int,
    ) -> None:
        self._issuers = frozenset((*issuers, LEGACY_ISSUER))
        self._keys = keys
        self.audiences = tuple(audiences)
        self._objects = objects
        self._clock = clock
        self._minor = minor
        self._verified: dict[str, tuple[ServiceAccountClaims, UserInfo]] = {}

    async def authenticate_token(
        self, token: str, audiences: Sequence[str] = ()
    ) -> AuthenticatedToken | None:
        """The user of a token; None when it is none of this server's issuers.

        Raises TokenRefusedError for a token that was issued here and is not good (any more).
        """
        known = self._verified.get(token)
        if known is None:
            known = self._verify(token)
            if known is None:
                return None
        claims, user = known
        wanted = audiences or self.audiences
        # Tokens of Secrets name no audience: they are meant for this server.
        meant = self.audiences if claims.held_by else claims.audiences
        matching = tuple(each for each in wanted if each in meant)
        if not matching:
            raise TokenRefusedError(
                f"token audiences {audiences_text(meant)} is invalid for the target "
                f"audiences {audiences_text(wanted)}"
            )
        self._check_time(claims)
        if claims.held_by:
            await self._check_holder(claims, token)
        await self._check_objects(claims)
        return AuthenticatedToken(user, matching)

    def _verify(self, token: str) -> tuple[ServiceAccountClaims, UserInfo] | None:
        payload = self._payload(token)
        if payload is None:
            return None
        self._check_signature(token)
        is_legacy = payload["iss"] == LEGACY_ISSUER
        claims = read_legacy_claims(payload) if is_legacy else read_claims(payload)
        if claims is None:
            raise TokenRefusedError("service account token claims are not readable")
        username = service_account_username(claims.namespace, claims.account.name)
        if payload.get("sub") != username:
            raise TokenRefusedError("sub claim is invalid")
        if len(self._verified) >= _REMEMBERED:
            self._verified.clear()
        found = self._verified[token] = (claims, claims.user(self._minor))
        return found

    def _payload(self, token: str) -> JSONObject | None:
        """What a token of one of the issuers says, unverified; None for any other token."""
        parts = token.split(".")
        if len(parts) != 3:
            return None
        try:
            payload: JSONObject = orjson.loads(decode_segment(parts[1]))
            issuer = payload["iss"]
        except (ValueError, TypeError, KeyError):
            return None
        return payload if isinstance(issuer, str) and issuer in self._issuers else None

    def _check_signature(self, token: str) -> None:
        text, _, signature_text = token.rpartition(".")
        try:
            header = orjson.loads(decode_segment(text.partition(".")[0]))
            signature = decode_segment(signature_text)
            key_id, algorithm = header.get("kid"), header.get("alg")
        except (ValueError, AttributeError):
            raise TokenRefusedError("invalid signature") from None
        keys = [key for key in self._keys() if key_id in {None, "", key.key_id}]
        if not keys:
            raise TokenRefusedError("invalid signature, no keys found")
        signed = text.encode("ascii")
        if not any(key.algorithm == algorithm and key.verifies(signed, signature) for key in keys):
            raise TokenRefusedError(
                "go-jose/go-jose: error in cryptographic primitive"
            )  # the words that people look for

    def _check_time(self, claims: ServiceAccountClaims) -> None:
        now = self._clock.now()
        lifetime = claims.lifetime
        if lifetime.expires and now > lifetime.expires + _LEEWAY_SECONDS:
            raise TokenRefusedError("service account token has expired")
        begin = max(claims.not_before, lifetime.issued)
        if now < begin - _LEEWAY_SECONDS:
            raise TokenRefusedError("service account token is not valid yet")

    async def _check_holder(self, claims: ServiceAccountClaims, token: str) -> None:
        """A token of a Secret is the one that stands there."""
        found = await self._objects.get("", "secrets", claims.namespace, claims.held_by)
        if found is None or "deletionTimestamp" in found["metadata"]:
            raise TokenRefusedError(_INVALIDATED)
        held = (found.get("data") or {}).get("token")
        if held != base64.b64encode(token.encode("ascii")).decode("ascii"):
            raise TokenRefusedError("token does not match server's copy")

    async def _check_objects(self, claims: ServiceAccountClaims) -> None:
        namespace, account = claims.namespace, claims.account
        found = await self._objects.get("", "serviceaccounts", namespace, account.name)
        if found is None:
            raise TokenRefusedError(f'serviceaccounts "{account.name}" not found')
        meta = found["metadata"]
        if meta.get("uid") != account.uid:
            raise TokenRefusedError(
                f"service account UID ({meta.get('uid')}) does not match claim ({account.uid})"
            )
        if claims.secret is not None:
            await self._check_bound("secrets", namespace, claims.secret)
        if claims.pod is not None:
            await self._check_bound("pods", namespace, claims.pod)
        elif claims.node is not None:
            await self._check_bound("nodes", "", claims.node)

    async def _check_bound(self, resource: str, namespace: str, bound: BoundObject) -> None:
        found = await self._objects.get("", resource, namespace, bound.name)
        if found is None:
            raise TokenRefusedError(_INVALIDATED)
        uid = found["metadata"].get("uid")
        if bound.uid and uid != bound.uid:
            kind = resource.removesuffix("s")
            raise TokenRefusedError(
                f"{kind} UID ({uid}) does not match service account {kind} ref claim ({bound.uid})"
            )
