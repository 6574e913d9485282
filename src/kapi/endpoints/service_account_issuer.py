"""Service account issuer discovery: ``/.well-known/openid-configuration`` and ``/openid/v1/jwks``.

Implements "ServiceAccount issuer discovery" of the documentation: others verify tokens of this
server with what these two documents say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kapi.apimachinery.errors import MethodNotSupported, NotAcceptable
from kapi.endpoints.negotiation import parse_accept
from kapi.endpoints.request import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kapi.authentication.jwt import VerifyingKey
    from kapi.endpoints.request import Request

__all__ = ["ServiceAccountIssuer"]

_CONFIGURATION = "/.well-known/openid-configuration"
_KEYS = "/openid/v1/jwks"
_KEY_SET = "application/jwk-set+json"
_ANY = frozenset({"*/*", "application/*", _KEY_SET})
_CACHED = (b"cache-control", b"public, max-age=3600")


class ServiceAccountIssuer:
    """The two documents of one server; the keys are read when somebody asks."""

    def __init__(
        self, issuer: str, jwks_uri: str, keys: Callable[[], Sequence[VerifyingKey]]
    ) -> None:
        self._issuer = issuer
        self._jwks_uri = jwks_uri
        self._keys = keys

    def respond(self, request: Request) -> Response | None:
        """The answer to one of the two paths, or None for other paths."""
        path = request.info.path.rstrip("/")
        if path not in {_CONFIGURATION, _KEYS}:
            return None
        if request.method not in {"GET", "HEAD"}:
            raise MethodNotSupported
        if path == _CONFIGURATION:
            return Response(200, self._configuration(), headers=[_CACHED])
        accepted = parse_accept(request.header(b"accept"))
        if accepted and not any(each.media_type in _ANY for each in accepted):
            raise NotAcceptable(f"406: Not Acceptable\n\nAvailable representations: {_KEY_SET}", {})
        body = orjson.dumps({"keys": [key.jwk() for key in self._keys()]})
        return Response(200, body, _KEY_SET.encode(), headers=[_CACHED])

    def _configuration(self) -> bytes:
        algorithms = list(dict.fromkeys(key.algorithm for key in self._keys()))
        return orjson.dumps(
            {
                "issuer": self._issuer,
                "jwks_uri": self._jwks_uri,
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": algorithms,
            }
        )
