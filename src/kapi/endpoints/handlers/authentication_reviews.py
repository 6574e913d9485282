"""POST on ``tokenreviews`` and ``selfsubjectreviews``: who a token is, and who asks.

Implements "TokenReview" and "SelfSubjectReview" of the authentication documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.errors import Unauthorized
from kapi.apimachinery.user import user_info
from kapi.apis.authentication.validation import require_review_token
from kapi.authentication.service_account import TokenRefusedError
from kapi.endpoints.handlers.reviews import answer_review

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.authentication.request import RequestAuthenticator
    from kapi.endpoints.api import API
    from kapi.endpoints.request import Request, Response
    from kapi.registry.catalogue import Resource

__all__ = ["TokenReviews", "review_self"]

_REFUSED = "invalid bearer token"


class TokenReviews:
    """Reviews tokens by the authenticators of one server, whose own audiences are ``audiences``."""

    def __init__(self, authenticator: RequestAuthenticator, audiences: tuple[str, ...]) -> None:
        self._authenticator = authenticator
        self._audiences = audiences

    async def handle(self, api: API, request: Request, resource: Resource) -> Response:
        """Answer a TokenReview; also what nobody accepts is a good answer."""
        return await answer_review(api, request, resource, self._answer)

    async def _answer(self, review: JSONObject) -> JSONObject:
        token = require_review_token(review)
        wanted = tuple(review["spec"].get("audiences") or ())
        review["status"] = await self._status(token, wanted)
        return review

    async def _status(self, token: str, wanted: tuple[str, ...]) -> JSONObject:
        try:
            found = await self._authenticator.review_token(token, wanted, self._audiences)
        except Unauthorized:
            return {"user": {}, "error": _REFUSED}
        except TokenRefusedError as error:
            return {"user": {}, "error": f"[{_REFUSED}, {error}]"}
        return {
            "authenticated": True,
            "user": user_info(found.user),
            "audiences": list(found.audiences),
        }


async def review_self(api: API, request: Request, resource: Resource) -> Response:
    """Answer a SelfSubjectReview: what the server takes the requester for."""
    now = api.context(request, "CREATE", dry_run=False).now

    async def answer(review: JSONObject) -> JSONObject:
        return {
            "kind": resource.kind,
            "apiVersion": resource.api_version,
            "metadata": {"creationTimestamp": now},
            "status": {"userInfo": user_info(request.user)},
        }

    return await answer_review(api, request, resource, answer, managed=False)
