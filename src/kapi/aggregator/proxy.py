"""Passing a client's request on to the server of its group version, with the user's identity.

Every verb, watches and upgrades alike: bodies are streamed both ways and never held.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kapi.aggregator.identity import identity_headers
from kapi.apimachinery.errors import StatusError
from kapi.endpoints.connect.forwarding import forward, tunnel
from kapi.endpoints.request import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.aggregator.origin import RemoteOrigin
    from kapi.endpoints.request import Request

__all__ = ["ProxyRules", "Unreachable", "pass_on", "unavailable"]

_TEXT = b"text/plain; charset=utf-8"
_NO_SNIFFING = [(b"x-content-type-options", b"nosniff")]
_REDIRECTS = range(300, 400)
_REDIRECT_REFUSED = "the backend attempted to redirect this request, which is not permitted"
# This server's own, also in answers of others.
_OWN_HEADERS = (b"audit-id", b"x-kubernetes-pf-")


class Unreachable(Exception):
    """The server could not be asked; the text says why."""


class ProxyRules:
    """What is passed on and what is not.

    ``names_user`` tells headers by which proxies in front of this server name users; the server
    behind learns the user from this server alone.
    """

    def __init__(
        self,
        *,
        names_user: Callable[[bytes], bool] = lambda _: False,
        with_uid: bool = True,
        refuse_redirects: bool = True,
    ) -> None:
        self._names_user = names_user
        self._with_uid = with_uid
        self.refuse_redirects = refuse_redirects

    def headers(self, request: Request, host: str) -> list[tuple[bytes, bytes]]:
        """The client's headers without what concerns this server alone, and with the audit ID."""
        assert request.exchange is not None, "the application passes these requests on unread"
        own = {b"host", b"audit-id"}
        headers = [
            (name, value)
            for name, value in request.exchange.headers
            if name not in own and not self._names_user(name)
        ]
        headers.append((b"host", host.encode("ascii")))
        headers.append((b"audit-id", request.audit_id.encode("latin-1", "replace")))
        return headers

    def identity(self, request: Request) -> list[tuple[bytes, bytes]]:
        """The headers that tell who asks."""
        return [*identity_headers(request.user, with_uid=self._with_uid)]


def unavailable(message: str = "service unavailable") -> Response:
    """What clients get while the server is not available."""
    return Response(503, f"{message}\n".encode(), _TEXT, [*_NO_SNIFFING])


async def pass_on(request: Request, origin: RemoteOrigin, host: str, rules: ProxyRules) -> Response:
    """The answer of the server, which is known as ``host``; raises Unreachable."""
    assert request.exchange is not None, "the application passes these requests on unread"
    exchange = replace(request.exchange, headers=rules.headers(request, host))
    identity = rules.identity(request)
    query = request.query_string.decode("latin-1")
    upgrades = exchange.upgrade is not None and exchange.wants_upgrade
    ask = tunnel if upgrades else forward
    try:
        response = await ask(exchange, request.method, origin, exchange.path, query, identity)
    except StatusError as error:
        raise Unreachable(error.message) from error
    if rules.refuse_redirects and _is_redirect(response):
        return _refuse_redirect(response)
    response.headers = [
        (name, value) for name, value in response.headers if not name.startswith(_OWN_HEADERS)
    ]
    return response


def _is_redirect(response: Response) -> bool:
    return response.status in _REDIRECTS and any(
        name == b"location" for name, _ in response.headers
    )


def _refuse_redirect(response: Response) -> Response:
    """A server that is not this one's to trust with where clients go."""
    if response.on_close is not None:
        response.on_close()
    return Response(502, _REDIRECT_REFUSED.encode(), _TEXT)
