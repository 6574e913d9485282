"""ServiceAccountTokens: how a server issues and verifies tokens, from its options.

Keys are read when the first token is issued or verified: reading them imports cryptography, which
costs more than most servers take to start.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import InternalError
from kapi.authentication.service_account import ServiceAccountAuthenticator, TokenIssuer
from kapi.endpoints.handlers.service_account_token import TokenRequests
from kapi.endpoints.service_account_issuer import ServiceAccountIssuer
from kapi.server.options import StartError

if TYPE_CHECKING:
    from pathlib import Path

    from kapi.authentication.jwt import SigningKey, VerifyingKey
    from kapi.authentication.service_account import ObjectReader
    from kapi.server.options import ServerOptions
    from kapi.util.clock import Clock

__all__ = ["ServiceAccountTokens"]


class ServiceAccountTokens:
    """The parts of one server that have to do with service-account tokens.

    Raises StartError when a key file cannot be read.
    """

    def __init__(self, options: ServerOptions, objects: ObjectReader, clock: Clock) -> None:
        how = options.service_account
        self.audiences = how.api_audiences or how.issuers
        self._signing_pem = _read(how.signing_key_file)
        self._verifying_pems = [_read(path) for path in how.key_files]
        issuer = how.issuers[0] if how.issuers else ""
        self.issuer = TokenIssuer(issuer, self.signing_key)
        self.requests = TokenRequests(
            self.issuer,
            self.audiences,
            maximum_seconds=how.max_token_expiration_seconds,
            extend=how.extend_token_expiration,
        )
        self.authenticator = ServiceAccountAuthenticator(
            how.issuers,
            self.verifying_keys,
            self.audiences,
            objects,
            clock,
            minor=options.kubernetes_minor,
        )
        jwks_uri = how.jwks_uri or f"{_url(options)}/openid/v1/jwks"
        self.discovery = ServiceAccountIssuer(issuer, jwks_uri, self.verifying_keys)

    @cached_property
    def _signing_key(self) -> SigningKey | None:
        from kapi.authentication.jwt import read_signing_key  # noqa: PLC0415 - see the module

        return read_signing_key(self._signing_pem) if self._signing_pem else None

    @cached_property
    def _keys(self) -> list[VerifyingKey]:
        from kapi.authentication.jwt import read_verifying_keys  # noqa: PLC0415 - see the module

        found = [self._signing_key.verifying] if self._signing_key is not None else []
        for pem in self._verifying_pems:
            found += read_verifying_keys(pem)
        return list({key.key_id: key for key in found}.values())

    @property
    def can_issue(self) -> bool:
        """Whether there is a key to sign with."""
        return bool(self._signing_pem)

    def signing_key(self) -> SigningKey:
        """The key that signs; InternalError when the server has none."""
        if self._signing_key is None:
            raise InternalError("this server has no key to sign service-account tokens with")
        return self._signing_key

    def verifying_keys(self) -> list[VerifyingKey]:
        """The keys that verify, the signing one first."""
        return self._keys


def _read(path: Path | None) -> bytes:
    if path is None:
        return b""
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartError(f"cannot read service account key {path}: {error.strerror}") from error


def _url(options: ServerOptions) -> str:
    host = f"[{options.bind_address}]" if ":" in options.bind_address else options.bind_address
    return f"https://{host}:{options.secure_port}"
