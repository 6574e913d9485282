"""Identity: how a server behind this one is told who asks.

Implements "Kubernetes API Server Client Authentication" and "request header" of the aggregation
layer's documentation: this server's client certificate, and headers with the user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from kapi.apimachinery.user import UserInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["AGGREGATOR", "identity_headers"]

# Who asks when this server does, about availability, discovery and OpenAPI.
AGGREGATOR = UserInfo("system:kube-aggregator", groups=("system:masters",))

# What may stand unescaped in the name of a header.
_HEADER_SAFE = "!#$&'*+^`|~"


def identity_headers(user: UserInfo, *, with_uid: bool = True) -> Sequence[tuple[bytes, bytes]]:
    """The headers that name the user; servers before Kubernetes 1.33 do not tell the uid."""
    headers = [(b"x-remote-user", _value(user.name))]
    if user.uid and with_uid:
        headers.append((b"x-remote-uid", _value(user.uid)))
    headers += ((b"x-remote-group", _value(group)) for group in user.groups)
    for key, values in user.extra.items():
        name = f"x-remote-extra-{quote(key.lower(), safe=_HEADER_SAFE)}".encode("ascii")
        headers += ((name, _value(value)) for value in values)
    return headers


def _value(text: str) -> bytes:
    """A header's value; line breaks would begin another header."""
    return text.replace("\r", " ").replace("\n", " ").encode("utf-8")
