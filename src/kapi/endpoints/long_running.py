"""Which requests may go on for as long as their client likes; all others have a deadline.

Implements "Long-running requests" of the documentation of ``--request-timeout``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import goduration
from kapi.apimachinery.errors import BadRequest
from kapi.endpoints.filters.authorization import verb_of

if TYPE_CHECKING:
    from kapi.endpoints.request import Request

__all__ = ["CONNECTING", "check_timeout", "is_long_running"]

CONNECTING = frozenset({"log", "exec", "attach", "portforward", "proxy"})


def is_long_running(request: Request) -> bool:
    """Whether a request is a watch or connects to something."""
    if not request.info.is_resource:
        return False
    return request.info.subresource in CONNECTING or verb_of(request) == "watch"


def check_timeout(request: Request) -> None:
    """Raises BadRequest when the ``timeout`` that a request asks for is no duration.

    A duration changes nothing: all requests have the server's deadline.
    """
    text = request.parameter("timeout")
    if text and not is_long_running(request):
        try:
            goduration.parse(text)
        except ValueError as error:
            why = f"invalid timeout specified in the request URL - {error}"
            raise BadRequest(why) from None
