"""The Authorization header: what counts as a bearer token, and what is ignored.

Implements "Putting a bearer token in a request" of the authentication documentation.
"""

from __future__ import annotations

__all__ = ["EXTRA_SPACE_WARNING", "bearer_token", "has_extra_space"]

EXTRA_SPACE_WARNING = (
    "the provided Authorization header contains extra space before the bearer token, and is ignored"
)
# Scheme, token, and the rest, which nobody reads.
_PARTS = 3


def bearer_token(authorization: str) -> str:
    """The token of an Authorization header value; empty when it holds none.

    Another scheme than Bearer (in any letter case), a missing token and a second space before the
    token all mean that no token was given. What follows a space after the token is ignored.
    """
    parts = authorization.strip().split(" ", _PARTS - 1)
    if len(parts) < _PARTS - 1 or parts[0].lower() != "bearer":
        return ""
    return parts[1]


def has_extra_space(authorization: str) -> bool:
    """Whether a bearer token was ignored because two spaces stand before it."""
    parts = authorization.strip().split(" ", _PARTS - 1)
    return len(parts) == _PARTS and parts[0].lower() == "bearer" and not parts[1]
