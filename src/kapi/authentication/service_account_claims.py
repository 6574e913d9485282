"""The claims of a service-account token: what it says, and the user it makes.

Implements "Bound service account tokens" of the documentation. The private claims stand under
``kubernetes.io``; a token may be bound to a Pod, a Secret or a Node and dies with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.apimachinery.user import (
    ALL_AUTHENTICATED,
    CREDENTIAL_ID,
    UserInfo,
    service_account_groups,
    service_account_username,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kapi.apimachinery.types import JSONObject, JSONValue

__all__ = [
    "LEGACY_ISSUER",
    "BoundObject",
    "Lifetime",
    "ServiceAccountClaims",
    "audiences_text",
    "claims_of",
    "legacy_claims",
    "read_claims",
    "read_legacy_claims",
]

LEGACY_ISSUER = "kubernetes/serviceaccount"
_PRIVATE = "kubernetes.io"
_LEGACY = "kubernetes.io/serviceaccount/"
_EXTRA = "authentication.kubernetes.io/"
# The minor version since which tokens name themselves and the node of their pod.
_NODE_AND_ID_SINCE = 32


@dataclass(frozen=True, slots=True)
class BoundObject:
    """The name and uid of an object that a token speaks of; a missing node has no uid."""

    name: str
    uid: str = ""

    @classmethod
    def read(cls, value: JSONValue) -> BoundObject | None:
        """Out of a claim; None when there is none."""
        if not isinstance(value, dict):
            return None
        return cls(str(value.get("name") or ""), str(value.get("uid") or ""))

    def claim(self) -> JSONObject:
        """As a claim."""
        return {"name": self.name, "uid": self.uid} if self.uid else {"name": self.name}


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a token begins and ends, in Unix seconds; ``warn_after`` 0 means no warning."""

    issued: int
    expires: int
    warn_after: int = 0


@dataclass(frozen=True, slots=True)
class ServiceAccountClaims:
    """What a token says about its account and what it is bound to."""

    namespace: str
    account: BoundObject
    audiences: tuple[str, ...]
    lifetime: Lifetime
    not_before: int = 0
    token_id: str = ""
    pod: BoundObject | None = None
    secret: BoundObject | None = None
    node: BoundObject | None = None
    # The Secret that holds the token, for tokens of the old kind that never expire.
    held_by: str = ""

    def user(self, minor: int) -> UserInfo:
        """The user that the token makes."""
        extra: dict[str, list[str]] = {}
        if self.token_id and minor >= _NODE_AND_ID_SINCE:
            extra[CREDENTIAL_ID] = [f"JTI={self.token_id}"]
        if self.node is not None and minor >= _NODE_AND_ID_SINCE:
            extra[f"{_EXTRA}node-name"] = [self.node.name]
            if self.node.uid:
                extra[f"{_EXTRA}node-uid"] = [self.node.uid]
        if self.pod is not None:
            extra[f"{_EXTRA}pod-name"] = [self.pod.name]
            extra[f"{_EXTRA}pod-uid"] = [self.pod.uid]
        return UserInfo(
            service_account_username(self.namespace, self.account.name),
            self.account.uid,
            (*service_account_groups(self.namespace), ALL_AUTHENTICATED),
            extra,
        )


def claims_of(claims: ServiceAccountClaims, issuer: str) -> JSONObject:
    """The JSON of a token, its members in order as kube-apiserver writes them."""
    private: JSONObject = {"namespace": claims.namespace}
    for name in ("node", "pod", "secret"):
        bound: BoundObject | None = getattr(claims, name)
        if bound is not None:
            private[name] = bound.claim()
    private["serviceaccount"] = claims.account.claim()
    if claims.lifetime.warn_after:
        private["warnafter"] = claims.lifetime.warn_after
    return {
        "aud": list(claims.audiences),
        "exp": claims.lifetime.expires,
        "iat": claims.lifetime.issued,
        "iss": issuer,
        "jti": claims.token_id,
        _PRIVATE: private,
        "nbf": claims.lifetime.issued,
        "sub": service_account_username(claims.namespace, claims.account.name),
    }


def legacy_claims(namespace: str, account: BoundObject, secret: str) -> JSONObject:
    """The JSON of a token that lives in a Secret until that is deleted."""
    return {
        "iss": LEGACY_ISSUER,
        f"{_LEGACY}namespace": namespace,
        f"{_LEGACY}secret.name": secret,
        f"{_LEGACY}service-account.name": account.name,
        f"{_LEGACY}service-account.uid": account.uid,
        "sub": service_account_username(namespace, account.name),
    }


def read_legacy_claims(payload: JSONObject) -> ServiceAccountClaims | None:
    """The claims of a token that lives in a Secret; None when they are incomplete."""
    members = ("namespace", "secret.name", "service-account.name", "service-account.uid")
    namespace, secret, name, uid = (payload.get(_LEGACY + member) for member in members)
    for text in (namespace, secret, name, uid):
        if not isinstance(text, str) or not text:
            return None
    account = BoundObject(str(name), str(uid))
    return ServiceAccountClaims(str(namespace), account, (), Lifetime(0, 0), held_by=str(secret))


def read_claims(payload: JSONObject) -> ServiceAccountClaims | None:
    """The claims of a token's JSON; None when they are not those of a service account."""
    private = payload.get(_PRIVATE)
    if not isinstance(private, dict):
        return None
    account = BoundObject.read(private.get("serviceaccount"))
    namespace = private.get("namespace")
    if account is None or not isinstance(namespace, str):
        return None
    return ServiceAccountClaims(
        namespace,
        account,
        _audiences(payload.get("aud")),
        Lifetime(
            _seconds(payload.get("iat")),
            _seconds(payload.get("exp")),
            _seconds(private.get("warnafter")),
        ),
        _seconds(payload.get("nbf")),
        str(payload.get("jti") or ""),
        BoundObject.read(private.get("pod")),
        BoundObject.read(private.get("secret")),
        BoundObject.read(private.get("node")),
    )


def _audiences(value: JSONValue) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _seconds(value: JSONValue) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def audiences_text(audiences: Sequence[str]) -> str:
    """Audiences as messages show them: ``["a" "b"]``."""
    quoted = " ".join(f'"{each}"' for each in audiences)
    return f"[{quoted}]"
