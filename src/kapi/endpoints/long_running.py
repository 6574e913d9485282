"""Which requests may go on for as long as their client likes; all others have a deadline.

Implements "Long-running requests" of the documentation of ``--request-timeout``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.endpoints.filters.authorization import verb_of

if TYPE_CHECKING:
    from kapi.endpoints.request import Request

__all__ = ["CONNECTING", "is_long_running"]

CONNECTING = frozenset({"log", "exec", "attach", "portforward", "proxy"})


def is_long_running(request: Request) -> bool:
    """Whether a request is a watch or connects to something."""
    if not request.info.is_resource:
        return False
    return request.info.subresource in CONNECTING or verb_of(request) == "watch"
